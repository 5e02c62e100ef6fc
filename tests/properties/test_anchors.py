"""Anchors: few of them, and one not far behind whatever comes late, up to a day."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.moments import MONDAY
from tracker.model.fix import Fix
from tracker.model.moment import DAY_MS
from tracker.model.state import NEVER, State
from tracker.pipeline.anchors import STEP, add_anchor, find_anchor, note_late

AT = MONDAY


@settings(max_examples=examples(30))
@given(st.lists(st.sampled_from([1, 10, 31, 59, 61, 600, 7_200]), min_size=1, max_size=6), st.integers(1, 600))
def test_there_are_few_and_they_are_near(waits: list[int], turns: int) -> None:
    """Fixes so many seconds apart, one wait after the other, each for a while."""
    state, at, gap = State(), AT, 0
    for wait in waits:
        for _ in range(turns):
            at += wait * 1000
            state = State(at, Fix(at, 0, 0), at * 1000, anchors=add_anchor(state, at))
            gap = max(gap, wait * 1000)
    anchors = state.anchors
    assert len(anchors) <= 14
    assert [each.seen_at for each in anchors] == sorted({each.seen_at for each in anchors})
    assert not any(each.anchors for each in anchors)
    for minutes in (1, 3, 10, 45, 200, 900, 1_430):
        late = at - minutes * 60_000
        anchor = find_anchor(state, late)
        assert anchor is not None and anchor.seen_at < late
        is_oldest = anchor.seen_at == anchors[0].seen_at
        assert is_oldest or at - anchor.seen_at <= 3 * (at - late) + 2 * (STEP + gap)


def test_what_is_later_than_a_day_is_not_folded_in() -> None:
    state = State()
    for at in range(AT, AT + 3 * DAY_MS, 3_600_000):
        state = State(at, Fix(at, 0, 0), at * 1000, anchors=add_anchor(state, at))
    newest = state.seen_at
    assert note_late(state, newest - DAY_MS) == newest - DAY_MS
    assert note_late(state, newest - DAY_MS - 1) is None
    assert find_anchor(state, newest - DAY_MS) is not None
    assert state.anchors[0].seen_at > NEVER, "the beginning is forgotten"
