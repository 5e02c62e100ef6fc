"""`tracker bench`: runs the scenarios, prints a table, writes JSON."""

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import websocket
from bench.ground import Ground
from bench.pipeline import DEVICES, GEOFENCES, SCENARIOS, VIEWERS, compare

WIDE = 150  # columns of a table that goes to a file
Result = dict[str, Any]


def main(*, quick: bool, rounds: int | None, seconds: float | None, only: tuple[str, ...], out: Path | None) -> None:
    """`only`: parts of scenario names, of which any must match."""
    websocket.allow_descriptors()
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    rounds, seconds = rounds or (1 if quick else 3), seconds or (2.5 if quick else 8.0)
    wanted = [each for each in SCENARIOS if (each.in_quick or not quick) and matches(only, each.name, each.rate)]
    results: list[Result] = []
    with console.status("PostgreSQL, devices, geofences") as status:
        ground = Ground(DEVICES + 1, GEOFENCES)  # one crosses a border for who waits for alerts
        try:
            tell = status.update if console.is_terminal else console.print  # a person waits either way
            results += [compare(ground, scenario, seconds, rounds, tell) for scenario in wanted]
        finally:
            ground.end()
        status.update("idle connections")
        idle = websocket.idle("ours", 1000) if not only else None
    console.print(table(results, rounds, seconds))
    if idle is not None:
        console.print(f"an idle connection: {idle:.1f} KiB (goal 20)")
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps({"machine": machine(), "idle_kib": idle, "results": results}, indent=1))


def matches(only: tuple[str, ...], name: str, rate: int | None) -> bool:
    full = f"{name} {rate or 'saturated'}"
    return not only or any(part in full for part in only)


def machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}


def table(results: list[Result], rounds: int, seconds: float) -> Table:
    found = Table(
        title=f"{DEVICES:,} devices, {VIEWERS} viewers, {GEOFENCES:,} geofences; medians of {rounds} x {seconds:g} s",
        caption="us: CPU of the server process per fix; PG: of PostgreSQL. The floor has no viewers and no geofences.",
    )
    for column in (
        "",
        "offered/s",
        "floor us",
        "us",
        "ratio",
        "goal",
        "PG us",
        "fixes/s",
        "core",
        "p50 / p99 ms",
        "B/fix",
        "load",
    ):
        found.add_column(column, justify="left" if not column else "right")
    for result in results:
        found.add_row(*row(result))
    return found


def row(result: Result) -> list[str]:
    floor, ours = result["floor"], result["ours"]
    rate = ours["fixes"] / ours["seconds"] if result["rate"] else ours["rate"]
    floor_rate = "" if result["rate"] else f" ({floor['rate']:,.0f})"
    return [
        result["name"],
        f"{result['rate']:,}" if result["rate"] else "all it takes",
        f"{floor['us']:.2f}",
        f"{ours['us']:.2f}",
        f"{result['ratio']:.2f}",
        result["goal"],
        f"{floor['postgres_us']:.1f} / {ours['postgres_us']:.1f}",
        f"{rate:,.0f}{floor_rate}",
        f"{ours['core']:.0%}",
        latency(result),
        f"{ours['bytes_per_fix']:.0f}",
        f"{result['load']:.1f}",
    ]


def latency(result: Result) -> str:
    """Batches are of an earlier hour: their age says nothing."""
    if result["fixes"] > 1:
        return ""
    ours = result["ours"]
    alert = f", alert {ours['alert_p50_ms']:.1f} / {ours['alert_p95_ms']:.1f}" if "alert_p50_ms" in ours else ""
    return f"{ours['viewers_p50_ms']:.0f} / {ours['viewers_p99_ms']:.0f}{alert}"
