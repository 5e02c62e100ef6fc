"""Near and apart: ways of two devices as data, and what was told of them; and the laws that hold for any ways."""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.moments import MONDAY
from tracker.geofence.fences import Fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import E7, Fix, Row
from tracker.model.frame import Frame
from tracker.model.geofence import Preset
from tracker.model.pair import Meeting, Pair
from tracker.model.state import State
from tracker.pipeline.fold import Grounds, StoredFixes, fold
from tracker.pipeline.nearness import meet, see

BEGIN = MONDAY // 1000  # s
NONE = Fences()
EAST_M = 71_696.0  # metres in a degree of longitude at 50 N
A, B = 1, 2
DEVICES = {A: Device(A, "a", "A"), B: Device(B, "b", "B")}


class Sent(NamedTuple):
    """One fix, received when it was measured unless `age` (s) says else. `east` in metres."""

    at: float
    device: int
    east: float
    accuracy: float | None = None
    speed: float | None = None
    age: float = 0.0


class States(dict[int, State]):
    def __missing__(self, device: int) -> State:
        return State()


class Road:
    """Two devices, as a log keeps them."""

    def __init__(self, distance: float, preset: Preset, keys: tuple[int, int] = (A, B)) -> None:
        names = DEVICES[keys[0]].id, DEVICES[keys[1]].id
        pair = Pair(1, "pair", names, keys, distance, preset)
        self.meetings = {pair.key: Meeting(pair)}
        self.by_device = {A: [pair.key], B: [pair.key]}
        self.states = States()
        self.stamp = 0
        self.told: list[Transition] = []

    def take(self, sent: Sequence[Sent]) -> None:
        """In one batch."""
        frames = [Frame(each.device, 1, us(each.at), [fix_of(each)]) for each in sent]
        folded = fold(frames, self.states, StoredFixes(), Grounds(DEVICES, NONE), self.stamp)
        met = meet(folded.rows, self.meetings, self.by_device)
        self.stamp = folded.stamp
        self.states.update(folded.states)
        self.meetings.update(met.meetings)
        self.told += met.transitions


def us(seconds: float) -> int:
    return round((BEGIN + seconds) * 1e6)


def fix_of(sent: Sent) -> Fix:
    at = round((BEGIN + sent.at - sent.age) * 1000)
    return Fix(at, round(sent.east / EAST_M * E7), 50 * E7, speed=sent.speed, accuracy=sent.accuracy)


def told_of(sent: Sequence[Sent], distance: float, preset: Preset, keys: tuple[int, int] = (A, B)) -> list[str]:
    road = Road(distance, preset, keys)
    for each in sent:
        road.take([each])
    return [f"{each.kind} {each.at / 1000 - BEGIN:g}" for each in road.told]


def standing(at: Sequence[float], east: float, device: int = B, **more: float) -> list[Sent]:
    return [Sent(each, device, east, **more) for each in at]


