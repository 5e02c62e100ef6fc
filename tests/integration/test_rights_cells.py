"""The cells of the matrix that are no single route and thing: what is put into groups, imported, tried, streamed, seen
and sent again, for every kind of reader."""

import asyncio
import time
from collections.abc import Collection
from statistics import median
from typing import Any, Final

import asyncpg
import msgspec
import pytest
from quart import Quart
from werkzeug.datastructures import Headers

from tests.integration.conftest import Caller
from tests.integration.test_rights_matrix import ALL_OF, NORTHERN, ROLES, THINGS, UNKNOWN, role_of, sees
from tests.integration.world import SQUARE, build, readers
from tests.laws import PROFILE
from tests.moments import MONDAY
from tracker.model.moment import to_datetime

ALERTS: Final = {"devices": "devices", "geofences": "geofences", "subscriptions": "alerts"}
KINDS: Final = {"device": "devices", "geofence": "geofences", "subscription": "subscriptions"}
# Of each event what it names, in the order of their numbers: all of it has to be seen.
EVENTS: Final = [
    ("north-van", None, "north-yard"),
    ("north-van", None, "south-yard"),
    ("south-van", None, None),
    ("both-van", "south-van", None),
    ("both-van", None, "loose-yard"),
    ("phone", None, None),
]


async def store_events(conn: asyncpg.Connection) -> None:
    for id, (device, other, fence) in enumerate(EVENTS, 1):
        await conn.execute(
            """insert into event (id, type, device, geofence, at, detected_at, lon, lat, evidence)
               select $1, 'enter', key, $3, $4, $4, 7.5, 43.5, $5 from device where id = $2""",
            id,
            device,
            fence,
            to_datetime(MONDAY),
            msgspec.json.encode({"other": other} if other else {}),
        )
    await conn.execute("update event_head set id = $1", len(EVENTS))


def events_of(reader: str) -> set[int]:
    def is_seen(device: str, other: str | None, fence: str | None) -> bool:
        if fence is not None and not sees(reader, "geofence", fence):
            return False
        return sees(reader, "device", device) and (other is None or sees(reader, "device", other))

    return {id for id, event in enumerate(EVENTS, 1) if is_seen(*event)}


def may(reader: str, action: str, groups: Collection[str]) -> bool:
    """Whether it holds the action in one of these groups."""
    mine = set(groups) if reader in ALL_OF else {"north"} if reader in NORTHERN else {"south"}
    return action in ROLES[role_of(reader)] and bool(mine & set(groups) or reader in ALL_OF)


async def body_of(response: Any, *hidden: str) -> tuple[int, str]:
    text = await response.get_data(as_text=True)
    for each in hidden:
        text = text.replace(each, "THING")
    return response.status_code, text


@pytest.mark.parametrize("noun", KINDS)
async def test_what_one_does_not_see_is_put_into_no_group(app: Quart, pool: asyncpg.Pool, noun: str) -> None:
    """And answers as what nobody has; into a group that one is not in nothing goes either."""
    kind, wrong = KINDS[noun], list[Any]()
    async with pool.acquire() as conn:
        await build(conn)
        for reader, caller in (await readers(app, conn)).items():
            for group in ("north", "south"):
                for method in ("PUT", "DELETE"):
                    path = f"/api/groups/{group}/{kind}"
                    unknown = await body_of(await caller.call(method, f"{path}/{UNKNOWN}"), UNKNOWN)
                    for thing, held in THINGS[noun].items():
                        answer = await body_of(await caller.call(method, f"{path}/{thing}"), thing)
                        expected = expect_put(reader, noun, group, thing, held.split(), method == "PUT")
                        is_right = answer == unknown if expected == 404 else answer[0] == expected
                        if not is_right:
                            wrong.append((reader, method, group, thing, expected, answer, unknown))
                        if answer[0] < 300:
                            await restore(conn)
    assert not wrong


async def restore(conn: asyncpg.Connection) -> None:
    await conn.execute("delete from group_device; delete from group_geofence; delete from group_subscription")
    await build(conn)


