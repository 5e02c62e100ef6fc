"""Laws of the device stream's decoder: it never raises, and a bad fix never costs its neighbours."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.properties.sent import (
    MAX_FIXES,
    NOW,
    bad_fixes,
    column_rows,
    columns_of,
    encode,
    frame_of,
    good_fixes,
    json_values,
    mutated,
)
from tracker.ingest.frames import (
    KEPT_TEXT,
    MAX_SEQ,
    Hello,
    Message,
    Read,
    Result,
    Talk,
    Unreadable,
    decode_message,
    encode_answer,
)
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.model.note import Standing, Utterance

REASONS = {"out_of_range", "future", "too_old", "bad_time", "bad_value", "too_many_attributes"}
CODES = {"bad_frame", "bad_json", "too_many_fixes"}

GOOD = {"at": "2026-01-01T00:00:00Z", "lon": 1, "lat": 1}

honest = st.lists(good_fixes, min_size=1, max_size=5).map(frame_of)
columns = st.builds(columns_of, st.lists(column_rows, min_size=1, max_size=20), st.integers(-(2**63), 2**63 - 1))


def decode(message: str | bytes) -> Message:
    return decode_message(message, 7, NOW * 1000, MAX_FIXES)


def kept_texts(said: Talk) -> list[str]:
    match said:
        case Hello():
            return [said.boot]
        case Result():
            return [said.id, said.detail or ""]
        case Utterance():
            return [said.id, said.text, said.alarm or ""]
        case Read():
            return [said.id]
        case Standing():
            return [said.page]


def check(message: str | bytes) -> None:
    """Whatever it was, what comes out can be stored and answered."""
    decoded = decode(message)
    if isinstance(decoded, Unreadable):
        assert decoded.said
        return
    if not isinstance(decoded, Frame):
        assert "\0" not in "".join(kept_texts(decoded))  # these go into the database
        return
    assert -1 <= decoded.seq <= MAX_SEQ
    refusals = [entry for entry in decoded.entries if isinstance(entry, Refusal)]
    assert all(entry.reason in REASONS and "\0" not in entry.text for entry in refusals)
    if decoded.whole is not None:
        assert decoded.entries == [] and decoded.whole.reason in CODES and decoded.whole.said
    else:
        assert decoded.entries
    outcome = Outcome(0, 0, (decoded.whole,) if decoded.whole else tuple(refusals))
    answer = json.loads(encode_answer(decoded, outcome))
    assert answer["type"] in ("ack", "error")


@given(st.text() | st.binary())
def test_anything(message: str | bytes) -> None:
    check(message)


@given(mutated(honest.map(str.encode) | columns))
def test_mutations(message: bytes) -> None:
    check(message)
    check(message.decode(errors="replace"))


types = st.sampled_from(["hello", "result", "fixes", "other"])


@given(st.builds(dict, type=types | json_values) | json_values, st.data())
def test_any_json(message: Any, data: st.DataObject) -> None:
    if isinstance(message, dict):
        names = ["seq", "fixes", "lane", "device", "boot", "token", "version", "binary", "id", "ok", "detail"]
        message |= {name: data.draw(json_values) for name in data.draw(st.sets(st.sampled_from(names)))}
    check(encode(message))


@given(columns)
def test_columns(message: bytes) -> None:
    decoded = decode(message)
    assert isinstance(decoded, Frame) and decoded.whole is None
    check(message)


@given(st.lists(st.tuples(st.booleans(), good_fixes, bad_fixes), min_size=1, max_size=6))
@example([(False, {}, GOOD | {"at": "9999-12-31T23:59:60Z"}), (True, GOOD, {})])
@example([(False, {}, GOOD | {"at": "00010101T000000+1400"}), (True, GOOD, {})])
@example([(False, {}, GOOD | {"lon": 999, "attributes": {"a": 10**30}}), (True, GOOD, {})])
def test_a_bad_fix_costs_no_neighbour(choices: list[tuple[bool, Any, Any]]) -> None:
    sent = [good if is_good else bad for is_good, good, bad in choices]
    decoded = decode(frame_of(sent))
    assert isinstance(decoded, Frame) and decoded.whole is None, decoded
    assert len(decoded.entries) == len(sent)
    for index, ((is_good, good, _), entry) in enumerate(zip(choices, decoded.entries, strict=True)):
        if is_good:
            assert isinstance(entry, Fix), entry
            assert abs(entry.lat - good["lat"]) <= 5.1e-8
        if isinstance(entry, Refusal):
            assert entry.index == index


@given(st.integers(0, 3), st.sampled_from("aé漢🛰"))
def test_what_is_kept_of_a_bad_fix_can_be_read_in_whatever_script(before: int, letter: str) -> None:
    bad = json.dumps(GOOD | {"at": "a" * before + letter * 5_000}, ensure_ascii=False)
    decoded = decode(f'{{"type":"fixes","seq":1,"fixes":[{bad}]}}')
    assert isinstance(decoded, Frame) and decoded.entries == [Refusal(0, "bad_time", bad[:KEPT_TEXT])]


@pytest.mark.parametrize("fix", [GOOD, {}])
def test_too_many_are_refused_by_number_whatever_they_hold(fix: dict[str, Any]) -> None:
    decoded = decode(frame_of([fix] * (MAX_FIXES + 1)))
    assert isinstance(decoded, Frame) and decoded.whole is not None and decoded.seq >= 0
    assert decoded.whole.reason == "too_many_fixes"


@given(st.lists(column_rows, min_size=2, max_size=20), st.integers(0, 19))
def test_a_bad_row_costs_no_neighbour(rows: list[tuple[int, ...]], bad: int) -> None:
    """Each row of a binary frame decodes as if it were alone."""
    together = decode(columns_of(rows, NOW))  # type: ignore[arg-type]
    assert isinstance(together, Frame)
    for index, row in enumerate(rows):
        alone = decode(columns_of([row], NOW))  # type: ignore[list-item]
        assert isinstance(alone, Frame)
        assert type(alone.entries[0]) is type(together.entries[index])
        if isinstance(alone.entries[0], Fix):
            assert alone.entries[0] == together.entries[index]
