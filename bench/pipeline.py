"""The whole server against the floor: what a fix costs, how many there may be, how long one takes to a screen.

Every figure of the server has the floor's of the same round beside it, on the same PostgreSQL: the machine's mood is in
both. See docs/benchmarks.md.
"""

import json
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.ground import ADMIN_TOKEN, Ground, serving, stored
from bench.ground import cpu_s as cpu_of
from bench.websocket import Process

DEVICES = 1_000
VIEWERS = 200
GEOFENCES = 1_000
WARM_UP = 1.0  # s of the same load before anything is measured: plans, caches, the first page of each device
Figures = dict[str, float]


@dataclass(frozen=True)
class Scenario:
    """`rate`: fixes a second, None to saturate. `window`: frames of a device under way at most."""

    name: str
    fixes: int
    binary: bool
    rate: int | None
    goal: str
    in_quick: bool = True
    window: int = 4


SCENARIOS = (
    Scenario("one per message, JSON", 1, False, 4_000, "1.5x"),
    Scenario("50 per message, JSON", 50, False, 50_000, "1.8x"),
    Scenario("one per message, binary", 1, True, 4_000, "", False),
    Scenario("50 per message, binary", 50, True, 50_000, "", False),
    Scenario("device to screen, JSON", 1, False, 10_000, "25 / 60 ms"),
    Scenario("one per message, JSON", 1, False, None, "60,000/s"),
    Scenario("50 per message, JSON", 50, False, None, "250,000/s"),
    Scenario("50 per message, binary", 50, True, None, "", False),
    Scenario("one under way, JSON", 1, False, 2_000, "110 us, alert 4 ms", window=1),
    Scenario("one under way, JSON", 1, False, None, "33,000/s", window=1),
)


@contextmanager
def crowd(port: int, scenario: Scenario) -> Iterator[Process]:
    kind = "binary" if scenario.binary else "text"
    load = Process("bench.load", port, DEVICES, scenario.fixes, kind, scenario.window)
    try:
        yield load
    finally:
        load.end()


@contextmanager
def audience(which: str, port: int) -> Iterator[Process | None]:
    """The floor shows nothing to anybody."""
    if which == "floor":
        yield None
        return
    viewers = Process("bench.viewers", port, VIEWERS, ADMIN_TOKEN)
    try:
        yield viewers
    finally:
        viewers.end()


@contextmanager
def alerted(which: str, port: int, scenario: Scenario) -> Iterator[Process | None]:
    """Who waits for alerts, where a device has so little under way that it would notice."""
    if which == "floor" or scenario.window > 1 or scenario.rate is None:
        yield None
        return
    alerts = Process("bench.alerts", port, ADMIN_TOKEN)
    try:
        yield alerts
    finally:
        alerts.end()


def measure(ground: Ground, which: str, scenario: Scenario, seconds: float) -> Figures:
    """One server on a fresh database, all devices and viewers on it, so many seconds."""
    url = ground.new_database()
    try:
        with (
            serving(which, url) as (pid, port),
            crowd(port, scenario) as load,
            audience(which, port) as viewers,
            alerted(which, port, scenario) as alerts,
        ):
            load.ask(order(scenario, WARM_UP))
            if alerts:
                alerts.ask("begin")
            figures = spent(ground, pid, load, viewers, order(scenario, seconds))
            if alerts:
                heard: Figures = json.loads(alerts.ask("end"))
                figures |= {f"alert_{name}": value for name, value in heard.items()}
        count, size = stored(url)
    finally:
        ground.drop(url)
    return figures | {"bytes_per_fix": size / max(count, 1), "stored": count}


def order(scenario: Scenario, seconds: float) -> str:
    return f"paced {scenario.rate / scenario.fixes} {seconds}" if scenario.rate else f"flood {seconds}"


def spent(ground: Ground, pid: int, load: Process, viewers: Process | None, order: str) -> Figures:
    if viewers:
        viewers.ask("begin")
    server, postgres = cpu_of(pid), ground.cpu_s()
    sent: Figures = json.loads(load.ask(order))
    server, postgres = cpu_of(pid) - server, ground.cpu_s() - postgres
    seen: Figures = json.loads(viewers.ask("end")) if viewers else {}
    return {
        "us": server / sent["fixes"] * 1e6,
        "postgres_us": postgres / sent["fixes"] * 1e6,
        "core": server / sent["seconds"],
        **sent,
        **{f"viewers_{name}": value for name, value in seen.items()},
    }


def compare(
    ground: Ground, scenario: Scenario, seconds: float, rounds: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Medians over the rounds, and of the ratios within each."""
    figures: dict[str, list[Figures]] = {"floor": [], "ours": []}
    for turn in range(rounds):
        for which, found in figures.items():
            tell(f"{scenario.name}, {scenario.rate or 'saturated'}: {which}, round {turn + 1} of {rounds}")
            found.append(measure(ground, which, scenario, seconds))
    ratios = [ours["us"] / floor["us"] for ours, floor in zip(figures["ours"], figures["floor"], strict=True)]
    medians = {which: median_of(found) for which, found in figures.items()}
    return {
        "name": scenario.name,
        "fixes": scenario.fixes,
        "rate": scenario.rate,
        "goal": scenario.goal,
        **medians,
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "load": os.getloadavg()[0],
    }


def median_of(found: list[Figures]) -> Figures:
    return {name: statistics.median(each[name] for each in found) for name in found[0]}
