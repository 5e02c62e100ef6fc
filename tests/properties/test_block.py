"""A frame read as columns is the frame read fix by fix, and what is folded and stored of it is the same to the byte."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import box, circle, polygon
from tests.laws import examples
from tests.properties.sent import NOW, ROLLED_OVER, frame_of, good_fixes
from tests.properties.test_fix_rows import split
from tracker.geofence.fences import Fences, make_fences
from tracker.ingest.frames import decode_message, to_entry
from tracker.ingest.memory import Devices, States
from tracker.ingest.text_block import FEW, WireFix, find_block
from tracker.model.block import Block, Span
from tracker.model.fix import Fix, Moment, Place
from tracker.model.frame import Frame
from tracker.model.moment import format_ms
from tracker.pipeline.accept import LOW_ACCURACY
from tracker.pipeline.fold import Folded, Grounds, StoredFixes, find_ambiguous, fold
from tracker.pipeline.lineup import ask
from tracker.store.fix_rows import copy_payload, encode_row

NONE = [None] * 5
odd_values = st.fixed_dictionaries(
    {
        "at": st.integers(NOW - 10**6, NOW + 60_000),
        "lon": st.sampled_from([0.0, -0.0, 0.5e-7, -180.0, 179.99999994, 179.9999999, 13.4]) | st.floats(-179, 179),
        "lat": st.sampled_from([0.0, -0.0, 0.49e-7, 90.0, -90.0, 52.5]),
    },
    optional={
        "speed": st.sampled_from([*NONE, 0, -0.0, -0.001, -1, 0.005, 0.015, 1.005, 100_000, 100_001, 1e300]),
        "heading": st.sampled_from([*NONE, 0, -0.0, 359.994, 359.995, 359.999, 360, 360.001, -1]),
        "accuracy": st.sampled_from([*NONE, 0, -1, 1e-300, 0.004, 0.005, 0.015, 999.999]),
        "altitude": st.sampled_from([*NONE, -0.004, 0.005, -500, -500.001, 20_000, 20_000.001, 1e300]),
        "battery": st.sampled_from([*NONE, 0, -0.0, 0.00005, 0.15005, 1, 1.0001, -0.1]),
    },
)


ages = st.sampled_from([0] * 8 + list(ROLLED_OVER))  # ms, of a whole frame
odd_frames = st.builds(
    lambda age, fixes: [fix | {"at": format_ms(fix["at"] - age)} for fix in fixes],
    ages,
    st.lists(odd_values, min_size=1, max_size=8),
)


@given(odd_frames | st.builds(list.__add__, odd_frames, st.lists(good_fixes, max_size=4)))
def test_all_at_once_or_one_by_one(fixes: list[dict[str, Any]]) -> None:
    wire = msgspec.json.decode(msgspec.json.encode(fixes), type=list[WireFix])
    one_by_one = [to_entry(index, fix, NOW) for index, fix in enumerate(wire)]
    at_once = find_block(wire, NOW)
    event("at once" if at_once else "one by one")
    if at_once is None:
        return
    assert at_once == one_by_one
    for mine, other in zip(at_once, one_by_one, strict=True):
        assert repr(mine) == repr(other), "types too, and the sign of 0"


def test_an_ordinary_frame_is_read_at_once() -> None:
    fix = {"lon": 13.4, "lat": 52.5, "speed": None, "accuracy": 5.0, "battery": 0.5}
    frame = decode_message(frame_of([{"at": format_ms(NOW - n), **fix} for n in range(FEW)]), 1, NOW * 1000, 500)
    assert isinstance(frame, Frame) and type(frame.entries) is Block
    assert frame.entries[-1] == Fix(NOW - FEW + 1, 134_000_000, 525_000_000, accuracy=5.0, battery=0.5)
    assert frame.entries[0] is frame.entries[0]


@pytest.mark.parametrize(
    ("more", "is_at_once"),
    [
        ({"accuracy": LOW_ACCURACY}, True),
        ({"accuracy": LOW_ACCURACY + 0.01}, False),  # it moves no marker
        ({"accuracy": 5.0, "altitude": LOW_ACCURACY + 500.0}, True),
        ({"speed": 0.0, "heading": 360.0, "altitude": -500.0, "battery": 0.0}, True),
        ({"speed": 100_000.0, "heading": 0.0, "altitude": 20_000.0, "battery": 1.0}, True),
    ],
)
def test_what_is_as_much_as_may_be_is_read_at_once_and_rough_ones_are_not(
    more: dict[str, Any], is_at_once: bool
) -> None:
    wire = [WireFix(datetime.fromtimestamp((NOW - n) / 1000, UTC), 13.4, 52.5, **more) for n in range(2)]
    found = find_block(wire, NOW)
    assert (found is not None) is is_at_once
    if found is not None:
        assert list(found) == [to_entry(index, fix, NOW) for index, fix in enumerate(wire)]
        assert found.measured.shape == (5, 2)


# The way of a device leads over the borders of these, stands still there, jumps, comes late and comes again.
M = 1 / 111_195
FENCES = {
    preset: make_fences(
        {
            1: polygon(box(-40 * M, -40 * M, 40 * M, 40 * M), key=1, preset=preset, dwell=20),
            2: circle(60 * M, 0, 50, 2, preset=preset),
            3: circle(150 * M, 0, 20, 3, preset="calm", speed_limit=10.0),
            4: circle(0, 0, 400, 4, preset=preset),
        }
    )
    for preset in ("strict", "balanced")
}
steps = st.lists(
    st.tuples(
        st.sampled_from([1_000] * 12 + [5_000, 61_000, 400_000, 0, -3_000]),
        st.sampled_from([3.0] * 8 + [-3.0, 0.0, 0.0, 20.0, -60.0, 110.0, 30_000.0, -30_000.0]),
        st.sampled_from([None, None, 0.0, 12.0]),
        st.sampled_from([5.0] * 9 + [40.0, 2_000.0]),
        st.sampled_from([None] * 20 + [0.1, 0.9]),
    ),
    min_size=FEW,
    max_size=2 * FEW,
)
frames = st.lists(st.tuples(st.integers(1, 2), steps, st.booleans()), min_size=1, max_size=5)


def make_frames(drawn: list[Any]) -> list[Frame]:
    """Each goes on where the last of its device ended; one that comes again is the same as the one before it."""
    ends = {1: (NOW - 10**7, -60.0), 2: (NOW - 10**7, 100.0)}
    found: list[Frame] = []
    for number, (device, way, again) in enumerate(drawn):
        if again and found:
            found.append(found[-1])
            continue
        at, metres = ends[device]
        fixes = []
        for wait, east, speed, accuracy, battery in way:
            at, metres = at + wait, metres + east
            place = {"at": format_ms(at), "lon": round(metres * M, 7), "lat": 1e-6}
            fixes.append(place | {"speed": speed, "accuracy": accuracy, "battery": battery})
        ends[device] = at, metres
        frame = decode_message(frame_of(fixes, number), device, NOW * 1000, 500)
        assert isinstance(frame, Frame)
        found.append(frame)
    return found


class Run:
    """Batches folded one after the other, as the log does."""

    def __init__(self, fences: Fences) -> None:
        self.fences, self.states, self.stamp = fences, States(), 0
        self.table: dict[Moment, Place] = {}

    def fold(self, frames: list[Frame]) -> Folded:
        places = {moment: self.table[moment] for moment in find_ambiguous(frames, self.states) if moment in self.table}
        grounds = Grounds(Devices(), self.fences, ask(frames, self.states, self.fences))
        folded = fold(frames, self.states, StoredFixes(places), grounds, self.stamp)
        self.states.update(folded.states)
        self.stamp = folded.stamp
        self.table.update({(row.device, row.fix.at): (row.fix.lon_e7, row.fix.lat_e7) for row in folded.rows})
        return folded


@pytest.mark.parametrize("preset", ["strict", "balanced"])
@settings(max_examples=examples(100))
@given(drawn=frames, cut=st.integers(0, 5))
def test_what_is_folded_and_stored_is_the_same(preset: str, drawn: list[Any], cut: int) -> None:
    in_columns, one_by_one = Run(FENCES[preset]), Run(FENCES[preset])
    sent = make_frames(drawn)
    event(f"{sum(type(frame.entries) is Block for frame in sent)} blocks")
    for batch in (sent[:cut], sent[cut:]):
        a = in_columns.fold(batch)
        b = one_by_one.fold([msgspec.structs.replace(frame, entries=list(frame.entries)) for frame in batch])
        assert (a.rows, a.states, a.transitions) == (b.rows, b.states, b.transitions)
        assert (a.outcomes, a.stamp, a.disowned) == (b.outcomes, b.stamp, b.disowned)
        assert sorted(split(copy_payload(a.stored))) == sorted(encode_row(row) for row in b.rows)


def test_a_block_behind_a_rough_fix_of_a_later_time_begins_no_run() -> None:
    """The rough one moved no marker, so each fix of the block follows the newest, and yet the first came late."""
    begin = NOW - 10**6
    plain: dict[str, Any] = {"lon": 0.001, "lat": 0.001, "accuracy": 5.0}
    first, later = (
        [plain | {"at": format_ms(begin + from_ms + 1_000 * n)} for n in range(FEW)] for from_ms in (0, 13_000)
    )
    rough = plain | {"at": format_ms(begin + 14_500), "accuracy": 2_000.0}
    sent = [decode_message(frame_of(fixes, n), 1, NOW * 1000, 500) for n, fixes in enumerate((first, [rough], later))]
    in_columns, one_by_one = Run(FENCES["balanced"]), Run(FENCES["balanced"])
    for frame in sent:
        assert isinstance(frame, Frame)
        a = in_columns.fold([frame])
        b = one_by_one.fold([msgspec.structs.replace(frame, entries=list(frame.entries))])
        assert (a.rows, a.states) == (b.rows, b.states)
    assert in_columns.states[1].late_from is not None


def test_a_fix_that_makes_an_anchor_is_part_of_its_run() -> None:
    begin, run = NOW - 10**6, Run(make_fences({}))
    for number, (later, count) in enumerate(((0, 2 * FEW), (61_000, FEW))):
        times = [begin + later + 1_000 * n for n in range(count)]
        fixes = [{"at": format_ms(at), "lon": 0.001, "lat": 0.001, "accuracy": 5.0} for at in times]
        frame = decode_message(frame_of(fixes, number), 1, NOW * 1000, 500)
        assert isinstance(frame, Frame)
        before, folded = run.states[1].anchors, run.fold([frame])
    assert [len(each) for each in folded.stored if isinstance(each, Span)] == [FEW]
    assert len(run.states[1].anchors) == len(before) + 1


def test_a_way_through_a_geofence_ends_a_run() -> None:
    """Of 24 places 100 m apart none lies in it: nothing but the way to the fifteenth says that it was crossed."""
    places = [{"at": format_ms(NOW - 10**6 + 2_000 * n), "lon": round((100 * n - 1_185) * M, 7)} for n in range(24)]
    frame = decode_message(frame_of([place | {"lat": 0.0, "accuracy": 5.0} for place in places]), 1, NOW * 1000, 500)
    assert isinstance(frame, Frame) and type(frame.entries) is Block
    folded = Run(make_fences({3: circle(150 * M, 0, 20, 3)})).fold([frame])
    assert [(each.kind, each.geofence) for each in folded.transitions] == [("cross", 3)]
    assert len(folded.stored) < 8, "the others are runs"
