"""The law of rights: for random people, groups, changes and histories, what any reader gets by any path equals the
model's filter of the log, also while the bus and the nudges are late."""

import asyncio
import csv
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.databases import Databases, copied
from tests.integration.rights_model import DEVICES, FENCES, GROUPS, PEOPLE, READERS, THINGS, WISHES, State, Told
from tests.integration.rights_scene import Scene, playing
from tests.integration.test_rights_live import Page, until
from tests.laws import examples
from tests.moments import MONDAY
from tracker.alerts.allowed import find_sight, keep_allowed
from tracker.live import screen, throng
from tracker.model.delivery import Delivery
from tracker.model.moment import DAY_MS, format_ms, parse
from tracker.model.sight import EVERYTHING
from tracker.store.pool import open_pool
from tracker.store.rights import select_rights
from tracker.store.subscriptions import select_subscription

SPAN: Final = f"from={format_ms(MONDAY)}&to={format_ms(MONDAY + DAY_MS)}"
Step = tuple[Any, ...]


def toggles() -> st.SearchStrategy[Step]:
    things = [(noun, thing) for noun, of in THINGS.items() for thing in of]
    return st.tuples(st.just("toggle"), st.sampled_from(GROUPS), st.sampled_from(things))


STEPS: Final = st.one_of(
    toggles(),
    toggles(),
    st.tuples(
        st.just("role"),
        st.sampled_from(GROUPS),
        st.sampled_from(PEOPLE[:3]),
        st.sampled_from(["viewer", "dispatcher", "manager", None]),
    ),
    st.tuples(st.just("own"), st.sampled_from(("bob", "eve"))),
    st.tuples(
        st.just("move"),
        st.lists(st.sampled_from(DEVICES), min_size=1, max_size=4, unique=True),
        st.sampled_from(FENCES),
        st.sampled_from((None, None, *DEVICES)),
    ),
    st.tuples(st.just("bring"), st.integers(1, 3)),
    st.tuples(st.just("look"), st.sampled_from(READERS), st.booleans()),
    st.tuples(st.just("read"), st.sampled_from(READERS)),
    st.tuples(st.just("pause")),
    st.tuples(st.just("settle")),
    st.tuples(st.just("revoke"), st.sampled_from(GROUPS), st.sampled_from(DEVICES)),
)
# What there is to see, and something to see it by: else most examples would be of empty groups.
BEGIN: Final[list[Step]] = [
    *(("toggle", "north", ("device", each)) for each in ("van", "bus")),
    *(("toggle", "south", ("device", each)) for each in ("boat", "bike")),
    ("toggle", "north", ("geofence", "yard")),
    ("toggle", "south", ("subscription", "wish")),
    ("role", "north", "bob", "viewer"),
    ("role", "south", "eve", "manager"),
    ("move", list(DEVICES), "yard", None),
    ("bring", 1),
    ("look", "bob", False),
    ("look", "eve", True),
    ("settle",),
    ("pause",),
    ("revoke", "north", "van"),
    ("revoke", "south", "boat"),
]


@given(steps=st.lists(STEPS, min_size=5, max_size=25))
@settings(
    max_examples=examples(8),
    suppress_health_check=[*HealthCheck],
    phases=[Phase.explicit, Phase.generate],  # an example takes a second or more: a smaller one is not looked for
)
def test_what_any_reader_gets_is_what_the_model_lets_it_see(databases: Databases, steps: list[Step]) -> None:
    with copied(databases) as url:
        asyncio.run(play(url, BEGIN + steps))


async def play(url: str, steps: list[Step]) -> None:
    async with await open_pool(url, min_size=1, max_size=4) as pool, playing(pool) as scene:
        pages: list[tuple[str, Page]] = []
        for step in steps:
            await take(scene, pages, step)
        for group in GROUPS:
            await take(scene, pages, ("revoke", group, "bus"))
        await scene.settle()
        for group in GROUPS:  # and nothing moves after it
            if "bike" in scene.state.held["device"][group]:
                await scene.toggle("device", group, "bike")
        await scene.settle()
        for reader in READERS:
            pages.append((reader, scene.look(reader)))
            await check_http(scene, reader)
        for reader, page in pages:
            await check_page(scene, reader, page)
        await check_alerts(scene)


