"""Vehicles drive on roads, within what cars can do, and the same seed always gives the same drive."""

import math
import random
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tracker.geo.distance import distance
from tracker.simulator.roads import load_roads
from tracker.simulator.vehicle import SLOW_DOWN, Vehicle, drive

START = 1_764_000_000_000
ROADS = load_roads()


@settings(max_examples=examples(20))
@given(seed=st.integers(0, 10**9), looks=st.lists(st.integers(0, 90_000), min_size=1, max_size=8))
def test_the_truth_does_not_depend_on_who_looks_when(seed: int, looks: list[int]) -> None:
    """Looked at every second or only now and then: the same truth, the same noise, the same fixes."""
    moments = sorted(looks)
    often, seldom = Vehicle(ROADS, seed, 3, START), Vehicle(ROADS, seed, 3, START)
    seen = {at: often.measure(START + at) for at in sorted({*range(0, 91_000, 1000), *moments})}
    assert [seldom.measure(START + at) for at in moments] == [seen[at] for at in moments]


def test_seeds_and_numbers_make_different_vehicles() -> None:
    vehicles = [Vehicle(ROADS, seed, number, START) for seed in (1, 2) for number in range(50)]
    assert len({vehicle.truth(START)[:2] for vehicle in vehicles}) > 80


@pytest.mark.parametrize("seed", range(5))
def test_it_stays_on_the_roads_and_drives_like_a_car(seed: int) -> None:
    truths = list(islice(drive(ROADS, random.Random(seed)), 3000))
    for before, after in pairwise(truths):
        moved = distance(before.lon, before.lat, after.lon, after.lat)
        assert moved <= after.speed * 1.01 + 0.2 or (after.speed == 0 and moved < 13)
        assert -4 * SLOW_DOWN <= after.speed - before.speed <= 2.1 or after.speed == 0
        assert 0 <= after.speed < 40 / 3.6 * 1.1 + 0.1
    driven = sum(truth.speed for truth in truths)
    assert driven > 3000, "it hardly moves"
    assert any(truth.speed == 0 for truth in truths[5:]), "it never stops"
    assert len({(round(truth.lon, 3), round(truth.lat, 3)) for truth in truths}) > 25, "it goes in circles"


def test_noise_is_as_large_as_the_receiver_says_and_wanders() -> None:
    errors, steps, stated = [], [], []
    for number in range(20):
        vehicle = Vehicle(ROADS, 7, number, START)
        last = None
        for second in range(300):
            at = START + 1000 * second
            fix, truth = vehicle.measure(at), vehicle.truth(at)
            error = distance(fix.lon, fix.lat, truth.lon, truth.lat)
            errors.append(error)
            stated.append(fix.accuracy or 0)
            if last is not None:
                steps.append(abs(error - last))
            last = error
    mean = sum(errors) / len(errors)
    assert 2 < mean < 9
    inside = sum(error <= accuracy for error, accuracy in zip(errors, stated, strict=True)) / len(errors)
    assert 0.5 < inside < 0.9, "the stated accuracy should hold for about two fixes of three"
    assert sum(steps) / len(steps) < mean / 2, "errors jump"
    assert min(stated) > 0 and max(stated) > 8


def test_fixes_are_what_a_device_may_send() -> None:
    vehicle = Vehicle(ROADS, 1, 0, START)
    for second in range(600):
        fix = vehicle.measure(START + 1000 * second)
        assert fix.heading is None or 0 <= fix.heading < 360
        assert fix.speed is not None and fix.speed >= 0
        assert fix.battery is not None and 0 <= fix.battery <= 1
    assert Vehicle(ROADS, 1, 0, START, battery=False).measure(START).battery is None


def test_the_roads_lead_everywhere_and_say_true_lengths() -> None:
    seen, new = {0}, [0]
    while new:
        new = [road.end for node in new for road in ROADS.leaving[node] if road.end not in seen]
        seen.update(new)
    assert len(seen) == len(ROADS.places) == 1808
    total = 0.0
    for roads in ROADS.leaving:
        for road in roads:
            metres = distance(*ROADS.places[road.start], *ROADS.places[road.end])
            assert math.isclose(metres, road.length, rel_tol=0.01, abs_tol=0.2)
            total += road.length
    assert total == pytest.approx(41_000, rel=0.02)
