"""The set-up on machines that lack something: each time one sentence with the next step, and no traceback."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.checkouts import bare_environ, base_python, clone, tracker
from tests.patience import PATIENCE_S
from tracker.setup import environment

PROMPT = b"[sudo] password for ada: "
SUDO = f"""#!/bin/sh
if [ "$1" = -n ]; then test -e "$TICKET"; exit; fi
if [ ! -e "$TICKET" ]; then
    printf '{PROMPT.decode()}' >/dev/tty
    read -r word </dev/tty
    [ "$word" = secret ] || exit 1
    [ -z "$REMEMBERS" ] || touch "$TICKET"
fi
[ "$1" = -v ] || sleep 0.2 # what it is asked to do would need real rights; here only the line counts in which it asks
"""
# The set-up of a user who is not root, as prepare.main does it, with a ticker in a hurry.
INSTALLING = """
import os, sys
from tracker.errors import TrackerError
from tracker.setup import prepare, steps, system
os.geteuid = lambda: 1000
steps.TICK_S = 0.02
system.missing = lambda **wanted: [system.Package("postgresql-postgis", "PostgreSQL with PostGIS")]
prepare.prepare_checkout = lambda needs, progress: None
with steps.Display().shown() as progress:
    prepare.prepare(prepare.Needs(postgis=True, page=False), progress, os.environ)
"""
INSTALL = "#!/bin/sh\nsleep 0.2\n"


def program(path: Path, script: str) -> None:
    path.write_text(script)
    path.chmod(0o755)


@pytest.mark.parametrize(("remembers", "prompts"), [(True, 1), (False, 3)])
def test_the_line_in_which_sudo_asks_is_left_alone(tmp_path: Path, remembers: bool, prompts: int) -> None:
    """Under a terminal, with a sudo that asks once, and with one that asks each time."""
    program(tmp_path / "sudo", SUDO)
    program(tmp_path / "apt-get", INSTALL)
    said = in_a_terminal(tmp_path, {"TICKET": str(tmp_path / "ticket"), "REMEMBERS": "1" if remembers else ""})
    after = said.split(PROMPT)[1:]
    assert [each[:8] for each in after] == [b"secret\r\n"] * prompts, said
    assert b"ok      postgresql-postgis" in after[-1], said


def in_a_terminal(folder: Path, more: dict[str, str]) -> bytes:
    """Types the password at each prompt, once nothing else came for many ticks. All that was on the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{INSTALLING}"],
        cwd=Path(__file__).resolve().parents[2],
        env=bare_environ(folder) | more,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said, deadline = b"", time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.3)[0]:
                try:
                    said += os.read(ours, 4096)
                except OSError:  # Linux's word for: nobody has the terminal open any more
                    break
            elif said.endswith(PROMPT):
                os.write(ours, b"secret\n")
        assert process.wait(PATIENCE_S) == 0, said
    finally:
        process.kill()
        os.close(ours)
    return said


def apart(*namespaces: str) -> list[str]:
    """`unshare`, where this kernel lets us."""
    command = ["unshare", "--map-root-user", *namespaces]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("needs unshare, which this machine does not allow")
    return command


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The last line, which has to be one sentence after the steps; nothing else was said."""
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    *steps, sentence = done.stderr.rstrip().splitlines()
    assert all(line.startswith(("  ...", "  ok", "  FAILED", "  old")) for line in steps), done.stderr
    return sentence


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    environ = {"UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1", "UV_HTTP_RETRIES": "0"}
    done = tracker(clone(tmp_path / "clone"), "migrate", through=apart("--net"), environ=environ)
    assert "is this machine online? Run it again when it is" in told(done)


def on_a_disk_of_its_own(tmp_path: Path, options: str, then: str = "true") -> list[str]:
    """To run a command in a clone on a small disk; `then` is done to the disk before."""
    disk = tmp_path / "disk"
    disk.mkdir()
    copied = f"mount -t tmpfs -o {options} tmpfs {disk} && cp -a {clone(tmp_path / 'clone')}/. {disk}"
    script = f'{copied} && {then} && cd {disk} && exec "$@"'
    return [*apart("--mount"), "sh", "-c", script, "sh"]


def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    through = on_a_disk_of_its_own(tmp_path, "size=40m")
    done = tracker(tmp_path, "migrate", through=through, environ={"UV_LINK_MODE": "copy"})
    assert "the disk is full. Make room" in told(done)


def test_a_clone_that_may_not_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    if os.geteuid() == 0:  # whom only the file system keeps out
        through = on_a_disk_of_its_own(tmp_path, "size=40m", f"mount -o remount,ro {tmp_path}/disk")
        assert "make a clone of your own" in told(tracker(tmp_path, "migrate", through=through))
        return
    theirs = clone(tmp_path / "theirs")
    theirs.chmod(0o555)
    try:
        assert "make a clone of your own" in told(tracker(theirs, "migrate"))
    finally:
        theirs.chmod(0o755)


def test_an_environment_made_by_uv_sync_works_and_moves_with_its_clone(tmp_path: Path) -> None:
    """uv puts no pip into it, and its scripts name the Python of the place they were made in."""
    uv = environment.find_uv()
    assert uv is not None
    before = clone(tmp_path / "before")
    environ = bare_environ() | {"UV_PYTHON": base_python()}
    command: list[str | Path] = [uv, "sync", "-q", "--frozen", "--no-default-groups", "--group=bootstrap"]
    subprocess.run(command, cwd=before, env=environ, check=True)
    assert not (before / ".venv/bin/pip").exists()
    assert ask_version(before).startswith("tracker, version ")
    after = before.rename(tmp_path / "after")
    assert ask_version(after).startswith("tracker, version ")
    first = (after / ".venv/bin/hypercorn").read_text().splitlines()[:3]
    assert any(str(after) in line for line in first), first


def ask_version(folder: Path) -> str:
    """By the Python of the environment itself, which is what CONTRIBUTING says."""
    command: list[str | Path] = [folder / ".venv/bin/python", "-m", "tracker", "--version"]
    done = subprocess.run(command, cwd=folder, env=bare_environ(), capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
