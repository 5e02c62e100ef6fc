"""Rows made a column at a time are the rows made one by one."""

from hypothesis import given
from hypothesis import strategies as st

from tests.moments import MONDAY
from tracker.model.fix import Fix, Row
from tracker.store.fix_columns import COLUMNS
from tracker.store.fix_rows import FEW, SIGNATURE, TRAILER, copy_payload, encode_row

NOW = MONDAY


def hundredths(least: int, most: int) -> st.SearchStrategy[float | None]:
    return st.none() | st.integers(least, most).map(lambda value: value / 100)


battery = st.none() | st.integers(0, 10_000).map(lambda value: value / 10_000)
attributes = st.none() | st.none() | st.sampled_from([b"{}", b'{"ignition":true}'])
fixes = st.builds(
    Fix,
    st.integers(946_684_800_000, NOW),
    st.integers(-1_800_000_000, 1_799_999_999),
    st.integers(-900_000_000, 900_000_000),
    hundredths(0, 10_000_000),
    hundredths(0, 35_999),
    hundredths(1, 10_000_000),
    hundredths(-50_000, 2_000_000),
    battery,
    attributes,
    st.integers(0, 31),
)
alike = st.builds(Fix, st.just(NOW), st.just(1), st.just(2), st.just(1.5), st.just(0.0), st.just(0.01))
rows = st.builds(
    Row, st.integers(1, 1 << 30), st.integers(NOW * 1000, NOW * 1000 + 10), fixes | alike, st.sampled_from([0, 0, 5])
)


def split(payload: bytes) -> list[bytes]:
    """The rows of a binary COPY."""
    assert payload.startswith(SIGNATURE) and payload.endswith(TRAILER)
    found, at = [], len(SIGNATURE)
    while at < len(payload) - len(TRAILER):
        begin, at = at, at + 2
        assert payload[begin:at] == len(COLUMNS).to_bytes(2, "big")
        for _ in COLUMNS:
            size = int.from_bytes(payload[at : at + 4], "big", signed=True)
            at += 4 + max(size, 0)
        found.append(payload[begin:at])
    return found


@given(st.lists(rows, min_size=FEW // 2, max_size=3 * FEW))
def test_columns_and_rows_agree(rows: list[Row]) -> None:
    assert sorted(split(copy_payload(rows))) == sorted(map(encode_row, rows))