def expect_put(reader: str, noun: str, group: str, thing: str, held: list[str], is_put: bool) -> int:
    action = ALERTS[KINDS[noun]]
    is_in = (
        reader in ALL_OF or (reader in NORTHERN and group == "north") or (reader, group) == ("person southern", "south")
    )
    if reader == "device":
        return 404
    if is_in and action not in ROLES[role_of(reader)]:
        return 403
    if not is_in or not sees(reader, noun, thing):
        return 404
    if held == ["own"]:
        return 204
    if not may(reader, action, [group]) or (is_put and not may(reader, action, held)):
        return 403
    return 204


async def test_an_import_replaces_nothing_of_others(app: Quart, pool: asyncpg.Pool) -> None:
    """All that is there in one file: what is not the reader's stays as it is and where it is, and is not told."""
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        for reader, group in (("manager of north", "north"), ("person southern", "south"), ("viewer of all", "north")):
            features = [
                {"type": "Feature", "id": id, "properties": {"name": f"by {reader}"}, "geometry": RING}
                for id in THINGS["geofence"]
            ]
            response = await callers[reader].call(
                "POST",
                f"/api/geofences/import?on_conflict=replace&group={group}",
                data=msgspec.json.encode({"type": "FeatureCollection", "features": features}),
                headers={"Content-Type": "application/geo+json"},
            )
            text = await response.get_data(as_text=True)
            for fence, held in THINGS["geofence"].items():
                name = await conn.fetchval("select feature->'properties'->>'name' from geofence where id = $1", fence)
                is_mine = "geofences" in ROLES[role_of(reader)] and may(reader, "geofences", held.split())
                assert (name == f"by {reader}") == is_mine, (reader, fence, response.status_code)
                assert is_mine or f"{fence} was" not in text
                assert await conn.fetchval(GROUPS_OF, fence) == sorted(held.split()), (reader, fence)


GROUPS_OF: Final = """select coalesce(array_agg(g.id order by g.id), '{}') from group_geofence h
    join rights_group g on g.key = h.in_group join geofence f on f.key = h.geofence where f.id = $1"""
RING: Final = msgspec.json.decode(SQUARE)


