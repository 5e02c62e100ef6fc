"""Every route, for every kind of reader, with what is its own, another's, private, or not there.

The rows stand here, the routes are the application's: one that has no row fails. What a reader may is said here once
more, in other words than the code's.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import Caller
from tests.integration.sharing import make, open_link
from tests.integration.test_api_access import ALL, EXPECTED, TABLE, routes
from tests.integration.world import DEVICES, FENCES, SOURCES, SQUARE, WISHES, build, readers
from tests.pictures import make_png

ALL_OF: Final = {"viewer of all", "dispatcher of all", "manager of all", "operator", "person owner"}
NORTHERN: Final = {f"{role} of north" for role in ("viewer", "dispatcher", "manager")} | {
    f"person {role}" for role in ("viewer", "dispatcher", "manager")
}
THINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "device": {**DEVICES, "phone": "own"},
    "geofence": FENCES,
    "subscription": WISHES,
    "pair": {"north-van-pair": "north", "south-van-pair": "south"},
    "group": {"north": "north", "south": "south"},
    "source": SOURCES,
}
FEATURE: Final = {"type": "Feature", "properties": {"name": "x"}, "geometry": SQUARE}
PHOTO: Final = make_png()
ADOPTION: Final = {"device": "adopted"}
UNKNOWN: Final = "unknown"
ENDING: Final = (
    "DELETE /api/groups/<group>",
    "DELETE /api/devices/<device>",
    "POST /api/devices/<device>/token",
)  # tokens
IS_OWN: Final = {"see", "command", "devices"}  # what a person may do to its own device

# route: (the action it takes, the noun it is about, the body, whether it takes the action in every group)
ROWS: Final[dict[str, tuple[str, str, object, bool]]] = {
    "GET /api/devices/<device>": ("see", "device", None, False),
    "GET /api/devices/<device>/track": ("see", "device", None, False),
    "GET /api/devices/<device>/commands": ("see", "device", None, False),
    "GET /api/devices/<device>/quarantine": ("see", "device", None, False),
    "POST /api/devices/<device>/commands": ("command", "device", {"name": "report_now"}, False),
    "GET /api/devices/<device>/contents": ("devices", "device", None, False),
    "PATCH /api/devices/<device>": ("devices", "device", {"name": "X"}, False),
    "POST /api/devices/<device>/token": ("devices", "device", {}, False),
    "GET /api/devices/<device>/messages": ("see", "device", None, False),
    "GET /api/devices/<device>/health": ("see", "device", None, False),
    "POST /api/devices/<device>/messages": ("command", "device", {"text": "x"}, False),
    "POST /api/devices/<device>/ingest": ("devices", "device", {}, False),
    "PUT /api/devices/<device>/owntracks-secret": ("devices", "device", {"secret": "x"}, False),
    "PUT /api/devices/<device>/owntracks-friends": ("devices", "device", {"shown": True}, False),
    "PUT /api/devices/<device>/forward": ("devices", "device", {"kind": "owntracks", "url": "https://1.1.1.1/"}, False),
    "GET /api/devices/<device>/forward": ("devices", "device", None, False),
    "DELETE /api/devices/<device>/forward": ("devices", "device", {}, False),
    "GET /api/devices/<device>/photo": ("see", "device", None, False),
    "PUT /api/devices/<device>/photo": ("devices", "device", PHOTO, False),
    "DELETE /api/devices/<device>/photo": ("devices", "device", {}, False),
    "POST /api/devices/<device>/pairing": ("devices", "device", {}, False),
    "DELETE /api/devices/<device>": ("devices", "device", {}, True),
    "GET /api/geofences/<geofence>": ("see", "geofence", None, False),
    "GET /api/geofences/<geofence>/visitors": ("see", "geofence", None, False),
    "PUT /api/geofences/<geofence>": ("geofences", "geofence", FEATURE, False),
    "DELETE /api/geofences/<geofence>": ("geofences", "geofence", {}, True),
    "GET /api/subscriptions/<subscription>": ("told", "subscription", None, False),
    "GET /api/subscriptions/<subscription>/deliveries": ("told", "subscription", None, False),
    "PATCH /api/subscriptions/<subscription>": ("told", "subscription", {"name": "X"}, False),
    "POST /api/subscriptions/<subscription>/secret": ("told", "subscription", {}, False),
    "POST /api/subscriptions/<subscription>/test": ("told", "subscription", {}, False),
    "POST /api/subscriptions/<subscription>/replay": (
        "told",
        "subscription",
        {"from": "2024-01-01T00:00:00Z"},
        False,
    ),
    "DELETE /api/subscriptions/<subscription>": ("told", "subscription", {}, True),
    "GET /api/pairs/<pair>": ("see", "pair", None, False),
    "PATCH /api/pairs/<pair>": ("devices", "pair", {"distance": 5}, False),
    "DELETE /api/pairs/<pair>": ("devices", "pair", {}, False),
    "DELETE /api/sources/<source>": ("devices", "source", {}, False),
    "GET /api/sources/<source>/unknown": ("devices", "source", None, False),
    "POST /api/sources/<source>/unknown/<path:name>": ("devices", "source", ADOPTION, False),
    "GET /api/groups/<group>": ("self", "group", None, False),
    "PATCH /api/groups/<group>": ("people", "group", {"name": "X"}, False),
    "DELETE /api/groups/<group>": ("own", "group", {}, False),
}
# Checked by tests of their own below, or about nobody's things.
ELSEWHERE: Final = """GET /api/devices, GET /api/geofences, GET /api/geofences/export, GET /api/pairs, GET /api/groups,
    GET /api/subscriptions, GET /api/positions, GET /api/events, GET /api/events/stream, POST /api/devices,
    POST /api/geofences, POST /api/geofences/import, POST /api/geofences/dry-run, POST /api/pairs,
    POST /api/subscriptions, POST /api/groups, GET /api/tokens, POST /api/tokens, DELETE /api/tokens/<int:id>,
    GET /api/push/key, GET /api/network,
    GET /api/gatherings, POST /api/gatherings, GET /api/gatherings/<gathering>,
    DELETE /api/gatherings/<gathering>, POST /api/gatherings/<gathering>/reminder,
    GET /api/push/key, GET /api/sources, POST /api/sources,
    DELETE /api/session, GET /api/me, GET /api/devices/<device>/watchers,
    GET /api/devices/<device>/privacy, PUT /api/devices/<device>/privacy,
    GET /api/groups/<group>/<kind>, PUT /api/groups/<group>/<kind>/<member>,
    DELETE /api/groups/<group>/<kind>/<member>, PUT /api/groups/<group>/people/<int:person>,
    DELETE /api/groups/<group>/people/<int:person>,
    POST /api/subscriptions/<subscription>/deliveries/<int:delivery>/replay,
    GET /api/events/<int:event>/seen, POST /api/events/<int:event>/seen,
    GET /api/people, GET /api/people/<int:person>, PATCH /api/people/<int:person>, DELETE /api/people/<int:person>,
    GET /api/people/<int:person>/sessions, DELETE /api/people/<int:person>/sessions,
    DELETE /api/people/<int:person>/sessions/<int:session>, POST /api/invitations, GET /api/audit, POST /api/people,
    GET /api/people/<int:person>/passkeys, POST /api/people/<int:person>/passkeys,
    POST /api/people/<int:person>/passkeys/options, DELETE /api/people/<int:person>/passkeys/<int:passkey>,
    GET /api/people/<int:person>/identities,
    DELETE /api/people/<int:person>/identities/<int:identity>,
    GET /api/people/<int:person>/export,
    GET /api/people/<int:person>/views, POST /api/people/<int:person>/views,
    PATCH /api/people/<int:person>/views/<int:view>, DELETE /api/people/<int:person>/views/<int:view>,
    GET /api/people/<int:person>/second-factor, POST /api/people/<int:person>/second-factor,
    PUT /api/people/<int:person>/second-factor, DELETE /api/people/<int:person>/second-factor,
    POST /api/people/<int:person>/second-factor/off,
    POST /api/people/<int:person>/reset, GET /api/shares, POST /api/shares, GET /api/shares/<share>,
    PATCH /api/shares/<share>, DELETE /api/shares/<share>, GET /api/shares/<share>/looks"""


def role_of(reader: str) -> str:
    """Of the role table: what it does at all."""
    if reader in ("operator", "person owner"):
        return "owner"
    if reader == "person southern":
        return "manager"
    return reader.removeprefix("person ").partition(" ")[0]


ROLES: Final = {
    "viewer": {"self", "see"},
    "dispatcher": {"self", "see", "command"},
    "manager": {"self", "see", "command", "devices", "geofences", "alerts", "told", "people"},
    "owner": {"self", "see", "command", "devices", "geofences", "alerts", "told", "people", "own"},
    "child": {"self", *IS_OWN},
    "nobody": {"self"},
    "device": {"self"},
}


def holds(reader: str, action: str) -> bool:
    """A person may be told of what it sees, whatever its role: by subscriptions of its own."""
    return action in ROLES[role_of(reader)] or (action == "told" and reader.startswith("person "))


def sees(reader: str, noun: str, thing: str) -> bool:
    held_in = THINGS[noun].get(thing, "none").split()
    if reader in ("device", "person nobody") or thing == UNKNOWN:
        return False
    if reader == "person child":
        return held_in == ["own"]
    if held_in == ["own"]:
        return False
    if noun == "subscription" and "alerts" not in ROLES[role_of(reader)]:
        return False
    if reader in ALL_OF:
        return True
    return ("north" if reader in NORTHERN else "south") in held_in


def expect(reader: str, row: tuple[str, str, object, bool], thing: str) -> str:
    """What becomes of it: refused (403, whatever the thing), unknown, forbidden, or done."""
    action, noun, _, every = row
    if not holds(reader, action):
        return "refused"
    if not sees(reader, noun, thing):
        return "unknown"
    if noun == "pair" and action != "see" and reader not in ALL_OF:
        return "done"  # both its devices are in the reader's group
    if every and reader not in ALL_OF and len(THINGS[noun][thing].split()) > 1:
        return "refused"
    return "done"


def test_every_route_has_a_row(app: Quart) -> None:
    public = {route.strip() for route in EXPECTED[ALL].split(",")}
    assert routes(app) - public == set(ROWS) | {route.strip() for route in ELSEWHERE.split(",")}
    assert set(TABLE) == routes(app)


async def ask(caller: Caller, route: str, noun: str, thing: str, body: object) -> tuple[int, str]:
    method, _, path = route.partition(" ")
    given: Any = None if method == "GET" else body
    if body is FEATURE:
        given = {
            **body,
            "geometry": {"type": "Polygon", "coordinates": [[[7, 43], [8, 43], [8, 44], [7, 44], [7, 43]]]},
        }
    path = path.replace(f"<{noun}>", thing).replace("<path:name>", "a/b")
    if isinstance(given, bytes):
        response = await caller.call(method, path, data=given, headers={"Content-Type": "image/png"})
    else:
        response = await caller.call(method, path, json=given)
    return response.status_code, (await response.get_data(as_text=False)).decode(errors="replace").replace(
        thing, "THING"
    )


@pytest.mark.parametrize("route", ROWS)
async def test_what_is_not_ones_own_is_not_there(app: Quart, pool: asyncpg.Pool, route: str) -> None:
    """And answers as what is not: the same status, the same body."""
    row, wrong = ROWS[route], list[Any]()
    noun = row[1]
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        for reader in tuple(callers):
            unknown = await ask(callers[reader], route, noun, UNKNOWN, row[2])
            for thing in THINGS[noun]:
                expected = expect(reader, row, thing)
                status, body = await ask(callers[reader], route, noun, thing, row[2])
                is_right = {
                    "refused": status == 403,
                    "unknown": (status, body) == unknown and status == 404,
                    "done": status < 300,
                }[expected]
                if not is_right:
                    wrong.append((reader, thing, expected, status, body[:200]))
                if expected == "done" and route.startswith(("DELETE", "PATCH", "POST /api/sources")):
                    await build(conn)
                if expected == "done" and route in ENDING:
                    callers |= await readers(app, conn)
    assert not wrong


async def ids(caller: Caller, path: str, of: str) -> set[str]:
    response = await caller.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return {each["id"] for each in (await response.get_json())[of]}


LISTS: Final = {
    "/api/devices": ("device", "devices", "see"),
    "/api/geofences": ("geofence", "features", "see"),
    "/api/geofences/export": ("geofence", "features", "see"),
    "/api/pairs": ("pair", "pairs", "see"),
    "/api/sources": ("source", "sources", "devices"),
    "/api/subscriptions": ("subscription", "subscriptions", "told"),
    "/api/groups": ("group", "groups", "self"),
}


async def test_lists_hold_what_their_reader_sees(app: Quart, pool: asyncpg.Pool) -> None:
    wrong = []
    async with pool.acquire() as conn:
        await build(conn)
        for reader, caller in (await readers(app, conn)).items():
            for path, (noun, of, action) in LISTS.items():
                if not holds(reader, action):
                    assert (await caller.get(path)).status_code == 403, (reader, path)
                    continue
                expected = {thing for thing in THINGS[noun] if sees(reader, noun, thing)}
                if (found := await ids(caller, path, of)) != expected:
                    wrong.append((reader, path, found, expected))
    assert not wrong


# What the bearer of a sharing link may call; for it nothing else is there, whoever made the link.
LINK: Final = """GET /api/me, GET /api/positions, GET /api/devices/<device>/track"""


async def test_for_the_bearer_of_a_link_only_what_it_shows_is_there(app: Quart, pool: asyncpg.Pool) -> None:
    """Every route, with the alias its link gave, and with all there is."""
    wrong = []
    async with pool.acquire() as conn:
        await build(conn)
        maker = (await readers(app, conn))["operator"]
        reader = await open_link(app, await make(maker, devices=[{"id": "north-van", "alias": "17"}]))
    allowed = {route.strip() for route in LINK.split(",")}
    for route in sorted(set(TABLE) - {each.strip() for each in EXPECTED[ALL].split(",")}):
        noun = ROWS[route][1] if route in ROWS else ""
        for thing in (*THINGS.get(noun, ()), "17", UNKNOWN):
            method, path = route.split()
            path = re.sub(r"<int:\w+>", "1", path.replace(f"<{noun}>", thing))
            path = re.sub(r"<\w+>", "devices" if "<kind>" in path else thing, path)
            response = await reader.call(method, path, json=None if method == "GET" else {})
            is_there = route in allowed and ("<device>" not in route or thing == "17")
            if response.status_code != (200 if is_there else 404):
                wrong.append((route, thing, response.status_code))
    assert not wrong
