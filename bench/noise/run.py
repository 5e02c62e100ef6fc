"""Run: every scenario with every preset."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from bench.noise.engine import told
from bench.noise.plane import seconds
from bench.noise.scenarios import SCENARIOS, Scenario
from bench.noise.score import Score, score, together
from bench.noise.truth import crossings
from tracker.model.geofence import Preset

SEED: Final = 20261123
PRESETS: Final[tuple[Preset, ...]] = ("strict", "balanced", "calm")
STRIDE: Final = 1000  # keys of one preset's geofences


class Result(NamedTuple):
    scenario: str
    hours: float
    fixes: int
    scores: dict[Preset, Score]


def results() -> Iterator[Result]:
    for number, scenario in enumerate(SCENARIOS):
        yield measured(scenario, SEED + number)


def measured(scenario: Scenario, seed: int) -> Result:
    """All presets see the same fixes, each area being there once for each of them."""
    rng = np.random.default_rng(seed)
    scores, count, time = dict.fromkeys(PRESETS, Score()), 0, 0.0
    for _ in range(scenario.tracks):
        way, areas = scenario.ground(rng)
        fixes = scenario.fixes(way, rng)
        fences = [
            area.geofence(STRIDE * group + key, preset)
            for group, preset in enumerate(PRESETS)
            for key, area in enumerate(areas)
        ]
        found = told(fixes, fences)
        moments = np.array([seconds(fix.at) for fix in fixes])
        for key, area in enumerate(areas):
            truth = crossings(way, area, moments)
            for group, preset in enumerate(PRESETS):
                scores[preset] = together(scores[preset], score(truth, found[STRIDE * group + key]))
        count, time = count + len(fixes), time + moments[-1] - moments[0]
    return Result(scenario.name, float(time) / 3600, count, scores)
