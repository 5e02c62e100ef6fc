"""Score: events against the truth, one to one."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from bench.noise.truth import Crossing, Kind

WINDOW: Final = 120.0  # s: an event this far from a crossing is not its event
AT_ONCE: Final = 30.0  # s: a crossing that took longer says nothing of delay


class Told(NamedTuple):
    """One event, in seconds: of what time it speaks, with what uncertainty, and the fix with which it was decided.

    What was passed through between two fixes is two: an enter and an exit."""

    kind: Kind
    at: float
    plus_minus: float | None
    decided: float


class Score(NamedTuple):
    """`unseen`: those of the missed that even fixes without error would not show. `delays` and `errors` in seconds, one
    for each event that has its crossing and time; `claims`: for each that said its uncertainty, whether the error was
    within it."""

    real: int = 0
    missed: int = 0
    unseen: int = 0
    false: int = 0
    delays: tuple[float, ...] = ()
    errors: tuple[float, ...] = ()
    claims: tuple[bool, ...] = ()


def together(a: Score, b: Score) -> Score:
    return Score(
        a.real + b.real,
        a.missed + b.missed,
        a.unseen + b.unseen,
        a.false + b.false,
        a.delays + b.delays,
        a.errors + b.errors,
        a.claims + b.claims,
    )


def score(crossings: Sequence[Crossing], told: Sequence[Told]) -> Score:
    """Of one device and one area. What is nearest to each other belongs together."""
    pairs = matched(crossings, told)
    wanted = [number for number, crossing in enumerate(crossings) if not crossing.optional]
    timed = [(crossings[number], told[event]) for number, event in sorted(pairs.items()) if is_timed(crossings[number])]
    missed = [number for number in wanted if number not in pairs]
    errors = [(abs(event.at - crossing.at), event.plus_minus) for crossing, event in timed]
    return Score(
        len(wanted),
        len(missed),
        sum(not crossings[number].seen for number in missed),
        len(told) - len(pairs),
        tuple(event.decided - crossing.at for crossing, event in timed),
        tuple(error for error, _ in errors),
        tuple(error <= claim for error, claim in errors if claim is not None),
    )


def is_timed(crossing: Crossing) -> bool:
    return not crossing.optional and crossing.last - crossing.first < AT_ONCE


def matched(crossings: Sequence[Crossing], told: Sequence[Told]) -> dict[int, int]:
    """Crossing number -> event number."""
    near = sorted(
        (distance, number, event)
        for number, crossing in enumerate(crossings)
        for event, each in enumerate(told)
        if each.kind == crossing.kind and (distance := away(crossing, each)) <= WINDOW
    )
    pairs: dict[int, int] = {}
    taken = set[int]()
    for _, number, event in near:
        if number not in pairs and event not in taken:
            pairs[number] = event
            taken.add(event)
    return pairs


def away(crossing: Crossing, told: Told) -> float:
    """Seconds from the time in which it may be told, by the event's own time or by that of its deciding fix."""
    return min(max(crossing.first - at, at - crossing.last, 0.0) for at in (told.at, told.decided))


def percentile(values: Sequence[float], share: float) -> float | None:
    return float(np.percentile(values, share)) if values else None
