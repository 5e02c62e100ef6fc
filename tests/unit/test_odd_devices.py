"""What odd devices send: a clock that ran ahead and is set right, weeks lost count of, a 0 that means unknown."""

import pytest

from tests.geofence.test_decide import AT, VAN, around, fix, seconds
from tracker.geofence.fences import Fences
from tracker.model.event import Transition
from tracker.model.fix import Fix, Flag, Row
from tracker.model.frame import Frame
from tracker.model.moment import DAY_MS
from tracker.model.position import Status
from tracker.model.reading import Reading
from tracker.model.state import State
from tracker.pipeline.accept import Refused, accept
from tracker.pipeline.fold import Folded, Grounds, StoredFixes, find_ambiguous, fold
from tracker.pipeline.lineup import list_before, list_fixes
from tracker.pipeline.motion import decide_status
from tracker.pipeline.refold import find_start, refold

AHEAD_S = 540


class Server:
    """What is kept of one device. `send`: by a clock that is so many seconds ahead of ours."""

    def __init__(self, fences: Fences) -> None:
        self.fences = fences
        self.state = State()
        self.rows: list[Row] = []
        self.told: list[Transition] = []

    def send(self, second: float, east: float, ahead: int = 0) -> None:
        now = AT + round(second * 1000)
        measured = fix((second + ahead, east, 5.0))
        made = accept(measured.at, measured.lon, measured.lat, now, Reading(accuracy=5.0))
        frames, states = [Frame(1, 1, now * 1000, [made])], {1: self.state}
        stored = {(1, row.fix.at): (row.fix.lon_e7, row.fix.lat_e7) for row in self.rows}
        found = {moment: stored[moment] for moment in find_ambiguous(frames, states) if moment in stored}
        asked = self.fences.ask(list_fixes(frames), list_before(frames, states))
        self.take(fold(frames, states, StoredFixes(found), Grounds({1: VAN}, self.fences, asked), self.state.stamp))

    def take(self, folded: Folded) -> None:
        self.state = folded.states.get(1, self.state)
        self.rows += folded.rows
        self.told += [each for each in folded.transitions if each.is_told]


@pytest.mark.parametrize("preset", ["strict", "balanced"])
def test_a_clock_that_ran_ahead_and_is_set_right_holds_nothing_up(preset: str) -> None:
    server = Server(around(preset))
    for second in range(0, 60, 10):
        server.send(second, 1.0, AHEAD_S)  # 0, 0 would be no place
    assert all(row.fix.flags == Flag.CLOCK_SKEW for row in server.rows)
    for n in range(10):
        server.send(60 + 10 * n, 60.0 * n + 1)
        newest = server.state.newest
        assert newest is not None and newest.at == AT + (60 + 10 * n) * 1000, "the marker goes on at once"
    assert [each.kind for each in server.told] == ["enter", "exit"]
    assert seconds(server.told)[1][1] <= 90, "within seconds of the second clear fix"
    assert not any(row.fix.flags & Flag.LATE for row in server.rows)


def test_a_late_fix_is_not_folded_in_among_fixes_from_ahead() -> None:
    server = Server(around("strict"))
    for second in range(0, 60, 10):
        server.send(second, 1.0, AHEAD_S)  # 0, 0 would be no place
    for n in range(80):  # until the time has come that the fast clock told
        server.send(60 + 10 * n, 60.0 * n + 1)
    server.send(870, 60.0 * 79, -305)  # late: measured when those from ahead seem to have been
    start = find_start(server.state)
    assert start is not None
    rows = sorted((row for row in server.rows if row.fix.at > start.seen_at), key=lambda row: row.fix.at)
    refolded = refold(VAN, server.state, start, rows, [], server.fences)
    told = seconds([each for each in refolded.transitions if each.is_told])
    assert told == [("enter", 60), ("exit", 80)], "once, and not again where the fast clock would have it"


@pytest.mark.parametrize("weeks", [1024, 2048 - 1024])
@pytest.mark.parametrize("minutes", [-9, 0, 9])
def test_a_receiver_that_lost_1024_weeks_is_not_believed(weeks: int, minutes: int) -> None:
    at = AT - weeks * 7 * DAY_MS + minutes * 60_000
    with pytest.raises(Refused, match="bad_time"):
        accept(at, 24.9, 60.1, AT)


@pytest.mark.parametrize("days", [7167, 7169, 7168 - 7, 3650])
def test_a_recording_of_about_that_age_is(days: int) -> None:
    assert accept(AT - days * DAY_MS, 24.9, 60.1, AT).flags == 0


def at_second(second: int, east: float, speed: float | None, accuracy: float = 5.0) -> Fix:
    return fix((second, east, accuracy, speed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("second", "east", "expected"),
    [
        (60, 68.0, Status.MOVING),  # a walker
        (10, 250.0, Status.MOVING),  # a car
        (60, 12.0, Status.STOPPED),  # what drifts
        (60, 28.0, Status.STOPPED),  # no further than both accuracies and 20 m
        (400, 300.0, Status.STOPPED),  # too long ago to say
    ],
)
def test_a_speed_of_0_is_believed_unless_the_way_says_otherwise(second: int, east: float, expected: Status) -> None:
    assert decide_status(at_second(0, 0.0, 1.1), at_second(second, east, 0.0)) is expected


def test_who_always_says_0_is_too_fast_all_the_same() -> None:
    server = Server(around("strict", speed_limit=13.9))
    for n in range(20):
        measured = at_second(10 * n, -2500.0 + 250.0 * n, 0.0)
        frames, states = [Frame(1, 1, measured.at * 1000, [measured])], {1: server.state}
        asked = server.fences.ask(list_fixes(frames), list_before(frames, states))
        server.take(fold(frames, states, StoredFixes(), Grounds({1: VAN}, server.fences, asked), server.state.stamp))
    assert "speeding" in {each.kind for each in server.told}
