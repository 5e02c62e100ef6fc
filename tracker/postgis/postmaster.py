"""The postmaster process: its settings, its start, and the file in which it says who it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tracker.postgis.account import Account
from tracker.postgis.binaries import Binaries
from tracker.postgis.places import SOCKET, Places

SETTINGS: Final = {
    "listen_addresses": "",  # no TCP at all: nothing to clash with, nothing to guard
    "port": "5432",  # the name of the socket
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",  # a stream of inserts would checkpoint all the time with 1 GB
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",  # our queries are short; compiling them takes longer than running them
    "logging_collector": "off",
    "dynamic_shared_memory_type": "mmap" if sys.platform == "linux" else "posix",  # containers have 64 MB of /dev/shm
}
NOT_DURABLE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # for tests only
STATUS_LINE: Final = 7  # of postmaster.pid, where pg_ctl looks too: starting, ready, stopping


def clean_environment() -> dict[str, str]:
    """Ours without what would turn PostgreSQL's head: PGHOST, a locale that is not installed, a time zone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def spawn(
    binaries: Binaries, places: Places, account: Account, settings: dict[str, str], log: int
) -> subprocess.Popen[bytes]:
    """Starts `postgres` itself: pg_ctl would fork twice and lose us our child."""
    environment = clean_environment()
    if (stale := recorded_pid(places.cluster)) is not None:
        # The pid may have been given to another process since. PostgreSQL then takes it for a running postmaster, but
        # not if it is its grandparent's. Unlike deleting the file, this keeps its check of the shared memory.
        environment["PG_GRANDPARENT_PID"] = str(stale)
    for leftover in (SOCKET, f"{SOCKET}.lock"):
        (places.socket_folder / leftover).unlink(missing_ok=True)
    options = settings | {"unix_socket_directories": str(places.socket_folder)}
    command = [*_dies_with_us(), str(binaries.folder / "postgres"), "-D", str(places.cluster)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return subprocess.Popen(
        command,
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        process_group=0,  # Ctrl-C in the terminal is for us; we stop PostgreSQL last
        **account.identity(),
    )


def _dies_with_us() -> list[str]:
    """On Linux: a clean stop (SIGINT) when we are killed. Elsewhere it runs on, and the next start adopts it."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "INT"] if setpriv else []


def recorded_pid(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def running_pid(cluster: Path) -> int | None:
    """The pid of the postmaster that runs on this folder; a dead, zombie or recycled pid counts as none."""
    pid = recorded_pid(cluster)
    return pid if pid is not None and _serves(pid, cluster) else None


def is_ready(cluster: Path, pid: int) -> bool:
    """Whether postmaster `pid` takes connections: a file left by a dead one may say so too."""
    try:
        lines = (cluster / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"


def _serves(pid: int, cluster: Path) -> bool:
    if sys.platform == "linux":
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")  # nothing for a zombie
        except OSError:
            return False
        return os.fsencode(cluster) in arguments
    told = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout
    return b"postgres" in told and os.fsencode(cluster) in told
