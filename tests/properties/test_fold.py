"""Laws of the fold: how fixes are cut into frames and batches changes nothing, repeats change nothing, and no fix that
should not moves a marker."""

from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.geofence.shapes import circle
from tests.moments import MONDAY
from tracker.geofence.fences import make_fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import E7, NO_MARKER, Fix, Flag, Moment, Place, Refusal, Row
from tracker.model.frame import Frame, Outcome
from tracker.model.geofence import Geofence
from tracker.model.state import State
from tracker.pipeline.fold import Grounds, StoredFixes, find_ambiguous, fold
from tracker.pipeline.jump import is_possible
from tracker.pipeline.lineup import list_before, list_fixes

AT = MONDAY
AROUND = {1: 0, 2: 1, 3: 3}  # key to the number of the place it lies around
NEAR = [(74250000, 437350000), (74260000, 437350000), (74270000, 437350000)]
PLACES = [*NEAR, (174250000, 437350000), (174250100, 437350000), (0, 0)]


def around(key: int, preset: str) -> Geofence:
    lon, lat = PLACES[AROUND[key]]
    return circle(lon / E7, lat / E7, 100 if key == 2 else 50, key, preset=preset)  # 2 reaches its eastern neighbour


FENCES = {preset: make_fences({key: around(key, preset) for key in AROUND}) for preset in ("strict", "balanced")}
DEVICES = {key: Device(key, f"d{key}", "") for key in (1, 2, 3)}


def make(second: int, place: int, is_rough: bool) -> Fix:
    flags = (Flag.NULL_ISLAND if place == 5 else 0) | (Flag.LOW_ACCURACY if is_rough else 0)
    return Fix(AT + second * 1000, *PLACES[place], accuracy=2_000.0 if is_rough else 5.0, flags=int(flags))


fixes = st.builds(make, st.integers(0, 40), st.integers(0, 5), st.sampled_from([False] * 5 + [True]))
entries = st.tuples(st.integers(1, 3), fixes | st.just(Refusal(0, "bad_value", "")))
streams = st.lists(entries, max_size=40)


class Result(NamedTuple):
    rows: list[Row]
    states: dict[int, State]
    transitions: list[Transition]
    outcomes: list[Outcome]
    table: dict[Moment, Place]


class States(dict[int, State]):
    def __missing__(self, device: int) -> State:
        return State()


def frames_of(stream: list[tuple[int, Fix | Refusal]]) -> list[Frame]:
    """One frame for each entry; `received_at` stands still, so that the stamps have to count by themselves."""
    return [Frame(device, number, AT * 1000, [entry]) for number, (device, entry) in enumerate(stream)]


def folded(batches: list[list[Frame]], before: Result | None = None, preset: str = "strict") -> Result:
    result = before or Result([], States(), [], [], {})
    stamp = max((row.received_at for row in result.rows), default=0)
    for frames in batches:
        wanted = find_ambiguous(frames, result.states)
        stored = {moment: result.table[moment] for moment in wanted if moment in result.table}
        fences = FENCES[preset]
        asked = fences.ask(list_fixes(frames), list_before(frames, result.states))
        step = fold(frames, result.states, StoredFixes(stored), Grounds(DEVICES, fences, asked), stamp)
        stamp = step.stamp
        result.rows.extend(step.rows)
        result.states.update(step.states)
        result.transitions.extend(step.transitions)
        result.outcomes.extend(step.outcomes)
        result.table.update({(row.device, row.fix.at): (row.fix.lon_e7, row.fix.lat_e7) for row in step.rows})
    return result


def split(frames: list[Frame], cuts: list[int]) -> list[list[Frame]]:
    edges = [0, *sorted(min(cut, len(frames)) for cut in cuts), len(frames)]
    return [frames[start:end] for start, end in pairwise(edges)]


def merged(frames: list[Frame]) -> list[Frame]:
    """Neighbours of the same device become one frame."""
    together: list[Frame] = []
    for frame in frames:
        if together and together[-1].device == frame.device:
            last = together.pop()
            frame = Frame(frame.device, frame.seq, frame.received_at, [*last.entries, *frame.entries])
        together.append(frame)
    return together


@given(streams, st.lists(st.integers(0, 40), max_size=6), st.sampled_from(["strict", "balanced"]))
def test_any_batches_give_the_same(stream: list[tuple[int, Fix | Refusal]], cuts: list[int], preset: str) -> None:
    frames = frames_of(stream)
    whole, parts = folded([frames], preset=preset), folded(split(frames, cuts), preset=preset)
    assert whole == parts
    joined = folded([merged(frames)], preset=preset)
    assert (joined.rows, joined.states, joined.transitions) == (whole.rows, whole.states, whole.transitions)
    assert sum(each.stored for each in joined.outcomes) == len(whole.rows)


@given(streams)
def test_what_comes_again_changes_nothing(stream: list[tuple[int, Fix | Refusal]]) -> None:
    frames = frames_of(stream)
    once = folded([frames])
    rows, transitions, states = list(once.rows), list(once.transitions), dict(once.states)
    twice = folded([frames], once)
    assert (twice.rows, twice.transitions, twice.states) == (rows, transitions, states)
    for (_, entry), first, again in zip(stream, once.outcomes, twice.outcomes[len(frames) :], strict=False):
        if isinstance(entry, Fix):
            assert again.stored == 0 and again.duplicate == first.stored + first.duplicate
            assert len(again.refusals) == len(first.refusals)


@given(streams)
def test_every_entry_has_one_answer_and_every_row_its_place_in_order(stream: list[tuple[int, Fix | Refusal]]) -> None:
    result = folded([frames_of(stream)])
    assert all(each.stored + each.duplicate + len(each.refusals) == 1 for each in result.outcomes)
    stamps = [row.received_at for row in result.rows]
    assert stamps == sorted(set(stamps))
    assert len({(row.device, row.fix.at) for row in result.rows}) == len(result.rows)


@given(streams)
def test_enters_and_exits_alternate(stream: list[tuple[int, Fix | Refusal]]) -> None:
    result = folded([frames_of(stream)])
    told = defaultdict(list)
    for each in result.transitions:
        told[each.device, each.geofence].append(each.kind)
    for kinds in told.values():
        assert kinds == [("enter", "exit")[n % 2] for n in range(len(kinds))]
    for device, state in result.states.items():
        inside = {fence for (key, fence), kinds in told.items() if key == device and kinds[-1] == "enter"}
        assert state.inside == inside


@given(streams)
def test_a_marker_never_goes_back_nor_where_it_may_not(stream: list[tuple[int, Fix | Refusal]]) -> None:
    states: dict[int, State] = States()
    result = Result([], states, [], [], {})
    for frame in frames_of(stream):
        before = states[frame.device]
        transitions = len(result.transitions)
        result = folded([[frame]], result)
        after = states[frame.device]
        if after.newest is before.newest:
            assert after.inside == before.inside and len(result.transitions) == transitions
            continue
        assert after.newest is not None and not after.newest.flags & (NO_MARKER | Flag.LATE | Flag.IMPOSSIBLE_JUMP)
        if before.newest is not None:
            assert after.newest.at > before.newest.at
            if not is_possible(before.newest, after.newest):
                assert before.jump is not None and before.jump.count >= 2, "one fix alone is not believed"
