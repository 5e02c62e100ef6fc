"""A run folded at once is what `advance` makes of its fixes one by one, and ends no sooner than it must."""

from hypothesis import event, given
from hypothesis import strategies as st

from tests.geofence.shapes import circle
from tests.moments import MONDAY
from tracker.geofence.fences import NOWHERE, Asked, make_fences
from tracker.model.device import Device
from tracker.model.fix import Fix, Flag
from tracker.model.state import Jump, State
from tracker.model.stay import Candidate, Stay
from tracker.pipeline.advance import advance
from tracker.pipeline.anchors import STEP as STEP_MS
from tracker.pipeline.decide import replace_stays
from tracker.pipeline.question import Question
from tracker.pipeline.run import find_run, follow_run
from tracker.pipeline.vigil import is_watched

AT = MONDAY
# 1 and 2 are far away; the border of 3 runs through the place where all begins, that of 4 past it.
FENCES = make_fences(
    {
        1: circle(100, 0, 50, 1, dwell=30),
        2: circle(100, 0, 50, 2),
        3: circle(0, 0.00045, 50, 3),
        4: circle(0.0009, 0.00045, 50, 4, preset="calm"),
    }
)
DEVICE = Device(7, "van", "Van")
STEP = 9_000  # 1e-7 degrees: one step is near, two are not

speeds = st.none() | st.sampled_from([0.0, 0.99, 1.0, 30.0])
flags = st.sampled_from([0] * 30 + [int(flag) for flag in Flag])
places = st.sampled_from([(0, 0)] * 4 + [(1, 0), (0, -1), (-1, 0), (2, 1)])
batteries = st.sampled_from([None] * 4 + [0.9] * 6 + [0.15, 0.1])
steps = st.lists(
    st.tuples(st.sampled_from([1000] * 20 + [0, -1000, 400_000]), places, speeds, flags, batteries), max_size=12
)
inside = st.sampled_from([NOWHERE] * 6 + [frozenset({1}), frozenset({1, 2}), frozenset({3}), frozenset({1, 3, 4})])
candidates = st.dictionaries(st.sampled_from([2, 3, 3, 3, 4]), st.integers(0, 3), max_size=2)


same = st.lists(st.sampled_from([True] * 19 + [False]), min_size=12, max_size=12)


@given(steps, same, inside, st.booleans(), candidates, st.integers(0, 3))
def test_a_run_is_its_fixes_one_by_one(
    steps: list[tuple[int, tuple[int, int], float | None, int, float | None]],
    as_before: list[bool],
    before: frozenset[int],
    has_jump: bool,
    seeming: dict[int, int],
    first: int,
) -> None:
    start = Fix(AT, 0, 0, accuracy=5.0)
    stays = tuple(Stay(key, AT) for key in sorted(before))
    jump = Jump(start) if has_jump else None
    state = State(AT, start, AT * 1000, inside=before, jump=jump, stays=stays, anchors=(State(AT - 50_000),))
    doubts = tuple(Candidate(key, start, (start,) * min(count, 1), count) for key, count in sorted(seeming.items()))
    state = replace_stays(state, before, stays, doubts, FENCES)
    fixes, at = [], AT
    for wait, (east, north), speed, odd, battery in steps:
        at += wait
        fixes.append(Fix(at, east * STEP, north * STEP, speed, accuracy=5.0, battery=battery, flags=odd))
    around = [state.seems if is_same else state.seems ^ {1} for is_same in as_before]
    covering = {first + number: here for number, here in enumerate(around) if here}
    asked = Asked(covering, [None] * first + [start] + [None] * len(fixes), {})
    run = fixes[: find_run(state, fixes, 0, first, asked, FENCES)]
    event(f"a run of {len(run)}" + (", in doubt" if doubts else ""))

    one_by_one = state
    for number, fix in enumerate(run):
        here = covering.get(first + number, NOWHERE)
        step = advance(DEVICE, one_by_one, Question(fix, AT * 1000 + number, here, ()), FENCES)
        assert step.fix == fix and not step.transitions
        one_by_one = step.state
    if run:
        assert follow_run(state, run, range(len(run)), AT * 1000 + len(run) - 1) == one_by_one
    if len(run) < len(fixes):
        assert not is_plain(one_by_one, fixes[len(run)], covering.get(first + len(run), NOWHERE))


def test_who_stands_at_a_border_is_one_run() -> None:
    start = Fix(AT, 0, 0, accuracy=5.0)
    state = State(AT, start, AT * 1000, candidates=(Candidate(3, None, (start,), 1),), due=0, anchors=(State(AT),))
    fixes = [Fix(AT + 1_000 * number, number, 0, accuracy=5.0) for number in range(1, 10)]
    asked = Asked({number: frozenset({3}) for number in range(len(fixes))}, [], {})
    assert find_run(state, fixes, 0, 0, asked, FENCES) == len(fixes)
    clear = Fix(AT + 10_000, 0, 4_500, accuracy=5.0)
    asked.here[len(fixes)] = frozenset({3})
    assert find_run(state, [*fixes, clear], 0, 0, asked, FENCES) == len(fixes)


def test_a_fix_in_another_geofence_or_past_one_ends_the_run() -> None:
    start = Fix(AT, 0, 0, accuracy=5.0)
    state = State(AT, start, AT * 1000, anchors=(State(AT),))
    fixes = [Fix(AT + 1_000 * number, number, 0, accuracy=5.0) for number in range(1, 5)]
    assert find_run(state, fixes, 0, 0, Asked({}, [], {}), FENCES) == 4
    assert find_run(state, fixes, 0, 0, Asked({2: frozenset({2})}, [], {}), FENCES) == 2
    assert find_run(state, fixes, 0, 0, Asked({}, [], {3: (2,)}), FENCES) == 3


def test_in_a_small_geofence_the_fix_that_makes_sure_ends_the_run() -> None:
    """In its middle one is never as far from the border as a fix outside has to be."""
    start = Fix(AT, 0, 0, accuracy=5.0)
    fences = make_fences({5: circle(0, 0, 8, 5)})
    inside = frozenset({5})
    state = State(AT, start, AT * 1000, anchors=(State(AT),))
    state = replace_stays(state, NOWHERE, (), (Candidate(5, None, (start,), 1),), fences)
    sure = Fix(AT + 10_000, 0, 0, accuracy=5.0)
    told = advance(DEVICE, state, Question(sure, AT * 1000, inside, ()), fences).transitions
    assert [each.kind for each in told] == ["enter"]
    assert find_run(state, [sure], 0, 0, Asked({0: inside}, [], {}), fences) == 0


def is_plain(state: State, fix: Fix, here: frozenset[int]) -> bool:
    assert state.newest is not None
    near = max(abs(fix.lon_e7 - state.newest.lon_e7), abs(fix.lat_e7 - state.newest.lat_e7)) <= STEP
    is_between_anchors = fix.at - state.anchors[-1].seen_at < STEP_MS
    is_in_time = state.seen_at < fix.at < state.due
    if is_watched(state, fix):
        return False
    return is_in_time and not fix.flags and near and here == state.seems and is_between_anchors
