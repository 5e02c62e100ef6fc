import pytest
from hypothesis import given
from hypothesis import strategies as some

from tracker.model.moment import format_ms, parse

FIRST, LAST = parse("0001-01-01T00:00:00Z"), parse("9999-12-31T23:59:59.999Z")


@given(some.integers(FIRST, LAST))
def test_what_is_written_reads_back(ms: int) -> None:
    text = format_ms(ms)
    assert parse(text) == ms and len(text) == len("2026-11-23T10:00:00.123Z")


READ = {
    "2026-11-23T10:00:00.123Z": "2026-11-23T10:00:00.123Z",
    "2026-11-23T12:30:00.1+02:30": "2026-11-23T10:00:00.100Z",
    "2026-11-23T10:00:00.123999Z": "2026-11-23T10:00:00.123Z",
    "2026-11-23t10:00:00z": "2026-11-23T10:00:00.000Z",
    "2016-12-31t23:59:60z": "2017-01-01T00:00:00.000Z",
    "2016-12-31T23:59:60Z": "2017-01-01T00:00:00.000Z",
    "2016-12-31T23:59:60.5Z": "2017-01-01T00:00:00.500Z",
}


@pytest.mark.parametrize("text", READ)
def test_times_of_any_offset_are_read(text: str) -> None:
    assert format_ms(parse(text)) == READ[text]


@pytest.mark.parametrize("text", ["2026-11-23T10:00:00", "2026-02-30T10:00:00Z", "10:00", "", "now", "2026-11-23"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
