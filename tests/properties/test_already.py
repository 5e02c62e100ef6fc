"""The law of late fixes where a geofence comes into force that notes who is inside: in whatever order the fixes come
that are received after it, the same stands in the end, and nobody who was inside is told to have entered."""

import random
from collections.abc import Sequence

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import box, circle, polygon
from tests.laws import examples
from tests.properties.test_refold import AT, VAN, fold_fixes, step, way
from tracker.geofence.fences import PENDING, Fences
from tracker.model.event import Decision, Happening, Transition
from tracker.model.fix import Fix, Row
from tracker.model.geofence import Preset
from tracker.model.state import State
from tracker.pipeline.refold import find_start, refold


class Noting:
    """What a server keeps of one device, with the stamps by which it was decided."""

    def __init__(self) -> None:
        self.known = Fences()
        self.rows: dict[int, Row] = {}
        self.states = {1: State()}
        self.log: dict[Happening, tuple[Transition, int]] = {}
        self.stamp = AT * 1000

    def draw(self, preset: Preset, **properties: float) -> None:
        """The same geofences anew, in force from the next stamp on."""
        drawn = [
            circle(0, 0, 60, 1, preset=preset, already_inside="noted", **properties),
            polygon(box(0.0003, -0.0005, 0.002, 0.0005), key=2, preset=preset, already_inside="noted"),
            circle(0.003, 0, 90, 3, preset=preset),
        ]
        self.stamp += 1
        revision = self.known.revision + 1
        changed = self.known.change((), drawn, revision, dict.fromkeys((1, 2, 3), PENDING))
        self.known = changed.put_in_force(self.stamp)

    def take(self, fixes: Sequence[Fix]) -> None:
        folded = fold_fixes(fixes, self.stamp + 1, self.states, self.known, self.stamp)
        self.stamp = folded.stamp
        self.rows.update({row.fix.at: row for row in folded.rows})
        self.states.update(folded.states)
        self.tell(folded.transitions)

    def fold_in(self) -> None:
        state = self.states[1]
        start = find_start(state)
        if start is None:
            return
        self.stamp += 1
        rows = [self.rows[at] for at in sorted(self.rows) if at > start.seen_at]
        told = [
            Decision(happening, each.decided_at, stamp)
            for happening, (each, stamp) in self.log.items()
            if each.decided_at > start.seen_at
        ]
        refolded = refold(VAN, state, start, rows, told, self.known)
        self.states[1] = refolded.state
        self.log.update({each.happening: (each, self.log[each.happening][1]) for each in refolded.moved})
        self.tell(refolded.transitions)

    def tell(self, transitions: Sequence[Transition]) -> None:
        for each in transitions:
            if each.retracts is not None:
                del self.log[each.retracts]
            elif each.stamp is not None:  # perhaps noted once more, by the same place
                self.log[each.happening] = each, each.stamp
            else:  # what is in the table already is told no second time
                self.log.setdefault(each.happening, (each, self.stamp))

    def standing(self) -> tuple[object, ...]:
        state = self.states[1]
        return set(self.log), state.newest, state.inside, set(state.stays), set(state.candidates)


def play(parts: Sequence[Sequence[Fix]], presets: Sequence[Preset], chance: random.Random | None) -> Noting:
    """Each part of the fixes after one more change; in order, or in what chance makes of it."""
    server = Noting()
    server.take(parts[0])
    for number, part in enumerate(parts[1:]):
        server.fold_in()
        server.draw(presets[number], dwell=45.0 + number)
        rest = sorted(part, key=lambda fix: fix.at)
        if chance is not None:
            chance.shuffle(rest)
        while rest:
            size = len(rest) if chance is None else chance.randint(1, 4)
            server.take(rest[:size])
            del rest[:size]
            if chance is not None and chance.random() < 0.5:
                server.fold_in()
        server.fold_in()
    return server


NEAR = st.tuples(
    st.sampled_from([1, 5, 10, 40]),
    st.sampled_from([0.0, 0.0, 6.0, -6.0, 30.0, -30.0, 60.0, -60.0, 90.0, 150.0]),
    st.sampled_from([0.0, 0.0, 20.0, -20.0]),
    st.sampled_from([None, 5.0, 5.0, 30.0]),
    st.just(0),
)


@settings(max_examples=examples(80))
@given(
    st.lists(st.one_of(NEAR, NEAR, NEAR, step), min_size=4, max_size=24),
    st.lists(st.integers(0, 2), min_size=30, max_size=30),
    st.lists(st.sampled_from(["strict", "balanced", "calm"]), min_size=2, max_size=2),
    st.randoms(use_true_random=False),
)
def test_any_order_between_two_changes_comes_to_the_same(
    steps: list[tuple[int, float, float, float | None, int]],
    part_of: list[int],
    presets: list[Preset],
    chance: random.Random,
) -> None:
    fixes = way([(1, 150.0, 0.0, None, 0), *steps])
    parts = [[fix for fix, part in zip(fixes, part_of, strict=False) if part == number] for number in range(3)]
    in_order, shuffled = play(parts, presets, None), play(parts, presets, chance)
    kinds = {happening.kind for happening in in_order.log}
    event(", ".join(sorted(kinds & {"noted", "doubted"})) or "nobody was inside")
    assert shuffled.standing() == in_order.standing()
