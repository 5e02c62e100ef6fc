"""The same fix by two ways is one fix, whichever way is faster: a recording delivered in two dialects, in any order,
cut into any frames, leaves what the finer one alone leaves."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.moments import MONDAY
from tests.properties.test_refold import ALL, VAN
from tracker.model.dialect import Dialect
from tracker.model.event import Decision, Happening, Transition
from tracker.model.fix import Fix, Row
from tracker.model.frame import Frame
from tracker.model.heard import Heard, cut_to_second
from tracker.model.report import App
from tracker.model.state import State
from tracker.pipeline.fold import Folded, Grounds, StoredFixes, fold
from tracker.pipeline.lineup import list_before, list_fixes
from tracker.pipeline.refold import find_start, refold
from tracker.pipeline.twins import Twins, find_ambiguous_seconds

AT = cut_to_second(MONDAY)
FINE = None  # our own stream, with parts of a second
COARSE = App(Dialect.OWNTRACKS, "OwnTracks")


def make_fix(second: int, part: int, east: int) -> Fix:
    return Fix(AT + second * 1000 + part, 74_250_000 + east, 437_350_000, accuracy=5.0)


def coarsen(fix: Fix) -> Fix:
    """As an app says it that knows whole seconds and rounds its degrees to six places."""
    return Fix(cut_to_second(fix.at), round(fix.lon_e7, -1), round(fix.lat_e7, -1), accuracy=fix.accuracy)


class Server:
    """What a server keeps of one device that speaks two dialects."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.states = {1: State()}
        self.told: dict[Happening, Transition] = {}
        self.stamp = 0
        self.stored = 0

    def take(self, *frames: Frame) -> None:
        wanted = set(find_ambiguous_seconds(frames, self.states, {1}))
        rows = [row for row in self.rows.values() if (1, cut_to_second(row.fix.at)) in wanted]
        heard = {second: [to_heard(row) for row in rows if cut_to_second(row.fix.at) == second[1]] for second in wanted}
        fences = ALL["strict"]
        asked = fences.ask(list_fixes(frames), list_before(frames, self.states))
        folded = fold(
            frames, self.states, StoredFixes({}, Twins({1}, heard)), Grounds({1: VAN}, fences, asked), self.stamp
        )
        self.keep(folded)

    def keep(self, folded: Folded) -> None:
        for _, at in folded.replaced:
            self.rows.pop(at, None)
        assert not {row.fix.at for row in folded.rows} & self.rows.keys()
        self.rows |= {row.fix.at: row for row in folded.rows}
        self.stored += sum(each.stored for each in folded.outcomes) - len(folded.replaced)
        self.states.update(folded.states)
        self.stamp = folded.stamp
        self.tell(folded.transitions)

    def fold_in(self) -> None:
        state = self.states[1]
        if (start := find_start(state)) is None:
            return
        rows = [self.rows[at] for at in sorted(self.rows) if at > start.seen_at]
        told = [Decision(h, each.decided_at, 0) for h, each in self.told.items() if each.decided_at > start.seen_at]
        refolded = refold(VAN, state, start, rows, told, ALL["strict"])
        self.states[1] = refolded.state
        self.tell(refolded.transitions)

    def tell(self, transitions: list[Transition]) -> None:
        for each in transitions:
            if each.retracts is not None:
                del self.told[each.retracts]
            else:
                self.told[each.happening] = each


def to_heard(row: Row) -> Heard:
    return Heard(row.fix.at, row.fix.lon_e7, row.fix.lat_e7, row.dialect)


# Not on the second itself: then neither is the finer one, and whichever came first stays.
steps = st.lists(st.tuples(st.integers(1, 999), st.integers(-3_000, 12_000)), min_size=1, max_size=12)


@settings(max_examples=examples(200))
@given(steps, st.data())
def test_two_ways_leave_what_the_finer_leaves(steps: list[tuple[int, int]], data: st.DataObject) -> None:
    recording = [make_fix(number, *step) for number, step in enumerate(steps)]
    sent = [(fix, FINE) for fix in recording] + [(coarsen(fix), COARSE) for fix in recording]
    server, alone = Server(), Server()
    for fix, app in data.draw(st.permutations(sent)):
        server.take(Frame(1, 1, AT * 1000, [fix], app=app))
        if data.draw(st.booleans()):
            server.fold_in()
    server.fold_in()
    for fix in recording:
        alone.take(Frame(1, 1, AT * 1000, [fix]))
    assert {at: row.fix.lon_e7 for at, row in server.rows.items()} == {fix.at: fix.lon_e7 for fix in recording}
    assert server.stored == len(recording)
    assert server.told.keys() == alone.told.keys()
    assert server.states[1].inside == alone.states[1].inside
    assert server.states[1].newest == alone.states[1].newest


@given(steps, st.data())
def test_one_batch_is_as_many(steps: list[tuple[int, int]], data: st.DataObject) -> None:
    recording = [make_fix(number, *step) for number, step in enumerate(steps)]
    sent = data.draw(
        st.permutations([(fix, FINE) for fix in recording] + [(coarsen(fix), COARSE) for fix in recording])
    )
    frames = [Frame(1, 1, AT * 1000, [fix], app=app) for fix, app in sent]
    server = Server()
    server.take(*frames)
    server.take(*frames)  # all of it again
    assert sorted(server.rows) == [fix.at for fix in recording] and server.stored == len(recording)


def test_what_is_no_twin() -> None:
    """The same dialect, another second, another place, or two times that both have parts of a second."""
    here = make_fix(0, 0, 0)
    others = [
        (make_fix(0, 400, 0), COARSE),  # the same dialect: a device that measures more often
        (make_fix(1, 0, 0), FINE),
        (make_fix(0, 700, 300), FINE),  # 2.4 m
    ]
    for fix, app in others:
        server = Server()
        server.take(Frame(1, 1, AT * 1000, [here], app=COARSE))
        server.take(Frame(1, 2, AT * 1000, [fix], app=app))
        assert len(server.rows) == 2
    server = Server()
    server.take(
        Frame(1, 1, AT * 1000, [make_fix(0, 300, 0)]), Frame(1, 2, AT * 1000, [make_fix(0, 400, 0)], app=COARSE)
    )
    assert len(server.rows) == 2
    server.take(Frame(1, 3, AT * 1000, [make_fix(0, 300, 500)], app=COARSE))  # another place at a moment that is stored
    assert len(server.rows) == 2
