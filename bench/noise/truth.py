"""The truth: when a way crosses the border of an area. Four looks a second, straight in between.

Not every crossing of the line is worth telling. A stay inside, or an absence, is optional if it lasts less than 3 s, if
it is over within a minute without getting 10 m from the border, or if it never gets 2 m from it, however long (parked
on the border). An optional one may be told once or not at all. So may what happens in the last two
minutes of a track: nothing comes that could confirm it.
"""

from itertools import pairwise
from typing import Final, Literal, NamedTuple

import numpy as np

from bench.noise.areas import Area
from bench.noise.plane import Floats
from bench.noise.ways import Way

STEP: Final = 0.25  # s
BRIEF: Final = 3.0  # s
GRAZING_S, GRAZING_M = 60.0, 10.0
ON_BORDER: Final = 2.0  # m
ENDING: Final = 120.0  # s

Kind = Literal["enter", "exit"]


class Crossing(NamedTuple):
    """In seconds. From `first` to `last` the device is so near the border that nobody can say when it was crossed; for
    an optional one it is all of the stay or absence that makes it so. `seen`: fixes without error would show it, by one
    of them or by the straight way between two."""

    kind: Kind
    at: float
    first: float
    last: float
    optional: bool
    seen: bool = True


class Stretch(NamedTuple):
    """Looks `begin` to `end`, the last not included, that are all on one side of the border."""

    inside: bool
    begin: int
    end: int


def crossings(way: Way, area: Area, moments: Floats) -> list[Crossing]:
    """`moments`: when there is a fix, in seconds. Beginning inside counts as entering then."""
    t = np.arange(moments[0], moments[-1], STEP)
    depth, straight = area.depth(*way.at(t)), area.depth(*way.seen_at(moments).at(t))
    stretches = sides(depth)
    found = [crossing(t, depth, stretches, number) for number in range(len(stretches))]
    traces = [is_traced(straight, stretch, moments, t) for stretch in stretches]
    seen = [traces[max(0, number - 1)] and traces[number] for number in range(len(stretches))]
    told = [each._replace(seen=shows) for each, shows in zip(found, seen, strict=True)]
    return told if stretches[0].inside else told[1:]


def is_traced(straight: Floats, stretch: Stretch, moments: Floats, t: Floats) -> bool:
    """Whether the way drawn straight from fix to fix is on its side, somewhere from the fix before to the fix after."""
    begin = np.searchsorted(moments, t[stretch.begin], "right") - 1
    end = min(np.searchsorted(moments, t[stretch.end - 1]), len(moments) - 1)
    then = straight[(t >= moments[begin]) & (t <= moments[end])]
    return bool(((then >= 0) == stretch.inside).any())


def sides(depth: Floats) -> list[Stretch]:
    inside = depth >= 0
    cuts = [0, *(np.flatnonzero(inside[1:] != inside[:-1]) + 1).tolist(), len(depth)]
    return [Stretch(bool(inside[a]), a, b) for a, b in pairwise(cuts)]


def crossing(t: Floats, depth: Floats, stretches: list[Stretch], number: int) -> Crossing:
    """That which begins this stretch. It is optional if what lies on either side of it is."""
    here = stretches[number]
    at = t[here.begin] if number == 0 else between(t, depth, here.begin)
    beside = [each for each in stretches[max(0, number - 1) : number + 1] if is_optional(t, depth, each, stretches)]
    first, last = near_border(t, depth, here.begin)
    for each in beside:
        first, last = min(first, t[each.begin]), max(last, t[each.end - 1])
    return Crossing(
        "enter" if here.inside else "exit", float(at), float(first), float(last), bool(beside) or at > t[-1] - ENDING
    )


def between(t: Floats, depth: Floats, number: int) -> float:
    """When depth was 0, before this look."""
    a, b = depth[number - 1], depth[number]
    return float(t[number - 1] + STEP * a / (a - b))


def is_optional(t: Floats, depth: Floats, stretch: Stretch, stretches: list[Stretch]) -> bool:
    if stretch in (stretches[0], stretches[-1]):
        return False  # how long it was, and how far it led, is not known
    seconds = t[stretch.end - 1] - t[stretch.begin] + STEP
    furthest = np.abs(depth[stretch.begin : stretch.end]).max()
    return bool(seconds < BRIEF or furthest < ON_BORDER or (seconds < GRAZING_S and furthest < GRAZING_M))


def near_border(t: Floats, depth: Floats, number: int) -> tuple[float, float]:
    """How long it was within 2 m of the border around this look."""
    far = np.flatnonzero(np.abs(depth) > ON_BORDER)
    place = np.searchsorted(far, number)
    before = far[place - 1] if place else 0
    after = far[place] if place < len(far) else len(t) - 1
    return float(t[before]), float(t[after])
