"""Simulate: N vehicles on the roads of a town, each a real device with a buffer, in tunnels now and then if asked."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from rich.console import Console

from tracker.client.address import stream_url
from tracker.client.backoff import LONGEST_S
from tracker.client.buffer import Buffer
from tracker.client.device import DeviceClient, TurnedAway
from tracker.client.running import running
from tracker.client.tally import Tally
from tracker.model.moment import now_ms
from tracker.simulator.crowd import HANDSHAKES, show_tally
from tracker.simulator.register import NewDevice, open_api, register_devices
from tracker.simulator.roads import HELSINKI, Roads, load_roads
from tracker.simulator.unit import Timetable, Unit
from tracker.simulator.vehicle import Vehicle

CATEGORIES = ("van", "van", "taxi", "taxi", "bus", "truck", "bicycle")
BUFFERED = 10_000  # fixes of each vehicle: almost three hours at one a second; then the oldest go
LOOK_S = 1.0  # between two looks at the whole crowd
LATE_MS = 10_000
LAST_WORDS_S = LONGEST_S + 5  # for what is still unanswered when the time is over: one more attempt at least
INTO_TUNNEL, OUT_OF_TUNNEL = 1 / 600, 1 / 40  # chances at each look


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """So many vehicles, each with a fix every `interval` seconds. The seed decides where each of them is at any time
    after the start, and what its receiver makes of it."""

    count: int = 100
    seed: int = 1
    interval: float = 1.0
    binary: bool = False
    tunnels: bool = False
    roads: Path = HELSINKI
    prefix: str = "vehicle"


async def simulate(
    url: str, admin_token: str, fleet: Fleet, *, seconds: float | None = None, console: Console | None = None
) -> Tally:
    """Drive until `seconds` are over or for ever; the start is now."""
    tally, clock = Tally(), _steady_clock()
    async with show_tally(console, tally, f"{fleet.count} vehicles"):
        tokens = await _register(url, admin_token, fleet.prefix, fleet.count, tally)
        timetable = Timetable()
        clients = _clients(stream_url(url), tokens, tally, fleet.binary)
        units = _units(clients, load_roads(fleet.roads), fleet.seed, round(fleet.interval * 1000), clock, timetable)
        async with running(clients):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await _drive(units, timetable, clock, random.Random(fleet.seed) if fleet.tunnels else None)
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


def _clients(url: str, tokens: Mapping[str, str], tally: Tally, binary: bool) -> list[DeviceClient]:
    gate, rng = asyncio.Semaphore(HANDSHAKES), random.Random()
    return [
        DeviceClient(url, id, token, Buffer(BUFFERED, binary=binary), tally, binary=binary, gate=gate, rng=rng)
        for id, token in tokens.items()
    ]


def _units(
    clients: Sequence[DeviceClient],
    town: Roads,
    seed: int,
    interval: int,
    clock: Callable[[], int],
    timetable: Timetable,
) -> list[Unit]:
    """Each reports at its own moment of the interval, so that the fixes come evenly."""
    start, units = clock(), []
    for number, client in enumerate(clients):
        vehicle = Vehicle(town, seed, number, start, battery=not client.binary)  # columns carry no battery
        units.append(Unit(number, vehicle, client, interval, clock, timetable))
        timetable.set(number, start + interval * number // len(clients))
    return units


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
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS_S):
            for unit in units:
                unit.client.go_online()
            for unit in units:
                with suppress(TurnedAway):
                    await unit.client.until_empty()
