"""The law of the live stream: whatever came in between, a viewer that is left in peace shows the newest positions."""

import json
from collections.abc import Sequence
from time import monotonic
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.laws import examples
from tests.moments import MONDAY
from tracker.access.gate import Gate
from tracker.live.hub import Hub
from tracker.live.table import Table
from tracker.live.viewer import FULL, Viewer
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.fix import Fix
from tracker.model.moment import now_us
from tracker.model.position import Position, Status
from tracker.model.token import Token
from tracker.model.update import Update
from tracker.store.rights import Rights
from tracker.websocket import Prebuilt

AT = MONDAY
KEYS = (1, 2, 3, 1500)  # the last one is beyond the first size of the table
LONGITUDES = (-179.9, 0.0, 7.5, 7.6, 179.9)
VIEWPORTS = (None, [-180, -90, 180, 90], [7, 43, 8, 44], [179, 0, -179, 50], [-1, 43, 8, 44])
zooms = st.sampled_from([None, 12])
devices = st.none() | st.lists(st.sampled_from([f"van-{key}" for key in KEYS]), max_size=3)


class Page:
    """A socket with the page behind it, which believes what it is told. `is_stalled`: it reads nothing."""

    def __init__(self) -> None:
        self.peer = "a page"
        self.shown: dict[str, tuple[int, float]] = {}
        self.is_stalled = False
        self.is_subscribed = False
        self.late = 0  # messages that were sent though the socket was full

    @property
    def buffered(self) -> int:
        return FULL + 1 if self.is_stalled else 0

    def send(self, message: str | bytes) -> None:
        told = json.loads(message)
        self.late += self.is_stalled
        if told["type"] == "snapshot":
            assert self.is_subscribed, "a snapshot before the answer"
            self.shown = {}
        if told["type"] in ("snapshot", "positions"):
            self.shown.update({each["device"]: (at(each), each["lon"]) for each in told["positions"]})
        for id in told["devices"] if told["type"] == "gone" else ():
            assert self.shown.pop(id, None) is not None, f"{id} was never shown"
        self.is_subscribed = self.is_subscribed or told["type"] == "subscribed"

    def send_all(self, texts: Sequence[str]) -> None:
        for text in texts:
            self.send(text)

    def send_prebuilt(self, frame: Prebuilt) -> None:
        self.send(frame.message)

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self, code: int, reason: str = "") -> None:
        raise AssertionError(f"closed with {code} {reason}")

    def abort(self) -> None:
        raise AssertionError("aborted")


def at(position: dict[str, Any]) -> int:
    return int(position["at"][17:19]) * 1000 + int(position["at"][20:23])


def come_to_rest(hub: Hub, now: float) -> float:
    """When it has nothing more to send."""
    for _ in range(10):
        now += 5.0
        if not hub.serve(now):
            return now
    raise AssertionError("the hub never comes to rest")


class Map(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.table = Table()
        nothing = cast(Any, None)  # tokens and events are looked up elsewhere: not here
        gate = Gate(nothing)
        gate.sights.adopt(Rights(revision=0))
        self.hub = Hub(gate, nothing, nothing, Metrics(), self.table)
        self.page = Page()
        self.viewer = Viewer(self.table, self.hub.head, self.hub, Token(1, "viewer"))
        self.viewer.opened(self.page)
        self.wish: dict[str, Any] = {}
        self.clock = 0
        self.now = monotonic() + 1.0
        for key in KEYS[:2]:
            self.make_or_rename(key, "Van")
            self.move(key, 7.5)
        self.subscribe([7, 43, 8, 44], None, 20, None)

    def say(self, **message: Any) -> None:
        self.viewer.received(json.dumps(message))

    @rule(
        viewport=st.sampled_from(VIEWPORTS),
        ids=devices,
        rate=st.sampled_from([1, 20]),
        zoom=st.sampled_from([None, 12]),
    )
    def subscribe(self, viewport: Any, ids: Any, rate: int, zoom: int | None) -> None:
        self.wish = {"viewport": viewport, "devices": ids, "zoom": zoom}
        self.say(type="subscribe", rate=rate, **self.wish)

    @rule(key=st.sampled_from(KEYS), lon=st.sampled_from(LONGITUDES))
    def move(self, key: int, lon: float) -> None:
        self.clock += 1
        fix = Fix(AT + self.clock * 10, round(lon * 1e7), 435000000)
        self.hub.deliver(Update([Position(key, fix, now_us(), Status.MOVING)], [], now_us()))

    @rule(key=st.sampled_from(KEYS), name=st.sampled_from(["Van", "Bus"]))
    def make_or_rename(self, key: int, name: str) -> None:
        self.hub.change_device(key, Device(key, f"van-{key}", name))

    @rule(key=st.sampled_from(KEYS))
    def delete(self, key: int) -> None:
        self.hub.change_device(key, None)

    @rule()
    def pause(self) -> None:
        self.say(type="pause")

    @rule()
    def resume(self) -> None:
        self.say(type="resume")

    @rule()
    def stall(self) -> None:
        self.page.is_stalled = True

    @rule()
    def read(self) -> None:
        self.page.is_stalled = False
        self.viewer.drained()

    @rule(seconds=st.sampled_from([0.02, 1.0]))
    def tick(self, seconds: float) -> None:
        self.now += seconds
        self.hub.serve(self.now)

    @invariant()
    def a_full_socket_is_left_alone(self) -> None:
        if hasattr(self, "page"):
            assert self.page.late == 0

    def teardown(self) -> None:
        if not hasattr(self, "page") or not self.wish:
            return
        self.read()
        self.resume()
        self.now = come_to_rest(self.hub, self.now)
        shown, expected = self.page.shown, self.expected()
        if self.wish["zoom"] is not None:  # what does not move is told less often
            assert {id: lon for id, (_, lon) in shown.items()} == {id: lon for id, (_, lon) in expected.items()}
        else:
            assert shown == expected

    def expected(self) -> dict[str, tuple[int, float]]:
        shown = {}
        for key, position in self.table.positions.items():
            device = self.table.devices.get(key)
            fix = position.fix
            if device and (in_box(self.wish["viewport"], fix.lon) or device.id in (self.wish["devices"] or ())):
                shown[device.id] = (fix.at % 60_000, fix.lon)
        return shown


def in_box(viewport: list[float] | None, lon: float) -> bool:
    if viewport is None:
        return False
    west, _, east, _ = viewport
    return west <= lon <= east if west <= east else lon >= west or lon <= east


TestMap = Map.TestCase
TestMap.settings = settings(max_examples=examples(150), stateful_step_count=25)