async def take(scene: Scene, pages: list[tuple[str, Page]], step: Step) -> None:
    match step:
        case ("toggle", group, (noun, thing)):
            await scene.toggle(noun, group, thing)
        case ("role", group, person, role):
            await scene.give_role(group, person, role)
        case ("own", person):
            await scene.own(person)
        case ("move", devices, fence, other):
            await scene.move(devices, fence, other)
        case ("bring", count):
            scene.bring(count)
        case ("look", reader, binary):
            pages.append((reader, scene.look(reader, binary=binary)))
        case ("read", reader):
            await check_http(scene, reader)
        case ("settle",):
            await scene.settle()
        case ("revoke", group, device):  # and the bus is quicker than any nudge
            if device in scene.state.held["device"][group]:
                await scene.toggle("device", group, device)
            await scene.move(list(dict.fromkeys([device, *DEVICES[:2]])), "yard", None)
            scene.bring(len(scene.waiting))
            await asyncio.sleep(0.03)
        case _:
            await asyncio.sleep(0.03)  # some ticks pass


async def check_http(scene: Scene, reader: str) -> None:
    """By each path over HTTP, now."""
    state, call = scene.state, scene.callers[reader]
    if not state.sees_most(reader) and not state.groups_of(reader) and reader != "ann":
        assert (await call.get("/api/devices")).status_code == 403
        return

    async def ids(path: str, of: str) -> set[Any]:
        response = await call.get(path)
        assert response.status_code == 200, (reader, path, await response.get_data(as_text=True))
        return {each["id"] for each in (await response.get_json())[of]}

    assert await ids("/api/devices", "devices") == state.devices_of(reader)
    for path in ("/api/geofences", "/api/geofences/export"):
        assert await ids(path, "features") == state.fences_of(reader), path
        await check_named(scene, reader, path)
    events = {each.id for each in scene.events if state.sees_event(reader, each)}
    assert await ids("/api/events?after=0", "events") == events
    middle = len(scene.events) // 2
    assert await ids(f"/api/events?after={middle}&limit=2", "events") == set(
        sorted(each for each in events if each > middle)[:2]
    )
    await check_positions(scene, reader)
    for device in DEVICES:
        await check_track(scene, reader, device)


async def check_named(scene: Scene, reader: str, path: str) -> None:
    """Each geofence is for all devices by name, and expects all of them."""
    seen = [each for each in DEVICES if scene.state.sees_device(reader, each)]
    for each in (await (await scene.callers[reader].get(path)).get_json())["features"]:
        assert each["properties"]["devices"] == (seen or ["erased"]), (reader, path)
        assert [named["devices"] for named in each["properties"].get("expect", ())] == ([seen] if seen else [])


async def check_positions(scene: Scene, reader: str) -> None:
    found = await (await scene.callers[reader].get("/api/positions?bbox=0,0,20,60")).get_json()
    expected = {
        id: (batch, sorted(scene.state.fences_of(reader, fences)))
        for id, (batch, fences) in scene.shown.items()
        if scene.state.sees_device(reader, id)
    }
    shown = {
        each["id"]: (number_of(each["properties"]["at"]), sorted(each["properties"]["geofences"]))
        for each in found["features"]
    }
    assert shown == expected and found["total"] == len(expected)


async def check_track(scene: Scene, reader: str, device: str) -> None:
    call = scene.callers[reader]
    line = await call.get(f"/api/devices/{device}/track?{SPAN}")
    table = await call.get(f"/api/devices/{device}/track?{SPAN}&format=csv")
    if not scene.state.sees_device(reader, device):
        assert line.status_code == table.status_code == 404
        return
    assert line.status_code == table.status_code == 200
    assert (await line.get_json())["properties"]["fixes"] == scene.stored[device]
    assert len(list(csv.reader(io.StringIO(await table.get_data(as_text=True))))) == scene.stored[device] + 1


def number_of(at: str) -> int:
    """Of the batch, by the time of its fixes."""
    return (parse(at) - MONDAY) // 1000