HERE = Sent(0, A, 0)
SCENARIOS: dict[str, tuple[Preset, Sequence[Sent], list[str]]] = {
    "strict: the distance is near": ("strict", [HERE, Sent(1, B, 99.9), Sent(2, B, 101)], ["near 1", "apart 2"]),
    "strict: nobody moves": ("strict", [HERE, *standing(range(1, 9), 50)], ["near 1"]),
    "apart from the beginning": ("balanced", [HERE, *standing(range(1, 90), 500)], []),
    "balanced: two fixes over five seconds": ("balanced", [HERE, *standing((1, 3, 5), 50)], []),
    "balanced: as of the first of them": ("balanced", [HERE, *standing((1, 3, 6), 50)], ["near 1"]),
    "either of the two may say so": (
        "balanced",
        [HERE, Sent(1, B, 50), Sent(2, A, 0), Sent(6, A, 0), Sent(7, B, 50)],
        ["near 1"],
    ),
    "calm: three over half a minute": ("calm", [HERE, *standing((1, 20, 31), 50)], ["near 1"]),
    "one that is clear on the other side ends it": (
        "balanced",
        [HERE, Sent(1, B, 50), Sent(2, B, 500), Sent(8, B, 50), Sent(10, B, 50)],
        [],
    ),
    "between near and apart nothing is said": (
        "balanced",
        [HERE, *standing((1, 6), 90), *standing((11, 16), 103), *standing((21, 26), 106), *standing((31, 36), 103)],
        ["near 1", "apart 21"],
    ),
    "accuracy counts": ("balanced", [HERE, *standing((1, 6), 80, accuracy=30)], []),
    "but half of the distance must do": (
        "balanced",
        [Sent(0, A, 0, accuracy=45.0), *standing((1, 6), 49, accuracy=45.0)],
        ["near 1"],
    ),
    "too rough says nothing of being near": ("balanced", [HERE, *standing((1, 6), 0, accuracy=101)], []),
    "rough and far is apart": (
        "balanced",
        [HERE, *standing((1, 6), 50), *standing((11, 16), 1400, accuracy=900)],
        ["near 1", "apart 11"],
    ),
    "five minutes are together": ("strict", [HERE, Sent(300, B, 10)], ["near 300"]),
    "a silent device says nothing": ("strict", [HERE, Sent(301, B, 10), Sent(302, B, 900)], []),
    "and is not left": ("strict", [HERE, Sent(1, B, 10), Sent(302, B, 900)], ["near 1"]),
    "one that was fast and is silent may be elsewhere": (
        "balanced",
        [Sent(0, A, 0, speed=30.0), *standing((100, 110), 10)],
        [],
    ),
    "late fixes decide nothing": (
        "strict",
        [HERE, Sent(100, B, 900), Sent(101, B, 10, age=50), Sent(102, A, 10, age=101)],
        [],
    ),
    "an impossible jump decides nothing until it is believed": (
        "strict",
        [HERE, Sent(1, B, 90_000), Sent(2, B, 0), Sent(3, B, 0), Sent(4, B, 0)],
        ["near 4"],
    ),
    "across a day": (
        "balanced",
        [HERE, *standing((1, 6), 9), Sent(86_400, A, 0), *standing((86_401, 86_407), 900)],
        ["near 1", "apart 86401"],
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_nearness(name: str) -> None:
    preset, sent, told = SCENARIOS[name]
    assert told_of(sent, 100, preset) == told


def drive(chance: random.Random, noise: float, speed: float) -> Iterator[Sent]:
    """Towards each other, past, and away; one begins half a second after the other."""
    for second in range(240):
        for device, way, later in ((A, 1, 0.0), (B, -1, 0.5)):
            east = way * (speed * (second + later) - 120 * speed)
            yield Sent(second + later, device, east + chance.gauss(0, noise), accuracy=noise, speed=speed)


@pytest.mark.parametrize("preset", ["balanced", "calm"])
@pytest.mark.parametrize("speed", [1.5, 15.0])
def test_g17_two_devices_meet_and_part(preset: Preset, speed: float) -> None:
    for seed in range(2):
        told = told_of(list(drive(random.Random(seed), 5.0, speed)), 40 * speed, preset)
        assert [each.split()[0] for each in told] == ["near", "apart"], seed


def test_two_that_stand_at_the_very_distance_do_not_flap() -> None:
    counts: dict[Preset, int] = {}
    for preset in ("strict", "balanced", "calm"):
        chance = random.Random(7)
        sent = [Sent(n, (A, B)[n % 2], (n % 2) * 200 + chance.gauss(0, 8), accuracy=10.0) for n in range(400)]
        counts[preset] = len(told_of(sent, 200, preset))
    assert counts["strict"] > 9 and counts["balanced"] <= 1 and counts["calm"] <= 1, counts


def test_evidence_names_both_and_their_fixes() -> None:
    road = Road(100, "balanced")
    road.take([HERE, Sent(1, B, 50, accuracy=5.0), Sent(7, A, 3)])
    (near,) = road.told
    assert (near.device, near.other, near.geofence, near.fix.at) == (A, B, 0, BEGIN * 1000)
    evidence = near.evidence
    assert (evidence.other, evidence.limit, evidence.preset, evidence.confirmed_after_s) == ("b", 100, "balanced", 6)
    assert evidence.distance == pytest.approx(50, abs=0.2)
    assert [each.device for each in evidence.fixes] == ["a", "b", "a", "b"]


@pytest.mark.parametrize(("device", "seen", "stamp"), [(A, (9, 7), 9), (B, (5, 9), 5)])
def test_until_when_a_pair_is_folded_is_kept_for_each_of_two_owners(
    device: int, seen: tuple[int, int], stamp: int
) -> None:
    pair = Pair(1, "pair", ("a", "b"), (A, B), 100, "strict")
    after, _ = see(Meeting(pair, seen=(5, 7)), Row(device, 9, fix_of(HERE)))
    assert (after.seen, after.stamp) == (seen, stamp)
    assert see(Meeting(pair), Row(device, 9, fix_of(HERE)))[0].seen is None, "one owner has one counter"


sent_at = st.tuples(
    st.sampled_from([0, 1, 2, 5, 30, 200, 301]),
    st.sampled_from([A, B]),
    st.sampled_from([0.0, 40.0, 98.0, 103.0, 300.0]),
    st.sampled_from([None, 5.0, 150.0]),
    st.sampled_from([None, 0.0, 20.0]),
    st.sampled_from([0.0] * 6 + [3.0, 250.0]),
)
ways = st.lists(sent_at, max_size=40)
presets = st.sampled_from(["strict", "balanced", "calm"])


Drawn = tuple[int, int, float, float | None, float | None, float]


def stream(steps: Sequence[Drawn]) -> list[Sent]:
    """No moment of a device twice."""
    at, sent = 0.0, dict[tuple[int, float], Sent]()
    for wait, device, east, accuracy, speed, age in steps:
        at += wait
        sent.setdefault((device, at - age), Sent(at, device, east, accuracy, speed, age))
    return list(sent.values())


@settings(max_examples=examples(50))
@given(ways, presets)
def test_near_and_apart_alternate_in_time(steps: Sequence[Drawn], preset: Preset) -> None:
    road = Road(100, preset)
    road.take(stream(steps))
    assert [each.kind for each in road.told] == [("near", "apart")[n % 2] for n in range(len(road.told))]
    assert all(a.at < b.at for a, b in pairwise(road.told))
    assert len({(each.device, each.happening) for each in road.told}) == len(road.told)


@settings(max_examples=examples(50))
@given(ways, presets, st.lists(st.integers(0, 40), max_size=5))
def test_neither_batches_nor_the_order_in_the_pair_change_anything(
    steps: Sequence[Drawn], preset: Preset, cuts: list[int]
) -> None:
    sent = stream(steps)
    whole, parts, turned = Road(100, preset), Road(100, preset), Road(100, preset, (B, A))
    whole.take(sent)
    turned.take(sent)
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    for begin, end in pairwise(edges):
        parts.take(sent[begin:end])
    assert parts.told == whole.told and parts.meetings == whole.meetings
    assert turned.told == whole.told
