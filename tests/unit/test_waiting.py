"""Who waits for a replay or a simulation is told what it waits for, and hears no more of it once it goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import StringIO

import pytest
from rich.console import Console

from tracker.client.tally import Tally
from tracker.simulator import crowd
from tracker.simulator.crowd import format_figures, show_tally
from tracker.simulator.register import NewDevice, open_api, register_devices

BUSY = b"HTTP/1.1 %d Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
MADE = b'HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{"token":"t"}'


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[str]:
    """To each request the next of them, and the last ever after."""
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            writer.write(left.pop(0) if len(left) > 1 else left[0])

    async def until_gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(until_gone, "127.0.0.1", 0) as listening:
        host, port = listening.sockets[0].getsockname()
        yield f"http://{host}:{port}"


@pytest.mark.parametrize("status", [429, 503])
async def test_what_the_server_asks_to_wait_for_is_shown(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "LINE_S", 0.05)
    text, tally = StringIO(), Tally()
    async with (
        answering(BUSY % status, MADE) as url,
        show_tally(Console(file=text, width=200), tally, "way.gpx", 3),
        open_api(url, "secret") as api,
    ):
        assert await register_devices(api, [NewDevice("van", "Van")], tally) == {"van": "t"}
    *waiting, last = text.getvalue().splitlines()
    assert f"way.gpx: 0 of 3 fixes answered; 0 devices; waiting: HTTP {status}, come again in 1 s" in waiting
    assert last == "way.gpx: 1 devices"


def test_a_device_that_is_turned_away_for_now_says_why() -> None:
    tally = Tally(registered=2, connected=1, stored=1200, trouble="van: 1006 HTTP 503, come again in 5 s")
    assert format_figures(tally).endswith("1,200 stored; waiting: van: 1006 HTTP 503, come again in 5 s")
