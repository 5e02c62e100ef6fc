"""The loop of a process: what is run in it, until a signal asks for the end."""

import asyncio
import errno
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import uvloop
from rich.console import Console
from rich.markup import escape

from tracker.errors import TrackerError

T = TypeVar("T")
console: Final = Console(stderr=True)


async def until_signalled(work: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """A first signal asks for an orderly end; a second one gets the default, which is none."""
    shutdown = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        shutdown.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    return await work(shutdown)


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """An error that was raised on purpose is a sentence, not a traceback."""
    code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except* (TrackerError, OSError) as group:
        for sentence in dict.fromkeys(sentence_of(error) for error in flat(group)):
            console.print(f"[red]{escape(sentence)}[/]", highlight=False, soft_wrap=True)
        code = 1
    except* KeyboardInterrupt:
        code = 130
    sys.exit(code)  # not above: what is raised inside except* comes out as a group, with a traceback


def sentence_of(error: BaseException) -> str:
    """With the next step, where it is about an address to listen on."""
    if not isinstance(error, OSError) or not isinstance(error.filename, str):
        return str(error)
    host, _, port = error.filename.rpartition(":")
    if error.errno == errno.EADDRINUSE and port.isdecimal():
        other = f"{host}:{int(port) % 65_535 + 1}"
        return f"{error.filename} is taken: another server may be running. Stop it, or listen elsewhere: --bind {other}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine. To be reached from others, listen on all: --bind 0.0.0.0:{port}"
    if error.errno == errno.EACCES and port.isdecimal():
        return f"port {port} is for root only. Listen on a higher one, such as --bind {host}:8000, behind a proxy"
    return f"{error.filename}: {error.strerror}"


def flat(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += flat(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
