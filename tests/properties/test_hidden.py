"""The laws of what others see of a person: nothing of a time that was hidden, and one dot of two phones, whatever came
in whichever order; its person sees all of it, as one dot too."""

import json
from collections.abc import Sequence
from itertools import permutations
from time import monotonic
from typing import Any, Final, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.laws import examples
from tests.moments import MONDAY
from tests.properties.test_viewer import Page, come_to_rest
from tracker.access.gate import Gate
from tracker.live.dots import choose_dot
from tracker.live.hub import Hub
from tracker.live.table import Table
from tracker.live.viewer import Viewer
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.fix import Fix, Flag
from tracker.model.moment import now_us
from tracker.model.position import Position, Status
from tracker.model.privacy import Guise, Mode, Privacy
from tracker.model.sight import Things
from tracker.model.token import Token
from tracker.model.update import Update
from tracker.store.rights import Rights

PHONES: Final = (1, 2)  # of person 7
SLOTS: Final = {1: 11, 2: 12}
OWN: Final = Things(frozenset(PHONES), frozenset(f"van-{key}" for key in PHONES))
LAT: Final = 435_000_000
keys = st.sampled_from((*PHONES, 3))


class Frank(Page):
    """Its place is its number: each is told once."""

    def __init__(self) -> None:
        super().__init__()
        self.modes: dict[str, str] = {}
        self.told: set[int] = set()  # the numbers of the places

    def send(self, message: str | bytes) -> None:
        told = json.loads(message)
        if told["type"] == "privacy":
            self.modes |= {each["device"]: each["mode"] for each in told["devices"]}
            return
        super().send(message)
        self.told |= {round(each["lon"] * 1e7) for each in told.get("positions", ())}


class Hidden(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.table = Table()
        nothing = cast(Any, None)
        self.gate = Gate(nothing)
        self.modes: dict[int, Mode | None] = {}
        self.past: dict[int, list[Privacy]] = {}
        self.newest: dict[int, tuple[int, bool]] = {}  # the number of its place, and whether it is kept from others
        self.kept: set[int] = set()
        self.number, self.revision = 0, 0
        self.adopt()
        self.hub = Hub(self.gate, nothing, nothing, Metrics(), self.table)
        for key in (*PHONES, 3):
            self.hub.change_device(key, Device(key, f"van-{key}", "V"))
        self.others, self.own = Frank(), Frank()
        self.now = monotonic() + 1.0
        self.open(self.others, Token(1, "viewer"))
        self.open(self.own, Token(0, "person", person=7, session=1))

    def open(self, page: Frank, token: Token) -> None:
        viewer = Viewer(self.table, self.hub.head, self.hub, token)
        viewer.opened(page)
        viewer.received(json.dumps({"type": "subscribe", "viewport": [-180, -90, 180, 90], "rate": 20}))

    def adopt(self) -> None:
        """The rights as they are now in the database."""
        self.revision += 1
        guises = {key: Guise(key, f"van-{key}", SLOTS[key], tuple(each)) for key, each in self.past.items()}
        self.gate.sights.adopt(
            Rights(
                self.revision,
                owners=frozenset((7,)),
                own={7: OWN},
                guises=guises,
                dots=(frozenset(PHONES),),
            )
        )

    @rule(key=keys)
    def move(self, key: int) -> None:
        self.number += 1
        is_kept = self.modes.get(key) is not None
        self.newest[key] = self.number, is_kept
        self.kept |= {self.number} if is_kept else set()
        now = now_us()
        fix = Fix(now // 1000, self.number, LAT)
        self.hub.deliver(Update([Position(key, fix, now, Status.MOVING)], [], now, rights=self.revision))
        wait()

    @rule(key=st.sampled_from(PHONES), mode=st.sampled_from(("vague", "paused", None)))
    def change(self, key: int, mode: Mode | None) -> None:
        """As PUT .../privacy does."""
        wait()
        now, past = now_us() // 1000 * 1000, self.past.setdefault(key, [])
        if past and past[-1].until is None:
            past[-1] = Privacy(past[-1].mode, past[-1].since, now)
        if mode is not None:
            past.append(Privacy(mode, now))
        self.modes[key] = mode
        self.adopt()
        wait()

    @rule()
    def tick(self) -> None:
        self.now += 1.0
        self.hub.serve(self.now)

    @rule()
    def look(self) -> None:
        """Somebody asks over HTTP."""
        self.hub.guises.settle(self.gate.sights.rights, now_us())

    @invariant()
    def nothing_kept_is_told(self) -> None:
        if hasattr(self, "own"):
            assert not self.others.told & self.kept
            for page in (self.others, self.own):
                assert sum(f"van-{key}" in page.shown for key in PHONES) <= 1

    def teardown(self) -> None:
        if not hasattr(self, "own"):
            return
        self.now = come_to_rest(self.hub, self.now)
        own = {key: number for key, (number, _) in self.newest.items()}
        seen = {
            key: number for key, (number, is_kept) in self.newest.items() if not is_kept and not self.modes.get(key)
        }
        assert places(self.own) == one_dot(own)
        assert places(self.others) == one_dot(seen)
        for page in (self.own, self.others):
            assert {id: mode for id, mode in page.modes.items() if mode != "exact"} == {
                f"van-{key}": mode for key, mode in self.modes.items() if mode
            }


def places(page: Frank) -> dict[str, int]:
    return {id: round(lon * 1e7) for id, (_, lon) in page.shown.items()}


def one_dot(numbers: dict[int, int]) -> dict[str, int]:
    freshest = max((number for key, number in numbers.items() if key in PHONES), default=0)
    return {f"van-{key}": number for key, number in numbers.items() if key == 3 or number == freshest}


def wait() -> None:
    """Into the next millisecond: modes and fixes are told apart by it."""
    now = now_us() // 1000
    while now_us() // 1000 == now:
        pass


TestHidden = Hidden.TestCase
TestHidden.settings = settings(max_examples=examples(100), stateful_step_count=20)

fixes = st.builds(
    lambda minute, flags: Fix(MONDAY + minute * 60_000, 0, 0, flags=flags),
    st.integers(0, 5),
    st.sampled_from([0, int(Flag.CLOCK_SKEW)]),
)
positions = st.builds(Position, st.integers(1, 5), fixes, st.just(0), st.sampled_from(list(Status)))


@given(st.lists(positions, max_size=4, unique_by=lambda each: each.device))
def test_the_order_says_nothing(candidates: Sequence[Position]) -> None:
    chosen = {found.device if (found := choose_dot(each)) else None for each in permutations(candidates)}
    assert len(chosen) == 1 and (chosen == {None}) == (not candidates)


def test_the_freshest_credible_is_the_dot() -> None:
    def at(device: int, minutes: float, status: Status = Status.UNKNOWN, flags: int = 0) -> Position:
        return Position(device, Fix(MONDAY + round(minutes * 60_000), 0, 0, flags=flags), 0, status)

    def chosen(*candidates: Position) -> int:
        found = choose_dot(candidates)
        assert found is not None
        return found.device

    assert chosen(at(1, 0), at(2, 1)) == 2
    assert chosen(at(1, 0), at(2, 60, flags=int(Flag.CLOCK_SKEW))) == 1, "its clock is ahead"
    assert chosen(at(1, 0, Status.MOVING), at(2, 1, Status.STOPPED)) == 1, "a tablet at home"
    assert chosen(at(1, 0, Status.MOVING), at(2, 3, Status.STOPPED)) == 2, "the other has not been heard of since"
    assert chosen(at(1, 0, Status.STOPPED), at(2, 1, Status.STOPPED)) == 2
