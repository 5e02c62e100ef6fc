"""What a way may pass through is asked in bulk and by outlines; nothing that is told may be lost by that."""

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import box, circle, corridor, polygon
from tests.laws import examples
from tests.moments import MONDAY
from tracker.geofence.fences import make_fences
from tracker.model.fix import E7, Fix
from tracker.pipeline.through import find_straight_way

AT = MONDAY
KINDS = [
    circle(0.0, 0.0, 60, 1),
    circle(0.02, 0.0, 5_000, 2),
    polygon(box(-0.01, -0.01, -0.009, 0.01), [(-0.0097, 0.0), (-0.0093, 0.0), (-0.0095, 0.005)], key=3),
    corridor([(-0.02, 0.01), (0.0, 0.012), (0.02, 0.01)], 30, 4),
    corridor([(-0.03, -0.02), (0.03, -0.02)], 4_000, 5),
    polygon([(179.99, -0.01), (-179.99, -0.01), (-179.99, 0.01), (179.99, 0.01)], key=6),
    circle(180.0, 0.0, 300, 7),
]
FENCES = make_fences({fence.key: fence for fence in KINDS})

offsets = st.floats(-0.05, 0.05)
ends = st.tuples(st.sampled_from([0.0, 180.0]), offsets, offsets, offsets, offsets)


def fix(at: int, lon: float, lat: float) -> Fix:
    return Fix(at, round(((lon + 180.0) % 360.0 - 180.0) * E7), round(lat * E7), accuracy=1.0)


@settings(max_examples=examples(300))
@given(st.lists(ends, min_size=1, max_size=8))
def test_every_way_that_is_told_to_lead_through_was_asked_about(ways: list[tuple[float, ...]]) -> None:
    before = [fix(AT, centre + lon, lat) for centre, lon, lat, _, _ in ways]
    after = [fix(AT + 60_000, centre + lon, lat) for centre, _, _, lon, lat in ways]
    asked = FENCES.ask(after, before)
    told = 0
    for number, (a, b) in enumerate(zip(before, after, strict=True)):
        inside = asked.here.get(number, frozenset())
        for fence in KINDS:
            if fence.key not in inside and find_straight_way(1, fence, a, b):
                told += 1
                assert fence.key in asked.between[number], fence.id
                assert fence.key in FENCES.find_between(a, b)
    event(f"{min(told, 3)} told")
