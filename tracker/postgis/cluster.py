"""A PostgreSQL of our own: made, started, watched and stopped by the server that uses it.

Once it has run it is never given up: a full disk, a lack of memory and whatever else kept it from starting pass, and
nobody may be there to start us again.
"""

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NoReturn
from urllib.parse import quote

from tracker.errors import ClusterFailed, ClusterWaits
from tracker.postgis import binaries, postmaster
from tracker.postgis.account import postgres_account
from tracker.postgis.places import make_private, places_for

START_S: Final = 300.0  # replaying the log after a crash may take minutes
STOP_S: Final = 60.0
WATCH_S: Final = 0.2
DEATHS: Final = 5  # so often a postmaster that somebody kills while it starts is tried again at once
PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # s until one that died is started again; the last for all further ones
WELL_S: Final = 60.0  # it has to live to be well again
LOG_BYTES: Final = 16 << 20  # a longer log is put aside at the next start; one old one is kept
# The processes of a killed postmaster need a moment to notice and go.
LEFTOVERS: Final = "pre-existing shared memory block"
FULL_BYTES: Final = 1 << 20  # with less left on its disk PostgreSQL may not even have been able to say why it ended
FULL: Final = "No space left on device"
# What passes without anybody changing the cluster, as the system names it.
PASSING: Final = (
    FULL,
    "Disk quota exceeded",
    "Cannot allocate memory",
    "Too many open files",
    "Resource temporarily unavailable",
    "Input/output error",
    "Read-only file system",
)
Told = Callable[[str | None], None]


