"""What a command needs before it can run, made in the shortest time: system packages beside Python's and the page's."""

import errno
import fcntl
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from tracker.errors import TrackerError
from tracker.setup import environment, system, tests, web, words
from tracker.setup.checkout import ENVIRONMENT, PROJECT, ROOT, WEB
from tracker.setup.steps import Display
from tracker.setup.system import Apt, Package


@dataclass(frozen=True)
class Needs:
    postgis: bool
    page: bool
    chromium: bool = False
    broker: bool = False
    long: bool = False  # what only `test --long` installs
    groups: frozenset[str] = frozenset({"examples"})  # what README pastes runs wherever a command was run


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Sets up and goes on as the environment's Python, which runs the command; `test` is run from here."""
    display = Display()
    try:
        if (reply := reply_to(arguments)) is not None:
            return reply.say(sys.stdout, sys.stderr)
        with display.shown(), one_at_a_time():
            prepare(needs_of(arguments, environ), display, environ)
        if arguments[:1] == ["test"]:
            return tests.main(arguments[1:])
        return hand_over(arguments, environ)
    except TrackerError as error:
        print(f"tracker: {error}", file=sys.stderr)
        return 3
    except OSError as error:
        print(f"tracker: {sentence_of(error)}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("tracker: interrupted; run it again to go on", file=sys.stderr)
        return 130


def reply_to(arguments: Sequence[str]) -> words.Reply | None:
    """What can be said without setting up. Once there is click, it explains every option better than we do here."""
    if arguments[:1] == ["test"]:
        return tests.read_words(arguments[1:])
    reply = words.read_words(arguments)
    return None if reply and reply.code == 0 and environment.is_ready(()) else reply


def sentence_of(error: OSError) -> str:
    """With the next step, for what befalls people: a full disk, somebody else's folder, a file system to read only."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Make room and run it again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        mine = f"make a clone of your own, such as: git clone {shlex.quote(str(ROOT))} ~/tracker"
        return f"{error.filename or ROOT} may not be written by you ({error.strerror}): {mine}"
    return str(error)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two commands started in one checkout would trip over each other's half-made environment."""
    with PROJECT.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def hand_over(arguments: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    python = str(environment.PYTHON)
    os.execve(python, [python, "-m", "tracker", *arguments], environ)


def needs_of(arguments: Sequence[str], environ: Mapping[str, str]) -> Needs:
    command = next((each for each in arguments if not each.startswith("-")), "")
    other_database = bool(environ.get("TRACKER_DATABASE_URL")) or any(
        each.startswith("--database") for each in arguments
    )
    if command == "test":
        is_long = "--long" in arguments
        groups = frozenset({"dev", "examples", *(["fuzz"] if is_long else [])})
        return Needs(postgis=True, page=True, chromium=True, broker=True, long=is_long, groups=groups)
    serves = command in ("demo", "serve") and "--help" not in arguments
    return Needs(postgis=(serves or command in ("bench", "psql")) and not other_database, page=serves)


def prepare(needs: Needs, display: Display, environ: Mapping[str, str]) -> None:
    check_folders(needs)
    packages = system.missing(postgis=needs.postgis, chromium=needs.chromium, broker=needs.broker, environ=environ)
    packages += system.missing_for_long() if needs.long else []
    if not packages:
        prepare_checkout(needs, display)
        return
    apt = system.find_apt(packages, display)
    first = [package for package in packages if package.name.endswith("-venv")]
    rest = [package for package in packages if package not in first]
    with display.step("package lists") as word:
        if not apt.update():
            word.append("old")
    install(apt, first, display)
    if apt.asks:  # nothing may be told while a password is typed
        install(apt, rest, display)
        prepare_checkout(needs, display)
        return
    # PostGIS and Chromium are large, and nothing below needs them: both go on at once.
    with ThreadPoolExecutor(1) as beside:
        installing = beside.submit(install, apt, rest, display)
        prepare_checkout(needs, display)
        installing.result()


def install(apt: Apt, packages: Sequence[Package], display: Display) -> None:
    if packages:
        with display.step(", ".join(package.name for package in packages)):
            apt.install(packages)


def check_folders(needs: Needs) -> None:
    """Before minutes are spent on what could not be kept. Raises PermissionError."""
    wanted = [ENVIRONMENT if ENVIRONMENT.exists() else ROOT] if not environment.is_ready(needs.groups) else []
    if builds_page(needs):
        wanted.append(WEB)
    for folder in wanted:
        if not os.access(folder, os.W_OK | os.X_OK):
            code = errno.EROFS if os.geteuid() == 0 else errno.EACCES
            raise PermissionError(code, os.strerror(code), str(folder))


def builds_page(needs: Needs) -> bool:
    return needs.page and WEB.is_dir() and not (web.modules_are_ready() and web.build_is_ready())


def prepare_checkout(needs: Needs, display: Display) -> None:
    groups = needs.groups | ({"node"} if builds_page(needs) and not web.node_is_recent() else set())
    if not environment.is_ready(groups):
        with display.step("Python packages"):
            environment.make(groups)
    if not (needs.page and WEB.is_dir()):
        return
    if not web.modules_are_ready():
        with display.step("page: packages"):
            web.install_modules()
    if not web.build_is_ready():
        with display.step("page: build"):
            web.build()
