"""Offline and online, as scenarios: when fixes were received, when the clock was looked at, and what was told."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from tests.moments import MONDAY
from tracker.geofence.fences import Fences
from tracker.ingest.silences import Silences
from tracker.ingest.wakes import GRACE_US
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import Fix, Flag
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.elapse import elapse
from tracker.pipeline.question import Question
from tracker.pipeline.silence import LEAST_S, MISSED, decide_silence

BEGIN = MONDAY // 1000  # s
NONE = Fences()
GRACE = GRACE_US / 1e6


class Heard(NamedTuple):
    """A fix that came `at` (s) and had been measured so many seconds before."""

    at: float
    age: float = 0.0
    flags: int = 0


class Look(NamedTuple):
    """The clock rings, as it does each second."""

    at: float


class Set(NamedTuple):
    """The interval is another one."""

    at: float
    interval: float | None


class Learn(NamedTuple):
    """How often it usually reports is known: at every hour of the day but the next."""

    gap: float | None


class Start(NamedTuple):
    """A process takes over, with the states of the one before."""

    at: float


Step = Heard | Look | Set | Learn | Start
TOO_LONG = 3 * 60 + GRACE


class Watch:
    """One device as the log watches it."""

    def __init__(self, interval: float | None) -> None:
        self.device = Device(1, "van", "Van", interval=interval)
        self.state = State()
        self.silences = Silences()
        self.told: list[Transition] = []

    def play(self, step: Step) -> None:
        now = 0 if isinstance(step, Learn) else us(step.at)
        match step:
            case Heard(at, age, flags):
                fix = Fix(round((BEGIN + at - age) * 1000), 100_000_000, 500_000_000, flags=flags)
                done = advance(self.device, self.state, Question(fix, now, frozenset(), ()), NONE)
                self.state = done.state
                self.told += done.transitions
                if self.device.key not in self.silences.look_at:
                    self.silences.put(self.device, self.state)
            case Look():
                devices, states = {1: self.device}, {1: self.state}
                for _ in self.silences.ring(now, devices, states):
                    since, rhythm = self.silences.counted_from(1), self.silences.rhythms.get(1)
                    self.state, told = decide_silence(self.device, self.state, now - GRACE_US, since, rhythm)
                    self.told += told
            case Set(_, interval):
                self.device = Device(1, "van", "Van", interval=interval)
                self.silences.changed(self.device, self.state, now)
            case Learn(gap):
                next_hour = (BEGIN // 3600 + 1) % 24
                rhythm = tuple(None if hour == next_hour else gap for hour in range(24))
                self.silences.learn(self.device, rhythm if gap else None, self.state)
            case Start():
                self.silences = Silences()
                self.silences.since = now
                self.silences.put(self.device, self.state)


def us(seconds: float) -> int:
    return round((BEGIN + seconds) * 1e6)


SCENARIOS: dict[str, tuple[float | None, Sequence[Step], list[str]]] = {
    "in time": (60, [Heard(n * 60.0) for n in range(10)] + [Look(600)], []),
    "not a moment too early": (60, [Heard(0), Look(180), Look(TOO_LONG - 0.001)], []),
    "three intervals": (60, [Heard(0), Look(TOO_LONG), Look(500)], ["offline 180"]),
    "thirty seconds at least": (1, [Heard(0), Look(29 + GRACE), Look(30 + GRACE)], ["offline 30"]),
    "longer than usual": (None, [Heard(0), Learn(900), Look(2700), Look(2700 + GRACE)], ["silent 2700"]),
    "half an hour at least": (None, [Learn(5), Heard(0), Look(1799 + GRACE), Look(1800 + GRACE)], ["silent 1800"]),
    "an hour of which too little is known": (None, [Learn(5), Heard(3600), Look(90_000)], []),
    "nothing is known any more": (None, [Learn(5), Heard(0), Learn(None), Look(90_000)], []),
    "what somebody said counts": (60, [Learn(900), Heard(0), Look(TOO_LONG)], ["offline 180"]),
    "and it is heard again": (None, [Learn(5), Heard(0), Look(2000), Heard(2100)], ["silent 1800", "online 2100"]),
    "nothing is expected": (None, [Heard(0), Look(90_000)], []),
    "it never said anything": (60, [Look(90_000)], []),
    "once per outage, once per recovery": (
        60,
        [Heard(0), Look(200), Look(201), Look(900), Heard(1000), Heard(1001), Look(1100), Heard(1160), Look(1360)],
        ["offline 180", "online 1000", "offline 1340"],
    ),
    "a clock that is behind": (60, [Heard(0, 500), Look(200)], ["offline -320"]),
    "an entry left where it was is put further on": (60, [Heard(0), Heard(150), Look(200), Look(400)], ["offline 330"]),
    "a late fix is heard": (60, [Heard(0), Heard(100, 500), Look(200), Look(300)], ["offline 280"]),
    "a fix that is not believed is heard": (60, [Heard(0), Heard(100, 0, Flag.NULL_ISLAND), Look(200)], []),
    "a late fix ends the outage": (60, [Heard(0), Look(200), Heard(300, 400)], ["offline 180", "online 300"]),
    "so does one that is not believed": (
        60,
        [Heard(0), Look(200), Heard(300, 0, Flag.LOW_ACCURACY)],
        ["offline 180", "online 300"],
    ),
    "fixes that were kept meanwhile": (
        60,
        [Heard(0), Look(200), *(Heard(300, 300.0 - n) for n in range(1, 300))],
        ["offline 180", "online 300"],
    ),
    "the server was down": (60, [Heard(0), Start(3600), Look(3601), Heard(3610), Look(3700)], []),
    "the server was down and the device is gone": (60, [Heard(0), Start(3600), Look(3800)], ["offline 3780"]),
    "a restart in an outage": (
        60,
        [Heard(0), Look(200), Start(300), Look(600), Heard(700), Start(701), Look(800)],
        ["offline 180", "online 700"],
    ),
    "an interval for a silent device": (None, [Heard(0), Set(5000, 60), Look(5001), Look(5200)], ["offline 5180"]),
    "a shorter interval": (3600, [Heard(0), Set(100, 60), Look(200), Look(300)], ["offline 280"]),
    "a longer interval": (60, [Heard(0), Set(100, 3600), Look(200), Look(10_910)], ["offline 10900"]),
    "no interval any more": (60, [Heard(0), Set(100, None), Look(200), Look(90_000)], []),
    "no interval any more, in an outage": (
        60,
        [Heard(0), Look(200), Set(300, None), Look(400), Heard(500), Look(9_000)],
        ["offline 180", "online 500"],
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_silence(name: str) -> None:
    interval, steps, told = SCENARIOS[name]
    watch = Watch(interval)
    for step in steps:
        watch.play(step)
    assert [f"{each.kind} {each.at / 1000 - BEGIN:g}" for each in watch.told] == told
    assert len({each.happening for each in watch.told}) == len(watch.told)


def test_evidence_says_how_long_and_by_what() -> None:
    watch = Watch(60)
    for step in (Heard(0), Look(200), Heard(1000)):
        watch.play(step)
    offline, online = (each.evidence for each in watch.told)
    assert (offline.by, offline.interval_s, offline.silent_s, len(offline.fixes)) == ("clock", 60, 180, 1)
    assert (online.by, online.silent_s, len(online.fixes)) == (None, 1000, 1)


def test_where_it_is_heard_again_is_no_place_that_is_not_believed() -> None:
    watch = Watch(60)
    for step in (Heard(0), Look(200)):
        watch.play(step)
    nowhere = Fix((BEGIN + 300) * 1000, 0, 0, flags=Flag.NULL_ISLAND)
    told = advance(watch.device, watch.state, Question(nowhere, us(300), frozenset(), ()), NONE).transitions
    assert [(each.kind, each.fix.lon) for each in told] == [("online", 10.0)]


def test_a_fix_costs_no_entry_and_a_deleted_device_none() -> None:
    watch = Watch(1)
    for second in range(100):
        watch.play(Heard(float(second)))
        watch.play(Look(float(second)))
    assert len(watch.silences.heap) == 1
    watch.silences.forget(1)
    watch.play(Look(5000))
    assert not watch.told and not watch.silences.heap


def test_an_outage_changes_nothing_else() -> None:
    watch = Watch(60)
    watch.play(Heard(0))
    state, _ = elapse(watch.device, watch.state, (BEGIN + 900) * 1000, NONE)
    state, _ = decide_silence(watch.device, state, us(900), 0)
    assert state.offline_at is not None and state.newest is watch.state.newest
    assert MISSED * 60 > LEAST_S
