"""The tables, in Markdown."""

from collections.abc import Iterable, Sequence
from functools import reduce

from bench.noise.bus import Ride
from bench.noise.run import PRESETS, Result
from bench.noise.score import Score, percentile, together
from tracker.model.geofence import Preset

HEAD = """\
| what | preset | crossings | missed | no trace | false | delay, s | time wrong by, s | within ± |
|---|---|---:|---:|---:|---:|---:|---:|---:|"""
BUS = """\
| preset | visits | enters | exits | told again | of no visit | visits not told |
|---|---:|---:|---:|---:|---:|---:|"""


def table(results: Iterable[Result]) -> str:
    results = list(results)
    lines = [HEAD]
    for result in results:
        lines += [
            row(f"{result.scenario}, {result.hours:.0f} h" if preset == PRESETS[0] else "", preset, scored)
            for preset, scored in result.scores.items()
        ]
    for preset in PRESETS:
        total = reduce(together, (result.scores[preset] for result in results))
        lines.append(row("**all**" if preset == PRESETS[0] else "", preset, total))
    return "\n".join(lines)


def bus_table(rides: Iterable[tuple[Preset, Ride]]) -> str:
    return "\n".join([BUS, *(bus_row(preset, ride) for preset, ride in rides)])


def bus_row(preset: Preset, ride: Ride) -> str:
    unseen = ", ".join(f"one, {depth:.0f} m deep" for depth in ride.unseen) or "0"
    cells = (preset, ride.visits, ride.enters, ride.exits, ride.repeats, ride.stray, unseen)
    return "| " + " | ".join(map(str, cells)) + " |"


def row(name: str, preset: Preset, found: Score) -> str:
    sure = f"{sum(found.claims) / len(found.claims):.0%}" if found.claims else ""
    cells = (
        name,
        preset,
        str(found.real),
        str(found.missed),
        str(found.unseen or ""),
        str(found.false),
        spread(found.delays),
        spread(found.errors),
        sure,
    )
    return "| " + " | ".join(cells) + " |"


def spread(values: Sequence[float]) -> str:
    low, high = percentile(values, 50), percentile(values, 95)
    return "" if low is None or high is None else f"{low:.1f} / {high:.1f}"
