"""Simulate: N vehicles on the roads of a town, each a real device with a buffer, in tunnels now and then if asked."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from itertools import cycle
from pathlib import Path

import msgspec
from rich.console import Console

from tracker.model.moment import now_ms
from tracker.simulator import wire
from tracker.simulator.backoff import LONGEST_S
from tracker.simulator.buffer import Buffer
from tracker.simulator.crowd import HANDSHAKES, running, shown
from tracker.simulator.device import DeviceClient, Disobeyed, Refused
from tracker.simulator.register import NewDevice, open_api, register_devices, stream_url
from tracker.simulator.roads import HELSINKI, load_roads
from tracker.simulator.tally import Tally
from tracker.simulator.vehicle import Vehicle

CATEGORIES = ("van", "van", "taxi", "taxi", "bus", "truck", "bicycle")
BUFFERED = 10_000  # fixes of each vehicle: almost three hours at one a second; then the oldest go
LOOK_S = 1.0  # between two looks at the whole crowd
LATE_MS = 10_000
LAST_WORDS_S = LONGEST_S + 5  # for what is still unanswered when the time is over: one more attempt at least
INTO_TUNNEL, OUT_OF_TUNNEL = 1 / 600, 1 / 40  # chances at each look


class _Interval(msgspec.Struct, frozen=True):
    seconds: float


class Timetable:
    """Which unit, by number, is due when (ms); the newest word on a unit counts."""

    def __init__(self) -> None:
        self._due: dict[int, int] = {}
        self._heap: list[tuple[int, int]] = []

    def set(self, number: int, at: int) -> None:
        self._due[number] = at
        heappush(self._heap, (at, number))

    def wait_s(self, now: int) -> float:
        return max(0, self._heap[0][0] - now) / 1000 if self._heap else LOOK_S

    def take(self, now: int) -> Iterator[tuple[int, int]]:
        """Those that are due and when they were, once each."""
        while self._heap and self._heap[0][0] <= now:
            at, number = heappop(self._heap)
            if self._due.get(number) == at:
                del self._due[number]
                yield number, at


class Unit:
    """A vehicle and the device in it; `interval` in ms."""

    def __init__(
        self, number: int, vehicle: Vehicle, interval: int, clock: Callable[[], int], timetable: Timetable
    ) -> None:
        self.number = number
        self.interval = interval
        self._vehicle = vehicle
        self._clock = clock
        self._timetable = timetable
        self._last = 0  # ms
        self.client: DeviceClient

    def report(self, at: int) -> None:
        self._measure(at)
        self._timetable.set(self.number, at + self.interval)

    def obey(self, command: wire.Command) -> str | None:
        match command.name:
            case "report_now":
                self._measure(self._clock())
            case "set_interval":
                self.interval = _interval_ms(command.args)
                self._timetable.set(self.number, self._clock() + self.interval)
            case "message":
                return "shown to the driver"
            case _:
                raise Disobeyed(f"{command.name} is not known here")
        return None

    def _measure(self, at: int) -> None:
        """A command may have been quicker than the timetable: time never goes back, and no moment comes twice."""
        self._last = max(at, self._last + 1)
        self.client.put(self._vehicle.measure(self._last))


def _interval_ms(args: msgspec.Raw) -> int:
    try:
        seconds = msgspec.json.decode(args, type=_Interval).seconds
    except msgspec.ValidationError as error:
        raise Disobeyed(f"args: {error}") from error
    if not 0.1 <= seconds <= 86_400:
        raise Disobeyed("args.seconds must be from 0.1 to 86400")
    return round(seconds * 1000)


async def simulate(
    url: str,
    admin_token: str,
    *,
    count: int = 100,
    seed: int = 1,
    interval: float = 1.0,
    seconds: float | None = None,
    binary: bool = False,
    tunnels: bool = False,
    roads: Path = HELSINKI,
    prefix: str = "vehicle",
    console: Console | None = None,
) -> Tally:
    """Drive until `seconds` are over or for ever, a fix every `interval` seconds. The seed decides where each vehicle
    is at any time after the start, and what its receiver makes of it; the start is now.
    """
    tally, clock = Tally(), _steady_clock()
    async with shown(console, tally, f"{count} vehicles"):
        tokens = await _register(url, admin_token, prefix, count, tally)
        start, town = clock(), load_roads(roads)
        gate, rng = asyncio.Semaphore(HANDSHAKES), random.Random()
        units, timetable = list[Unit](), Timetable()
        for number, (name, token) in enumerate(tokens.items()):
            vehicle = Vehicle(town, seed, number, start, battery=not binary)
            unit = Unit(number, vehicle, round(interval * 1000), clock, timetable)
            # Each at its own moment of the interval, so that the fixes come evenly.
            timetable.set(number, start + round(interval * 1000) * number // count)
            buffer, stream = Buffer(BUFFERED, binary=binary), stream_url(url)
            unit.client = DeviceClient(
                stream, name, token, buffer, tally, binary=binary, obey=unit.obey, gate=gate, rng=rng
            )
            units.append(unit)
        async with running([unit.client for unit in units]):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await _drive(units, timetable, clock, random.Random(seed) if tunnels else None)
            await _finish(units)
    return tally


async def _register(url: str, admin_token: str, prefix: str, count: int, tally: Tally) -> dict[str, str]:
    """Tokens by device id, in the order of their numbers."""
    numbers = [f"{number:0{len(str(count))}}" for number in range(1, count + 1)]
    new = [
        NewDevice(f"{prefix}-{number}", f"{category.capitalize()} {number}", category)
        for number, category in zip(numbers, cycle(CATEGORIES), strict=False)
    ]
    async with open_api(url, admin_token) as api:
        tokens = await register_devices(api, new, tally)
    return {device.id: tokens[device.id] for device in new}


def _steady_clock() -> Callable[[], int]:
    """Wall time in ms that never jumps, so that no vehicle stands still or teleports when the clock is set."""
    offset = now_ms() - time.monotonic_ns() // 1_000_000
    return lambda: time.monotonic_ns() // 1_000_000 + offset


async def _drive(
    units: Sequence[Unit], timetable: Timetable, clock: Callable[[], int], tunnels: random.Random | None
) -> None:
    look = clock()
    while True:
        await asyncio.sleep(min(LOOK_S, timetable.wait_s(clock())))
        now = clock()
        for number, at in timetable.take(now):
            if units[number].client.refused is None:
                # After a long sleep of the machine: go on from now, not through everything that was missed.
                units[number].report(max(at, now - LATE_MS))
        if now >= look:
            look = now + round(LOOK_S * 1000)
            _check(units)
            if tunnels:
                _tunnels(units, tunnels)


def _check(units: Sequence[Unit]) -> None:
    """One vehicle taken off the road is no reason to stop the others; all of them are."""
    if all(unit.client.refused for unit in units) and units[0].client.refused:
        raise units[0].client.refused


def _tunnels(units: Sequence[Unit], rng: random.Random) -> None:
    for client in (unit.client for unit in units):
        chance = rng.random()
        if client.offline and chance < OUT_OF_TUNNEL:
            client.go_online()
        elif not client.offline and chance < INTO_TUNNEL:
            client.go_offline()


async def _finish(units: Sequence[Unit]) -> None:
    with suppress(TimeoutError, Refused):
        async with asyncio.timeout(LAST_WORDS_S):
            for unit in units:
                unit.client.go_online()
            for unit in units:
                await unit.client.drained()