class Cluster:
    """A cluster in `data`, reachable through a unix socket that only its owner (and root) can open.

    Two servers may be given the same folder: the second uses the PostgreSQL of the first, and takes over when it ends.
    Call `start` from a thread that lives as long as the program: PostgreSQL stops when the thread that started it ends.
    """

    def __init__(self, data: Path, *, durable: bool = True, search: Sequence[str] = binaries.PLACES) -> None:
        self._account = postgres_account()
        self._places = places_for(data, self._account)
        self._binaries = binaries.find_binaries(self._made_by(), places=search)
        self._settings = postmaster.SETTINGS | ({} if durable else postmaster.NOT_DURABLE)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        """Where it really lies: not in `data` when root gave a folder that PostgreSQL's account cannot enter."""
        return self._places.home

    @property
    def url(self) -> str:
        folder = quote(str(self._places.socket_folder), safe="")
        return f"postgresql://tracker@/postgres?host={folder}&port=5432"  # without it, a PGPORT would count

    @property
    def pid(self) -> int | None:
        return postmaster.running_pid(self._places.cluster)

    @property
    def is_ready(self) -> bool:
        """Whether it takes connections."""
        pid = self.pid
        return pid is not None and postmaster.is_ready(self._places.cluster, pid)

    @property
    def adopted(self) -> bool:
        """Whether another process started it."""
        return self.pid is not None and (self._process is None or self._process.pid != self.pid)

    def start(self) -> None:
        """Returns when it takes connections. Raises ClusterFailed with the end of PostgreSQL's log; ClusterWaits where
        another try may do."""
        for pause_s in self._starting():
            time.sleep(pause_s)

    async def watch(self, told: Told) -> NoReturn:
        """Starts PostgreSQL again whenever it dies, until that helps. `told` hears why it did not, and None when it
        runs."""
        tries, since = 0, time.monotonic()
        while True:
            await asyncio.sleep(WATCH_S)
            if self._is_running():
                tries = 0 if time.monotonic() - since > WELL_S else tries
                continue
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)] if tries else 0)
            tries, since = tries + 1, time.monotonic()
            told(await self._start_again())

    async def _start_again(self) -> str | None:
        """Why it did not work; None: it did."""
        if not self._places.cluster.exists():  # an unmounted disk: a new one in its place would be empty
            return "the folder with PostgreSQL's data is gone"
        try:
            for pause_s in self._starting():
                await asyncio.sleep(pause_s)
        except ClusterWaits as error:
            return str(error)
        except (ClusterFailed, OSError) as error:
            return self._reason(str(error))
        return None

    def _reason(self, said: str) -> str:
        """What PostgreSQL said, or what kept it from saying anything."""
        if self._is_full() or FULL in said:
            return "the disk with PostgreSQL's data is full"
        passing = next((word for word in PASSING if word in said), None)
        return f"PostgreSQL says: {passing}" if passing else "PostgreSQL's log says why"

    def _is_full(self) -> bool:
        try:
            found = os.statvfs(self._places.home)
        except OSError:
            return False
        return found.f_bavail * found.f_frsize < FULL_BYTES

    def stop(self) -> None:
        """Stops what we started: sessions are ended, everything is written. One we adopted runs on."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # at once; the next start replays the log
            process.wait()

    def _starting(self) -> Iterator[float]:
        """The steps of a start, for those who may block and those who may not: each value is a pause to make, in s."""
        deadline = time.monotonic() + START_S
        log_start = 0
        with _opened_privately(self._places.lock) as lock:
            while not _locked(lock):
                yield _pause(deadline, 0.05)
            self._make()
            spawned = 0
            while not self.is_ready:
                if not self._is_running():
                    if spawned:
                        self._check_failure(log_start, spawned)
                    log_start = self._spawn()
                    spawned += 1
                yield _pause(deadline, 0.02)

    def _make(self) -> None:
        """A cluster appears by renaming a finished one, so one that was interrupted is never used."""
        if self._places.cluster.exists():
            return
        unfinished = self._places.unfinished
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished, self._account)
        done = subprocess.run(
            [
                self._binaries.folder / "initdb",
                "-D",
                unfinished,
                "-U",
                "tracker",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--data-checksums",
                "--no-instructions",
                "--no-sync",
            ],
            env=postmaster.clean_environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self._account.identity(),
        )
        if done.returncode != 0:
            raise ClusterFailed(f"initdb: {done.stderr.strip()}")
        unfinished.rename(self._places.cluster)

    def _spawn(self) -> int:
        """Starts the postmaster; returns where in the log its words begin."""
        make_private(self._places.socket_folder, self._account)
        path = self._places.log
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.rename(path.with_suffix(".log.old"))
        with _opened_privately(path) as log:
            start = log.seek(0, os.SEEK_END)
            self._process = postmaster.spawn(self._binaries, self._places, self._account, self._settings, log.fileno())
        return start

    def _check_failure(self, log_start: int, spawned: int) -> None:
        """Raises when the postmaster we just started is gone for a reason that does not go away."""
        killed = self._process is not None and self._process.returncode < 0
        if killed and spawned < DEATHS:
            return
        with self._places.log.open("rb") as log:
            log.seek(log_start)
            said = log.read()[-2000:].decode(errors="replace").strip()
        if LEFTOVERS in said:
            return
        if self._is_full() or any(word in said for word in PASSING):
            raise ClusterWaits(self._reason(said))
        raise ClusterFailed(f"PostgreSQL did not start: {said}")

    def _is_running(self) -> bool:
        if self._process is not None and self._process.poll() is None:
            return True
        return self.pid is not None

    def _made_by(self) -> int | None:
        try:
            return int((self._places.cluster / "PG_VERSION").read_text())
        except OSError:
            return None


def _pause(deadline: float, pause_s: float) -> float:
    if time.monotonic() > deadline:
        raise ClusterFailed(f"PostgreSQL did not start within {START_S:.0f} s")
    return pause_s


def _opened_privately(path: Path) -> IO[bytes]:
    """To append. Who may read the lock may hold it, and keep us from starting; who may read the log reads queries."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")
    os.fchmod(file.fileno(), 0o600)  # one of an older version may be open to all
    return file


def _locked(lock: IO[bytes]) -> bool:
    """Whether the lock is ours now. It is held while starting only, so that another server can adopt."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
