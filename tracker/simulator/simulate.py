"""Simulate: N vehicles on the roads of a town, each a real device with a buffer, in tunnels now and then if asked."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from heapq import heapify, heapreplace
from itertools import cycle
from pathlib import Path

import msgspec
from rich.console import Console

from tracker.model.moment import now_ms
from tracker.simulator import wire
from tracker.simulator.buffer import Buffer
from tracker.simulator.crowd import HANDSHAKES, running, shown
from tracker.simulator.device import DeviceClient, Disobeyed, Refused
from tracker.simulator.register import NewDevice, open_api, register_devices, stream_url
from tracker.simulator.roads import HELSINKI, load_roads
from tracker.simulator.tally import Tally
from tracker.simulator.vehicle import Vehicle

CATEGORIES = ("van", "van", "taxi", "taxi", "bus", "truck", "bicycle")
BUFFERED = 10_000  # fixes of each vehicle: almost three hours at one a second; then the oldest go
LAST_WORDS_S = 5.0  # for what is still unanswered when the time is over
INTO_TUNNEL, OUT_OF_TUNNEL = 1 / 600, 1 / 40  # chances in any second


class _Interval(msgspec.Struct, frozen=True):
    seconds: float


class Unit:
    """A vehicle and the device in it; `interval` and `due` in ms."""

    def __init__(self, vehicle: Vehicle, interval: int, clock: Callable[[], int]) -> None:
        self.interval = interval
        self.messages: list[str] = []  # for the driver; the last one counts
        self._vehicle = vehicle
        self._clock = clock
        self.client: DeviceClient

    def report(self, at: int) -> None:
        self.client.put(self._vehicle.measure(at))

    def obey(self, command: wire.Command) -> str | None:
        match command.name:
            case "report_now":
                self.report(self._clock())
            case "set_interval":
                self.interval = _interval_ms(command.args)
            case "message":
                self.messages = [bytes(command.args).decode()]
            case _:
                raise Disobeyed(f"{command.name} is not known here")
        return None


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
        units = []
        for number, (name, token) in enumerate(tokens.items()):
            unit = Unit(Vehicle(town, seed, number, start, battery=not binary), round(interval * 1000), clock)
            buffer, stream = Buffer(BUFFERED, binary=binary), stream_url(url)
            unit.client = DeviceClient(
                stream, name, token, buffer, tally, binary=binary, obey=unit.obey, gate=gate, rng=rng
            )
            units.append(unit)
        async with running([unit.client for unit in units]):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await _drive(units, start, clock, random.Random(seed) if tunnels else None)
            await _finish(units)
    return tally


async def _register(url: str, admin_token: str, prefix: str, count: int, tally: Tally) -> dict[str, str]:
    """Tokens by device id, in the order of their numbers."""
    numbers = [f"{number:0{len(str(count))}}" for number in range(1, count + 1)]
    new = [
        NewDevice(f"{prefix}-{number}", f"{prefix.capitalize()} {number}", category)
        for number, category in zip(numbers, cycle(CATEGORIES), strict=False)
    ]
    async with open_api(url, admin_token) as api:
        tokens = await register_devices(api, new, tally)
    return {device.id: tokens[device.id] for device in new}


def _steady_clock() -> Callable[[], int]:
    """Wall time in ms that never jumps, so that no vehicle stands still or teleports when the clock is set."""
    offset = now_ms() - time.monotonic_ns() // 1_000_000
    return lambda: time.monotonic_ns() // 1_000_000 + offset


async def _drive(units: Sequence[Unit], start: int, clock: Callable[[], int], tunnels: random.Random | None) -> None:
    """Each unit at its own moment of the interval, so that the fixes come evenly."""
    due = [(start + unit.interval * n // len(units), n) for n, unit in enumerate(units)]
    heapify(due)
    second = start
    while True:
        await asyncio.sleep(max(0, due[0][0] - clock()) / 1000)
        now = clock()
        while due[0][0] <= now:
            at, n = due[0]
            if units[n].client.refused is None:
                units[n].report(at)
            # After a long sleep of the machine: go on from now, not through everything that was missed.
            heapreplace(due, (max(at + units[n].interval, now - 10_000), n))
        if now >= second:
            second = now + 1000
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
