"""Fixes read from columns all at once are those read one by one."""

from hypothesis import event, given
from hypothesis import strategies as st

from tests.properties.sent import NOW, ROLLED_OVER, column_rows, columns_of
from tracker.ingest.columns import find_block, read_rows, to_entry

LARGE = 2**63 - 1
honest_rows = st.tuples(
    st.integers(-1_000_000, 0),
    st.sampled_from([0, 1, -1_800_000_000, 1_799_999_999, 74_246_000]),
    st.sampled_from([0, -900_000_000, 900_000_000, 437_384_000]),
    st.sampled_from([0, 1240, 65_534, 65_535]),
    st.sampled_from([0, 35_999, 36_000, 65_535]),
    st.sampled_from([1, 80, 10_000, 65_535] * 3 + [0, 10_001]),
    st.sampled_from([-32_768, -500, -501, 0, 20_000, 20_001]),
)
bases = st.sampled_from(
    [NOW] * 8 + [NOW + 1, NOW + 70_000, 0, LARGE, -LARGE - 1] + [NOW - age for age in ROLLED_OVER] * 2
)


@given(st.lists(honest_rows, min_size=1, max_size=6) | st.lists(column_rows, min_size=1, max_size=3), bases)
def test_all_at_once_or_one_by_one(columns: list[tuple[int, int, int, int, int, int, int]], base: int) -> None:
    message = columns_of(columns, base)
    one_by_one = [to_entry(index, base, row, NOW) for index, row in enumerate(read_rows(message, len(columns)))]
    at_once = find_block(message, len(columns), base, NOW)
    event("at once" if at_once else "one by one")
    if at_once is not None:
        assert at_once == one_by_one
        for mine, other in zip(at_once, one_by_one, strict=True):
            assert repr(mine) == repr(other), "types too"


def test_an_ordinary_frame_is_read_at_once() -> None:
    rows = [(number * 1000 - 60_000, 74_246_000 + number, 437_384_000, 1240, 27_100, 80, 41) for number in range(50)]
    message = columns_of(rows, NOW)
    assert find_block(message, 50, NOW, NOW) is not None