async def test_a_taken_id_is_told_of_no_more_than_that(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        for reader in ("manager of north", "person manager"):
            for path, id in (
                ("/api/devices", "south-van"),
                ("/api/devices", "phone"),
                ("/api/geofences", "south-yard"),
            ):
                body = {"id": id} if path == "/api/devices" else FEATURE | {"id": id}
                response = await callers[reader].post(path, body)
                assert response.status_code == 409, (reader, path)
                assert (await response.get_json())["detail"] == "choose another id"


FEATURE: Final = {"type": "Feature", "properties": {"name": "x"}, "geometry": RING}


async def test_events_are_seen_by_who_sees_them(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        await store_events(conn)
        for reader, caller in (await readers(app, conn)).items():
            unknown = await body_of(await caller.post("/api/events/999/seen"), "event 999")
            for id in range(1, len(EVENTS) + 1):
                answer = await body_of(await caller.post(f"/api/events/{id}/seen"), f"event {id}")
                if reader in ("device", "person nobody"):
                    assert answer[0] == 403
                elif id in events_of(reader):
                    assert answer[0] == 200, (reader, id, answer)
                else:
                    assert answer == unknown and answer[0] == 404, (reader, id, answer)


async def test_the_stream_tells_of_what_its_reader_sees(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        await store_events(conn)
        for reader, caller in (await readers(app, conn)).items():
            if reader in ("device", "person nobody"):
                assert (await caller.get("/api/events/stream?after=0")).status_code == 403
                continue
            assert await streamed(app, caller, events_of(reader)) == events_of(reader), reader


async def streamed(app: Quart, caller: Caller, expected: set[int]) -> set[int]:
    """What comes first; where nothing is expected, what comes within the time of some looks."""
    client, found = app.test_client(use_cookies=False), b""
    async with client.request("/api/events/stream?after=0", headers=Headers(caller.headers)) as connection:
        await connection.send_complete()
        try:
            async with asyncio.timeout(20 if expected else 0.3):
                while not expected or found.count(b"\ndata: ") < len(expected):
                    found += await connection.receive()
        except TimeoutError:
            pass
        await connection.disconnect()
    return {int(line.removeprefix(b"id: ")) for line in found.splitlines() if line.startswith(b"id: ")}


async def test_deliveries_are_sent_again_by_who_sees_the_subscription(app: Quart, pool: asyncpg.Pool) -> None:
    """Its number is not enough: a delivery of another subscription is none of this one."""
    async with pool.acquire() as conn:
        await build(conn)
        numbers = {}
        for wish in THINGS["subscription"]:
            numbers[wish] = await conn.fetchval(
                """insert into delivery (subscription, message, device, geofence, type, count, body, state, finished_at)
                   select key, 1, 'north-van', '', 'test', 1, '[{"type":"test","device":"north-van"}]', 'dead', now()
                   from subscription where id = $1 returning id""",
                wish,
            )
        for reader, caller in (await readers(app, conn)).items():
            unknown = await replayed(caller, UNKNOWN, 999)
            for wish in THINGS["subscription"]:
                none = await replayed(caller, wish, 999)
                others = [await replayed(caller, wish, number) for other, number in numbers.items() if other != wish]
                assert others == [none, none], (reader, wish)
                answer = await replayed(caller, wish, numbers[wish])
                if "alerts" not in ROLES[role_of(reader)]:  # a person may have alerts of its own, a token has none
                    assert answer == unknown and answer[0] in (403, 404), (reader, wish, answer)
                elif sees(reader, "subscription", wish):
                    assert answer[0] < 300, (reader, wish, answer)
                else:
                    assert answer == unknown and answer[0] == 404, (reader, wish, answer)


async def replayed(caller: Caller, wish: str, number: int) -> tuple[int, str]:
    response = await caller.post(f"/api/subscriptions/{wish}/deliveries/{number}/replay")
    status, text = await body_of(response, wish)
    return status, text.replace(f"delivery {number}", "delivery N").replace(f"/{number}/", "/N/")


ASKED: Final = [
    ("GET", "/api/devices/{}", "south-van"),
    ("GET", "/api/devices/{}/track", "south-van"),
    ("GET", "/api/devices/{}/messages", "phone"),
    ("POST", "/api/devices/{}/commands", "south-van"),
    ("GET", "/api/geofences/{}", "south-yard"),
    ("GET", "/api/groups/{}", "south"),
]
IS_LONG: Final = PROFILE == "long"
CALLS: Final = 2000 if IS_LONG else 60
LIMIT: Final = 0.05 if IS_LONG else 0.1  # of few calls the medians themselves are not surer
ROUNDS: Final = 3  # each adds its calls to those before: what is slower by itself stays so, what is chance does not


@pytest.mark.parametrize(("method", "path", "foreign"), ASKED)
async def test_foreign_and_unknown_take_as_long(
    app: Quart, pool: asyncpg.Pool, method: str, path: str, foreign: str
) -> None:
    """Call and call about, with the same body. By the CPU they cost us, which a busy machine does not change; in the
    long form by the clock as well, as somebody measures who asks from outside."""
    unknown, body = "x" * len(foreign), None if method == "GET" else {"name": "report_now"}
    async with pool.acquire() as conn:
        await build(conn)
        caller = (await readers(app, conn))["dispatcher of north"]
    told = [await body_of(await caller.call(method, path.format(id), json=body), id) for id in (foreign, unknown)]
    assert told[0] == told[1] and told[0][0] == 404
    differences = []
    costs: dict[str, list[tuple[float, float]]] = {foreign: [], unknown: []}
    for _ in range(ROUNDS):
        for number in range(CALLS):
            for id in (foreign, unknown) if number % 2 else (unknown, foreign):
                began = time.thread_time(), time.perf_counter()
                assert (await caller.call(method, path.format(id), json=body)).status_code == 404
                costs[id].append((time.thread_time() - began[0], time.perf_counter() - began[1]))
        differences.append([compare(costs[foreign], costs[unknown], clock) for clock in (0, 1)])
        if max(differences[-1] if IS_LONG else differences[-1][:1]) < LIMIT:
            return
    raise AssertionError(differences)


def compare(one: list[tuple[float, float]], two: list[tuple[float, float]], clock: int) -> float:
    """By how much the medians differ."""
    medians = [median(each[clock] for each in costs) for costs in (one, two)]
    return abs(medians[0] - medians[1]) / min(medians)
