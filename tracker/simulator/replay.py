"""Replay: recorded devices come back as real ones, at the speed of life, faster, or as fast as the server answers."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console

from tracker.client.address import stream_url
from tracker.client.buffer import Buffer
from tracker.client.device import DeviceClient
from tracker.client.running import running
from tracker.client.tally import Tally
from tracker.errors import Invalid
from tracker.model.fix import Fix
from tracker.model.moment import now_ms
from tracker.simulator.crowd import HANDSHAKES, show_tally
from tracker.simulator.odd_times import Gaps, without_odd
from tracker.simulator.recorded import RecordedFix
from tracker.simulator.recording import Survey, read_recording, survey
from tracker.simulator.register import NewDevice, open_api, register_devices

CHUNK = 2000  # fixes read ahead: four full frames, a device's whole window
AHEAD = 500  # fixes of a device that may wait while the next chunk is read
NEVER_FULL = 1 << 62  # of a buffer: nothing of a recording is dropped; the reading waits instead

Retime = Callable[[int], int]  # a recorded time to the time it is sent with, both ms


class Tempo(NamedTuple):
    """`speed` None sends in the order of the file as fast as the acks allow. A number paces by the recorded times, all
    devices beside each other, so many times faster than life. With `now` the times are shifted: the recording starts
    now (at the pace of `speed`), or with speed None ends now."""

    speed: float | None = 1.0
    now: bool = False


async def replay(
    file: Path, url: str, admin_token: str, pace: Tempo, *, binary: bool = False, console: Console | None = None
) -> Tally:
    """At a speed, what has an odd time is left out and counted, and a gap of over a day takes a second. Raises
    TurnedAway when the server wants a device no more."""
    speed, now = pace
    if speed is not None and not speed > 0:
        raise Invalid("speed: more than 0, or max", field="speed")
    found, tally = survey(file), Tally()
    async with show_tally(console, tally, file.name, found.fixes):
        async with open_api(url, admin_token) as api:
            tokens = await register_devices(api, [NewDevice(id, id) for id in found.devices], tally)
        clients = _clients(stream_url(url), tokens, tally, binary)
        async with running(list(clients.values())):
            recording = read_recording(file, tally.unreadable)
            if speed is None:
                await _rush(recording, clients, _ending_now(found) if now else _as_recorded)
            else:
                fixes, odd = without_odd(recording)
                tally.unreadable["odd_time"] += odd
                await _pace(fixes, clients, speed, now)
            for client in clients.values():
                await client.until_empty()
    return tally


def _clients(url: str, tokens: Mapping[str, str], tally: Tally, binary: bool) -> dict[str, DeviceClient]:
    """Without lanes: a recording is sent in its own order, whatever the connection does."""
    gate, rng = asyncio.Semaphore(HANDSHAKES), random.Random()

    def client(id: str, token: str) -> DeviceClient:
        buffer = Buffer(NEVER_FULL, binary=binary, lanes=False)
        return DeviceClient(url, id, token, buffer, tally, binary=binary, gate=gate, rng=rng)

    return {id: client(id, token) for id, token in tokens.items()}


def _as_recorded(at: int) -> int:
    return at


def _ending_now(found: Survey) -> Retime:
    shift = now_ms() - found.last
    return lambda at: at + shift


async def _rush(recording: Iterator[RecordedFix], clients: Mapping[str, DeviceClient], retime: Retime) -> None:
    while chunk := list(islice(recording, CHUNK)):
        fixes: dict[str, list[Fix]] = {}
        for device, fix in chunk:
            fixes.setdefault(device, []).append(_retime(fix, retime))
        for device, batch in fixes.items():
            clients[device].put(*batch)
        for device in fixes:
            await clients[device].until(AHEAD)


async def _pace(fixes: list[RecordedFix], clients: Mapping[str, DeviceClient], speed: float, now: bool) -> None:
    """Holds the whole recording in memory, for files are often sorted by device, and life is not. A gap of over a day
    takes a second."""
    timeline = by_time(iter(fixes))
    gaps = Gaps([due for due, _ in timeline])
    began, start, first = asyncio.get_running_loop().time(), now_ms(), timeline[0][0]
    clocks = {id: _closed(DeviceClock(start, first, speed), gaps) for id in clients} if now else {}
    for due, (device, fix) in timeline:
        await asyncio.sleep((gaps.closed(due) - first) / 1000 / speed + began - asyncio.get_running_loop().time())
        clients[device].put(_retime(fix, clocks.get(device, _as_recorded)))


def _closed(clock: "DeviceClock", gaps: Gaps) -> Retime:
    return lambda recorded: clock.at(gaps.closed(recorded))


class DeviceClock:
    """Of one device, started anew and running faster. A later moment stays a later one, in whole ms, however fast."""

    def __init__(self, start: int, first: int, speed: float) -> None:
        self._start, self._first, self._speed = start, first, speed
        self._newest = first - 1, 0  # recorded, given

    def at(self, recorded: int) -> int:
        given = self._start + round((recorded - self._first) / self._speed)
        if recorded > self._newest[0]:
            given = max(given, self._newest[1] + 1)
            self._newest = recorded, given
        elif recorded == self._newest[0]:
            given = self._newest[1]
        return given


def by_time(recording: Iterator[RecordedFix]) -> list[tuple[int, RecordedFix]]:
    """Each device's fixes in the order of the file, late ones at once after those they followed; devices by time."""
    newest: dict[str, int] = {}
    timeline = []
    for entry in recording:
        due = max(entry.fix.at, newest.get(entry.device, entry.fix.at))
        newest[entry.device] = due
        timeline.append((due, entry))
    return sorted(timeline, key=lambda entry: entry[0])


def _retime(fix: Fix, retime: Retime) -> Fix:
    return fix if retime is _as_recorded else msgspec.structs.replace(fix, at=retime(fix.at))
