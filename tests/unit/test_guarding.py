"""Setting out, stopping, and being moved while parked, on noisy fixes."""

import msgspec
import pytest

from tests.moments import MONDAY
from tracker.geofence.fences import NOWHERE, Fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import Fix, Flag
from tracker.model.guard import NO_GUARD, Guard
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.changes import is_cast, recast
from tracker.pipeline.question import Question

MINUTE = 60_000
METRE = 90  # of longitude, in 1e-7 degrees, at the equator
VAN = Device(7, "van", "Van")
Said = tuple[float, float, float | None, float | None]  # minute, metres east, speed, accuracy


def ask(guard: Guard, state: State) -> tuple[Device, State]:
    device = msgspec.structs.replace(VAN, guard=guard)
    assert not is_cast(device, state)
    state, _ = recast(state, device, state.stamp + 1, Fences())
    assert is_cast(device, state)
    return device, state


def play(device: Device, state: State, *said: Said) -> tuple[State, list[Transition]]:
    told = list[Transition]()
    for minute, metres, speed, accuracy in said:
        at = MONDAY + round(minute * MINUTE)
        fix = Fix(at, round(metres * METRE), 0, speed=speed, accuracy=accuracy)
        step = advance(device, state, Question(fix, at * 1000, NOWHERE, ()), Fences())
        state = step.state
        told += step.transitions
    return state, told


def lines(told: list[Transition]) -> list[str]:
    return [f"{each.kind} {(each.at - MONDAY) / MINUTE:g}" for each in told]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([(1, 40, None, 5)], []),
        ([(1, 90, None, 5)], []),  # one alone, and it says nothing of its speed
        ([(1, 90, None, 5), (2, 0, None, 5), (3, 90, None, 5)], []),  # bad ones, with good ones between
        ([(1, 90, None, 5), (2, 95, None, 5), (3, 900, 20, 5)], ["moved 2"]),
        ([(1, 90, 8, 5)], ["moved 1"]),
        ([(1, 90, 8, 60)], []),  # it may be where it was
        ([(1, 55, 8, 5)], []),  # within both accuracies of the radius
    ],
)
def test_it_was_moved_when_it_is_clear_of_the_radius(said: list[Said], told: list[str]) -> None:
    state, _ = play(VAN, State(), (0, 0, None, 5))
    device, state = ask(Guard(radius=50.0, since=1), state)
    after, found = play(device, state, *said)
    assert lines(found) == told
    again, more = play(device, after, (10, 2000, 9, 5), (11, 9000, 9, 5))
    assert bool(told) != bool(more), "once, and not at all is no more than once"
    device, again = ask(Guard(radius=50.0, since=2), again)
    assert lines(play(device, again, (12, 9500, 9, 5))[1]) == ["moved 12"], "it is armed anew, from where it is"


def test_a_drive_is_told_by_its_two_ends() -> None:
    state, _ = play(VAN, State(), (0, 0, None, 5))
    device, state = ask(Guard(trips=True), state)
    drive: list[Said] = [(minute, 400.0 * (minute - 9), 6.5, 5) for minute in range(10, 20)]
    lights: list[Said] = [(20, 4000, 0, 5), (21, 4000, 0, 5), (22, 4400, 6, 5)]
    parked: list[Said] = [(23 + n, 4800 + n % 3 * 15, 0, 20) for n in range(8)]
    _, told = play(device, state, (5, 20, 0.2, 30), *drive, *lights, *parked)
    assert lines(told) == ["moving 10", "stopped 23"]
    start, stop = told
    assert start.evidence.distance == pytest.approx(400, rel=0.02) and stop.decided_at == MONDAY + 26 * MINUTE
    assert stop.fix.lon_e7 == 4800 * METRE, "where it came to, not where it was found out"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([(1, 400, None, 5)], []),  # one alone, and it says nothing of its speed
        ([(1, 400, None, 5), (2, 0, None, 5), (3, 400, None, 5)], []),  # with a good one between
        ([(1, 400, None, 5), (2, 400, None, 5)], ["moving 2"]),
        ([(1, 400, 6.5, 5), (2, 400, 0, 5), (8, 400, 0, 5), (9, 0, None, 5)], ["moving 1", "stopped 1"]),
    ],
)
def test_it_set_out_when_two_fixes_are_away_each_time(said: list[Said], told: list[str]) -> None:
    device, state = ask(Guard(trips=True), State())
    assert lines(play(device, state, (0, 0, None, 5), *said)[1]) == told