async def check_page(scene: Scene, reader: str, page: Page) -> None:
    """Nothing was ever sent that was not to be seen by the rights of its batch, or by later ones; in the end it shows
    what the rights of the end let it see, and was told all that it might be told all along."""
    state = scene.state
    if page.code:
        assert page.code == 4504
    else:
        expected = {id: batch for id, (batch, _) in scene.newest.items() if state.sees_device(reader, id)}
        by_key = {key: id for id, key in scene.keys.items()}
        await until(lambda: newest_on(page, by_key) == expected, 60)
        due = {e.id for e in scene.events if sees_always(scene, reader, e)}
        await until(lambda: due <= set(told_on(page)), 60)
    told = told_on(page)
    assert told == sorted(set(told))
    for id in told:
        event = scene.events[id - 1]
        assert sees_since(scene, event.revision, partial(State.sees_event, reader=reader, event=event)), (reader, id)
    for device, batch, fences in sent_on(page, {key: id for id, key in scene.keys.items()}):
        since = scene.batches[batch]
        assert sees_since(scene, since, partial(State.sees_device, reader=reader, device=device)), (reader, device)
        for fence in fences:
            assert sees_since(scene, since, partial(State.sees_fence, reader=reader, fence=fence)), (reader, fence)


def sees_since(scene: Scene, revision: int, sees: Callable[[State], bool]) -> bool:
    """By the rights as of this revision, or as of any later one."""
    return any(sees(state) for number, state in scene.revisions.items() if number >= revision)


def sees_always(scene: Scene, reader: str, event: Told) -> bool:
    return all(state.sees_event(reader, event) for state in scene.revisions.values())


def told_on(page: Page) -> list[int]:
    return [each["event"]["id"] for each in page.sent if each["type"] == "event"]


def sent_on(page: Page, by_key: dict[int, str]) -> Iterator[tuple[str, int, list[str]]]:
    """Each position it was ever sent: the device, the batch, its geofences."""
    for message in page.sent:
        for each in message.get("positions", ()):
            if message["type"] == "columns":
                yield by_key[each["slot"]], (each["ms"] - MONDAY) // 1000, []
            else:
                yield each["device"], number_of(each["at"]), each["geofences"]


def newest_on(page: Page, by_key: dict[int, str]) -> dict[str, int]:
    """What the map shows by now."""
    found: dict[str, int] = {}
    for message in page.sent:
        if message["type"] == "snapshot":
            found = {}
        one = Page()
        one.sent = [message]
        found |= {device: batch for device, batch, _ in sent_on(one, by_key)}
        if message["type"] == "gone":
            found = {device: batch for device, batch in found.items() if device not in message["devices"]}
    return found


async def check_alerts(scene: Scene) -> None:
    """A message with every event there is, for each subscription, as it would be claimed now."""
    rights = await select_rights(scene.conn)
    body = [{"type": "enter", "device": e.device, "geofence": e.fence, "evidence": {"other": e.other}, "id": e.id}
            for e in scene.events]  # fmt: skip
    for wish in WISHES:
        found = await select_subscription(scene.conn, EVERYTHING, wish)
        assert found is not None
        key = found.key
        raw = msgspec.Raw(msgspec.json.encode(body))
        whole = Delivery(1, key, 1, "van", "", "enter", len(body), raw, "waiting", None, 0, None, 0, None)
        kept = keep_allowed(find_sight(rights, found), whole)
        told = [each["id"] for each in msgspec.json.decode(kept.body)] if kept else []
        assert told == [each.id for each in scene.events if scene.state.is_told(wish, each)]


def test_cells_count_what_their_reader_sees(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices are counted by cell here wherever there are any."""
    for module, name in ((throng, "FULL"), (throng, "SPARSE"), (screen, "FULL")):
        monkeypatch.setattr(module, name, 0)

    async def count(url: str) -> None:
        async with await open_pool(url, min_size=1, max_size=4) as pool, playing(pool) as scene:
            pages: list[tuple[str, Page]] = []
            for step in BEGIN[:-6]:
                await take(scene, pages, step)
            await scene.settle()
            for reader in READERS:
                page, expected = scene.look(reader), len(scene.state.devices_of(reader))
                if scene.state.sees_most(reader) or expected:
                    await until(partial(has_counted, page, expected))
                assert "positions" not in str(page.sent)

    with copied(databases) as url:
        asyncio.run(count(url))


def has_counted(page: Page, count: int) -> bool:
    cells = [each["cells"] for each in page.sent if each["type"] == "cells"]
    return bool(cells) and sum(each["count"] for each in cells[-1]) == count
