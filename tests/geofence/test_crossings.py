import pytest

from tracker.pipeline.crossings import crossings


@pytest.mark.parametrize(
    ("before", "now", "exits", "enters"),
    [
        (set(), set(), set(), set()),
        (set(), {1}, set(), {1}),
        ({1}, set(), {1}, set()),
        ({1, 2}, {2, 3}, {1}, {3}),
        ({9}, {1}, set(), {1}),  # 9 was removed
        ({9}, set(), set(), set()),
    ],
)
def test_crossings(before: set[int], now: set[int], exits: set[int], enters: set[int]) -> None:
    left, entered = crossings(frozenset(before), frozenset(now), {1, 2, 3})
    assert (set(left), set(entered)) == (exits, enters)
