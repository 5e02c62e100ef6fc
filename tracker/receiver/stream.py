"""Stream: what a receiver says goes to the server, kept on disk until it is there."""

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final

import msgspec

from tracker.client import messages
from tracker.client.address import stream_url
from tracker.client.buffer import Buffer
from tracker.client.device import DeviceClient, Disobeyed
from tracker.client.interval import read_interval
from tracker.client.journal import Journal
from tracker.client.running import raise_one_error
from tracker.client.tally import Tally
from tracker.errors import Invalid
from tracker.model.fix import Fix
from tracker.receiver.nmea import Nmea
from tracker.receiver.sources import GpsdAddress, Say, read_nmea, watch_gpsd

KEPT: Final = 250_000  # fixes: almost three days at one a second; then the oldest go
AHEAD: Final = 5_000  # fixes of a file that may wait while more of it is read
EARLY_MS: Final = 50  # receivers are not exact: a second is sometimes 990 ms


class ReceiverPort(msgspec.Struct, frozen=True):
    """One of the two; `baud` is for a serial line."""

    gpsd: GpsdAddress | None = None
    nmea: Path | None = None
    baud: int | None = None


class Target(msgspec.Struct, frozen=True):
    """`url`: the server's, http:// or https://."""

    url: str
    device: str
    token: str

    @property
    def stream(self) -> str:
        scheme, _, rest = self.url.partition("://")
        if scheme not in ("http", "https") or not rest:
            raise Invalid(f"url: expected http:// or https://, not {self.url}", field="url")
        return stream_url(self.url)


class _Message(msgspec.Struct, frozen=True):
    text: str


class Reporter:
    """Which of the receiver's fixes are sent, and what the device does when it is told something."""

    def __init__(self, client: DeviceClient, journal: Journal, interval_ms: int, say: Say) -> None:
        self._client = client
        self._journal = journal
        self._interval_ms = interval_ms
        self._say = say
        self._heard: Fix | None = None
        self._sent_at: int | None = None
        client.obey = self.obey

    def hear(self, fix: Fix) -> None:
        self._heard = fix
        passed = None if self._sent_at is None else fix.at - self._sent_at
        # Back in time: the receiver's clock was set right. What it says then is news, too.
        if passed is None or passed < 0 or passed >= max(1, self._interval_ms - EARLY_MS):
            self._send(fix)

    def obey(self, command: messages.Command) -> str | None:
        match command.name:
            case "set_interval":
                self._interval_ms = read_interval(command.args)
            case "report_now" if self._heard is not None:
                self._send(self._heard)
            case "report_now":
                raise Disobeyed("the receiver has no position")
            case "message":
                self._say(f"Message: {_read_text(command.args)}")
                return "printed"
            case _:
                raise Disobeyed(f"{command.name} is not known here")
        return None

    def _send(self, fix: Fix) -> None:
        self._sent_at = fix.at
        if self._journal.add(fix):
            self._client.put(fix)


async def stream(source: ReceiverPort, target: Target, kept: Path, interval_ms: int, say: Say) -> Tally:
    """Until the source ends and all of it is answered, or for ever. `kept`: the file of what is not answered yet.
    Raises TurnedAway when the server wants the device no more, NoReceiver, JournalUnusable."""
    with Journal(kept, target.device) as journal:
        client = _client(target, journal)
        client.put(*journal.read())
        if waiting := client.buffer.waiting:
            say(f"{waiting:,} positions from before wait to be sent")
        reporter = Reporter(client, journal, interval_ms, say)
        nmea = Nmea()
        async with raise_one_error(), asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(client.run()), tasks.create_task(client.until_refused())]
            await _forward(_read(source, nmea, say), reporter, client, holds=_is_file(source))
            await client.until_empty()
            for task in running:
                task.cancel()
    client.tally.unreadable.update(nmea.left_out)
    return client.tally


def _client(target: Target, journal: Journal) -> DeviceClient:
    tls = ssl.create_default_context() if target.stream.startswith("wss:") else None
    buffer = Buffer(KEPT, forget=journal.forget)
    return DeviceClient(target.stream, target.device, target.token, buffer, tls=tls)


def _read(source: ReceiverPort, nmea: Nmea, say: Say) -> AsyncGenerator[Fix]:
    if source.gpsd is not None:
        return watch_gpsd(source.gpsd, say, random.Random())
    if source.nmea is None:
        raise Invalid("name one of gpsd and nmea", field="nmea")
    return read_nmea(source.nmea, nmea, source.baud)


def _is_file(source: ReceiverPort) -> bool:
    return source.nmea is not None and source.nmea.is_file()


async def _forward(fixes: AsyncGenerator[Fix], reporter: Reporter, client: DeviceClient, *, holds: bool) -> None:
    """A file can wait for the server; a receiver goes on talking, whoever listens."""
    async with aclosing(fixes):
        async for fix in fixes:
            reporter.hear(fix)
            if holds:
                await client.until(AHEAD)


def _read_text(args: msgspec.Raw) -> str:
    """What of a message can stand on a terminal, whoever wrote it: no escape sequences."""
    try:
        text = msgspec.json.decode(args, type=_Message).text
    except msgspec.DecodeError as error:
        raise Disobeyed(f"args: {error}") from error
    return "".join(letter if letter.isprintable() else " " for letter in text)
