"""The law of late fixes: in whatever order they come, what was told in the end is what it would have been in order."""

import random
from collections.abc import Mapping, Sequence

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import box, circle, corridor, polygon
from tests.laws import examples
from tests.moments import MONDAY
from tracker.geofence.fences import Fences, make_fences
from tracker.model.device import Device
from tracker.model.event import Decision, Happening, Transition
from tracker.model.fix import E7, Fix, Flag, Row
from tracker.model.frame import Frame
from tracker.model.state import State
from tracker.pipeline.fold import Folded, Grounds, StoredFixes, fold
from tracker.pipeline.lineup import list_before
from tracker.pipeline.refold import find_start, refold

AT = MONDAY
VAN = Device(1, "van", "Van")
DEGREE = 111_320.0  # m of latitude, near the equator of longitude too


def fences(preset: str) -> Fences:
    known = [
        circle(0, 0, 60, 1, preset=preset, dwell=45),
        polygon(box(0.001, -0.0005, 0.002, 0.0005), key=2, preset=preset, speed_limit=12),
        corridor([(-0.002, 0.0003), (0.004, 0.0003)], 40, 3, preset=preset),
        circle(0.003, 0, 30, 4, preset=preset),
    ]
    return make_fences({fence.key: fence for fence in known})


ALL = {preset: fences(preset) for preset in ("strict", "balanced", "calm")}


def fold_fixes(fixes: Sequence[Fix], received: int, states: Mapping[int, State], known: Fences, stamp: int) -> Folded:
    """A frame of VAN, as a batch of its own."""
    frame = Frame(1, 1, received, list(fixes))
    asked = known.ask(list(fixes), list_before([frame], states))
    return fold([frame], states, StoredFixes(), Grounds({1: VAN}, known, asked), stamp)


class Told:
    """What a server keeps of one device: its fixes, its state, and the log of what was told."""

    def __init__(self, known: Fences) -> None:
        self.known = known
        self.rows: dict[int, Row] = {}
        self.states = {1: State()}
        self.log: dict[Happening, Transition] = {}
        self.stamp = 0

    def take(self, fixes: Sequence[Fix]) -> None:
        folded = fold_fixes(fixes, AT * 1000, self.states, self.known, self.stamp)
        self.stamp = folded.stamp
        self.rows.update({row.fix.at: row for row in folded.rows})
        self.states.update(folded.states)
        self.tell(folded.transitions)

    def fold_in(self) -> None:
        state = self.states[1]
        start = find_start(state)
        if start is None:
            return
        rows = [self.rows[at] for at in sorted(self.rows) if at > start.seen_at]
        told = [Decision(h, each.decided_at, 0) for h, each in self.log.items() if each.decided_at > start.seen_at]
        refolded = refold(VAN, state, start, rows, told, self.known)
        self.states[1] = refolded.state
        self.log.update({each.happening: each for each in refolded.moved})
        assert all(each.late for each in refolded.transitions)
        self.tell(refolded.transitions)

    def tell(self, transitions: Sequence[Transition]) -> None:
        for each in transitions:
            if each.retracts is not None:
                del self.log[each.retracts]
            else:
                assert each.happening not in self.log
                self.log[each.happening] = each


def way(steps: Sequence[tuple[int, float, float, float | None, int]]) -> list[Fix]:
    """Steps of seconds, metres east and north, accuracy and flags."""
    at, x, y, fixes = AT, -150.0, 0.0, []
    for seconds, east, north, accuracy, flags in steps:
        at, x, y = at + seconds * 1000, x + east, y + north
        fixes.append(Fix(at, round(x / DEGREE * E7), round(y / DEGREE * E7), accuracy=accuracy, flags=flags))
    return fixes


odd = st.sampled_from([0] * 15 + [int(Flag.NULL_ISLAND), int(Flag.LOW_ACCURACY)])
step = st.tuples(
    st.sampled_from([1, 5, 10, 40, 400]),
    st.sampled_from([0.0, 4.0, 30.0, 30.0, 70.0, 70.0, 150.0, -60.0, 60_000.0, -60_000.0]),
    st.sampled_from([0.0, 0.0, 20.0, -20.0]),
    st.sampled_from([None, 5.0, 30.0]),
    odd,
)


@settings(max_examples=examples(150))
@given(st.lists(step, min_size=6, max_size=40), st.sampled_from(list(ALL)), st.randoms(use_true_random=False))
def test_any_order_tells_the_same_in_the_end(
    steps: list[tuple[int, float, float, float | None, int]], preset: str, chance: random.Random
) -> None:
    fixes = way(steps)
    in_order = Told(ALL[preset])
    in_order.take(fixes)
    shuffled = Told(ALL[preset])
    rest = list(fixes)
    chance.shuffle(rest) if chance.random() < 0.7 else rest.reverse()
    while rest:
        size = chance.randint(1, 6)
        shuffled.take(rest[:size])
        del rest[:size]
        if not rest or chance.random() < 0.5:
            shuffled.fold_in()
    event(f"{len(in_order.log)} told")
    assert set(shuffled.log) == set(in_order.log)
    mine, theirs = shuffled.states[1], in_order.states[1]
    assert (mine.newest, mine.inside, mine.stays, mine.candidates) == (
        theirs.newest,
        theirs.inside,
        theirs.stays,
        theirs.candidates,
    )


def test_a_first_fix_that_decides_nothing_comes_before_those_from_before_it() -> None:
    steps = [*[(1, 0.0, 0.0, None, 0)] * 5, (1, 0.0, 20.0, None, 0), (1, 0.0, 0.0, None, 0)]
    fixes = way([*steps, (1, 0.0, 0.0, None, int(Flag.LOW_ACCURACY))])
    in_order = Told(ALL["strict"])
    in_order.take(fixes)
    shuffled = Told(ALL["strict"])
    shuffled.take([fixes[number] for number in (7, 1, 6, 2, 4, 5)])
    shuffled.fold_in()
    shuffled.take([fixes[3], fixes[0]])
    shuffled.fold_in()
    assert set(shuffled.log) == set(in_order.log) and in_order.log


def test_a_tunnel_of_two_hours_delivered_backwards() -> None:
    """The fix at its far end comes first; then all that was measured in it, the newest first, in frames of fifty."""
    steps = [(10, 3.0 if n % 90 < 60 else -4.0, 1.0 if n % 7 == 0 else 0.0, 8.0, 0) for n in range(720)]
    fixes = way(steps)
    in_order = Told(ALL["balanced"])
    in_order.take(fixes)
    backwards = Told(ALL["balanced"])
    for end in range(720, 0, -50):
        backwards.take(list(reversed(fixes[max(0, end - 50) : end])))
        backwards.fold_in()
    assert len(in_order.log) > 10
    assert set(backwards.log) == set(in_order.log)
    assert not any(each.late for each in in_order.log.values())
