"""Events a viewer missed are read from the log, whatever it asks for meanwhile."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from tests.integration.numbered import number_events
from tests.patience import PATIENCE_S
from tracker.access.gate import Gate
from tracker.live.hub import Hub
from tracker.live.table import Table
from tracker.live.viewer import FULL, Viewer
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.event import Event, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.fix import Fix
from tracker.model.moment import now_ms, now_us
from tracker.model.sight import EVERYTHING
from tracker.model.token import Token
from tracker.model.update import Update
from tracker.store.events import insert_transitions, select_events
from tracker.websocket import Prebuilt


class Page:
    """A socket that keeps what it is told. `buffered` is what a test says waits in it."""

    def __init__(self) -> None:
        self.peer = "a page"
        self.buffered = 0
        self.told: list[dict[str, Any]] = []

    def send(self, message: str | bytes) -> None:
        self.told.append(json.loads(message))

    def send_all(self, texts: Sequence[str]) -> None:
        for text in texts:
            self.send(text)

    def send_prebuilt(self, frame: Prebuilt) -> None:
        self.send(frame.message)

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def abort(self) -> None: ...
    def close(self, code: int, reason: str = "") -> None:
        raise AssertionError(f"closed with {code} {reason}")

    def events(self) -> list[int]:
        return [each["event"]["id"] for each in self.told if each["type"] == "event"]


@pytest.fixture
async def head(pool: asyncpg.Pool, device: Device) -> int:
    """Three events are in the log."""
    fix = Fix(now_ms(), 74246000, 437384000, accuracy=8.0)
    crossed = [
        Transition(device.key, fence, "enter", fix.at, fix, fix.at, Evidence(fixes=(make_seen(fix, 3.0),)))
        for fence in (5, 6, 7)
    ]
    async with pool.acquire() as conn:
        await insert_transitions(conn, crossed, {5: "a", 6: "b", 7: "c"}, detected_at=fix.at)
        await number_events(conn)
    return 3


async def begin(hub: Hub, head: int) -> tuple[Hub, Viewer]:
    """A process that knows of the events up to `head`, with a viewer whose rights are read."""
    hub.head.event = head
    async with hub.pool.acquire() as conn:
        await hub.gate.sights.refresh(conn)
    return hub, Viewer(hub.table, hub.head, hub, Token(1, "viewer"))


async def read_after(pool: asyncpg.Pool, after: int) -> list[Event]:
    async with pool.acquire() as conn:
        return await select_events(conn, EVERYTHING, after=after, limit=9)


async def test_asking_anew_while_events_are_read_loses_none(
    pool: asyncpg.Pool, gate: Gate, metrics: Metrics, head: int
) -> None:
    """The second wish waits for an empty socket: what is read meanwhile cannot be sent, so it may not count as sent."""
    page = Page()
    subscribe = json.dumps({"type": "subscribe", "events": {"after": 0}})
    async with asyncio.timeout(PATIENCE_S):
        async with asyncio.TaskGroup() as tasks:
            hub, viewer = await begin(Hub(gate, pool, tasks, metrics, Table()), head)
            viewer.opened(page)
            viewer.received(subscribe)
            assert viewer.is_catching_up
            page.buffered = 1
            viewer.received(subscribe)
        assert page.events() == []
        async with asyncio.TaskGroup() as hub.tasks:
            page.buffered = 0
            hub.serve(viewer.payday)
    assert page.events() == [1, 2, 3]


@pytest.mark.parametrize(("after", "resumed"), [(3, True), (4, False)], ids=["told elsewhere", "of another log"])
async def test_who_was_told_more_elsewhere_hears_nothing_twice(
    pool: asyncpg.Pool, gate: Gate, metrics: Metrics, head: int, after: int, resumed: bool
) -> None:
    """Another process is ahead: the word of its events comes to this one later."""
    page = Page()
    async with asyncio.timeout(PATIENCE_S):
        async with asyncio.TaskGroup() as tasks:
            hub, viewer = await begin(Hub(gate, pool, tasks, metrics, Table()), 1)
            events = await read_after(pool, 1)
            viewer.opened(page)
            viewer.received(json.dumps({"type": "subscribe", "events": {"after": after}}))
            assert page.told == [], "it is found out first"
        async with asyncio.TaskGroup() as hub.tasks:
            hub.deliver(Update([], events, now_us()))
    subscribed = page.told[0]
    assert (subscribed["type"], subscribed["resumed"], subscribed["event"]) == ("subscribed", resumed, head)
    assert page.events() == []


@pytest.mark.parametrize("is_full", [False, True], ids=["the head was read", "its socket was full"])
async def test_who_was_not_told_the_one_before_is_told_both(
    pool: asyncpg.Pool, gate: Gate, metrics: Metrics, head: int, is_full: bool
) -> None:
    """The bus brings 3 to a process that knows of 2, and one of its viewers was told 1."""
    page = Page()
    async with asyncio.timeout(PATIENCE_S):
        async with asyncio.TaskGroup() as tasks:
            hub, viewer = await begin(Hub(gate, pool, tasks, metrics, Table()), 1)
            second, third = await read_after(pool, 1)
            viewer.opened(page)
            viewer.received(json.dumps({"type": "subscribe", "events": {"after": 1}}))
            if is_full:
                page.buffered = FULL + 1
                hub.deliver(Update([], [second], now_us()))
            hub.head.event = second.id
        page.buffered = 0
        async with asyncio.TaskGroup() as hub.tasks:
            hub.deliver(Update([], [third], now_us()))
    assert page.events() == [2, 3]


async def test_what_a_viewer_does_not_want_leaves_it_level(
    pool: asyncpg.Pool, gate: Gate, metrics: Metrics, head: int
) -> None:
    """Else each event would have it read the table."""
    page = Page()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        hub, viewer = await begin(Hub(gate, pool, tasks, metrics, Table()), 0)
        events = await read_after(pool, 0)
        viewer.opened(page)
        viewer.received(json.dumps({"type": "subscribe", "events": {"types": ["exit"]}}))
        for event in events:
            hub.deliver(Update([], [event], now_us()))
            assert (viewer.event, viewer.is_catching_up) == (event.id, False)
    assert page.events() == []