AWAY = 4_100.0  # m


@pytest.mark.parametrize(
    ("hop", "told"),
    [
        ([(2, AWAY, None, 5)], []),
        ([(2, AWAY, 1.5, 5)], ["moved 2"]),
        ([(2, AWAY, None, 5), (2.5, AWAY, None, 5)], ["moved 2.5"]),
    ],
)
def test_a_theft_after_a_hop_is_told(hop: list[Said], told: list[str]) -> None:
    """Also where the hop was told as one: nobody was out there."""
    state, _ = play(VAN, State(), (0, 0, None, 5), (1, 0, None, 5))
    device, state = ask(Guard(radius=50.0, since=1), state)
    state, found = play(device, state, *hop)
    assert lines(found) == told
    state = msgspec.json.decode(msgspec.json.encode(state), type=State)
    state, found = play(device, state, (3, 0, None, 5), (4, 90, None, 5), (5, 0, None, 5))
    assert not found, "the fix out there counts for nothing"
    assert lines(play(device, state, (10, 300, 9, 5), (11, 900, 9, 5))[1]) == ["moved 10"]


def test_what_is_asked_for_during_a_hop_begins_before_it() -> None:
    state, _ = play(VAN, State(), (0, 0, None, 5), (1, 0, None, 5), (2, AWAY, None, 5))
    device, state = ask(Guard(trips=True, radius=50.0, since=1), state)
    state, told = play(device, state, (3, 0, None, 5), (4, 0, None, 5))
    assert not told and state.guarded is not None and state.guarded.post == Fix(MONDAY + MINUTE, 0, 0, accuracy=5)


def test_a_trip_that_was_a_hop_has_two_ends() -> None:
    state, _ = play(VAN, State(), (0, 0, None, 5), (1, 0, None, 5))
    device, state = ask(Guard(trips=True), state)
    parked: list[Said] = [(3 + n, 0, 0, 5) for n in range(6)]
    state, told = play(device, state, (2, AWAY, 1.5, 5), *parked)
    assert lines(told) == ["moving 2", "stopped 3"]
    assert lines(play(device, state, (20, 400, 9, 5))[1]) == ["moving 20"]


def test_a_hop_of_before_its_guard_was_kept_is_read() -> None:
    state, _ = play(VAN, State(), (0, 0, None, 5), (1, 0, None, 5))
    device, state = ask(Guard(radius=50.0, since=1), state)
    state, _ = play(device, state, (2, AWAY, None, 5))
    assert state.hop is not None and state.hop.guarded is not None
    written = msgspec.to_builtins(state)
    del written["hop"]["guarded"]
    state, told = play(device, msgspec.convert(written, State), (3, 0, None, 5))
    assert not told and lines(play(device, state, (10, 300, 9, 5))[1]) == ["moved 10"]


def test_silence_is_no_stop() -> None:
    device, state = ask(Guard(trips=True), State())
    _, told = play(device, state, (0, 0, None, 5), (1, 500, 9, 5), (200, 9000, 9, 5))
    assert lines(told) == ["moving 1"]


def test_what_nobody_asked_for_leaves_nothing() -> None:
    device, state = ask(Guard(trips=True), State())
    state = play(device, state, (0, 0, None, 5), (1, 500, 9, 5))[0]
    assert ask(NO_GUARD, state)[1].guarded is None


def test_a_clock_that_is_set_right_holds_nothing_up() -> None:
    device, state = ask(Guard(trips=True), State())
    state, _ = play(device, state, (0, 0, None, 5), (1, 500, 9, 5))
    assert state.guarded is not None and state.guarded.rest is not None
    ahead = msgspec.structs.replace(state.guarded.rest, at=MONDAY + 9000 * MINUTE)
    state = msgspec.structs.replace(
        state,
        newest=msgspec.structs.replace(ahead, flags=int(Flag.CLOCK_SKEW)),
        guarded=msgspec.structs.replace(state.guarded, rest=ahead),
    )
    _, told = play(device, state, (2, 500, 0, 5), (6, 500, 0, 5))
    assert lines(told) == ["stopped 2"]
