"""Who may call what: a table of every route and every kind of caller. A route that is not in it fails the test."""

import asyncio
import re

import asyncpg
import pytest
from quart import Quart, websocket

from tests.integration.conftest import ADMIN, Caller
from tracker.access.guard import Rule, allow, caller, find_rule, first_message
from tracker.access.tokens import issue, new_secret
from tracker.alerts.carriers.dialer import Dialer
from tracker.processes.carriers import make_carriers
from tracker.server import Outside, Server
from tracker.settings import Settings
from tracker.store.tokens import revoke_token

ALL, SIGNED_IN, READERS, ADMINS, SHARERS = "anyone", "signed in", "viewers and admins", "admins", "devices and admins"
EXPECTED = {
    ALL: """GET /livez, GET /readyz, GET /metrics, GET /openapi.json, GET /asyncapi.json, GET /api/config,
            POST /api/session, POST /api/pairing, GET /api/doors, POST /api/passkeys/options,
            POST /api/oidc/start, GET /api/oidc/callback,
            POST /api/invitations/show, POST /api/invitations/accept,
            POST /api/password-resets, POST /api/password-resets/accept,
            GET /, GET /track, GET /s, GET /map/streets.pmtiles, GET /<folder>/<path:name>, GET /<name>""",
    SIGNED_IN: """DELETE /api/session, GET /api/me, GET /api/devices/<device>/watchers,
                  GET /api/devices/<device>/privacy, PUT /api/devices/<device>/privacy,
                  GET /api/people, GET /api/people/<int:person>,
                  PATCH /api/people/<int:person>, DELETE /api/people/<int:person>,
                  GET /api/people/<int:person>/sessions, DELETE /api/people/<int:person>/sessions,
                  DELETE /api/people/<int:person>/sessions/<int:session>, POST /api/invitations,
                  GET /api/people/<int:person>/passkeys, POST /api/people/<int:person>/passkeys,
                  POST /api/people/<int:person>/passkeys/options,
                  DELETE /api/people/<int:person>/passkeys/<int:passkey>,
                  GET /api/people/<int:person>/identities,
                  DELETE /api/people/<int:person>/identities/<int:identity>,
                  GET /api/people/<int:person>/export,
                  GET /api/people/<int:person>/views, POST /api/people/<int:person>/views,
                  PATCH /api/people/<int:person>/views/<int:view>, DELETE /api/people/<int:person>/views/<int:view>,
                  GET /api/people/<int:person>/second-factor, POST /api/people/<int:person>/second-factor,
                  PUT /api/people/<int:person>/second-factor, DELETE /api/people/<int:person>/second-factor,
                  POST /api/people/<int:person>/second-factor/off,
                  GET /api/groups, GET /api/groups/<group>, GET /api/groups/<group>/<kind>,
                  PUT /api/groups/<group>/<kind>/<member>, DELETE /api/groups/<group>/<kind>/<member>,
                  DELETE /api/groups/<group>/people/<int:person>""",
    READERS: """GET /api/devices, GET /api/devices/<device>, GET /api/devices/<device>/track,
                GET /api/devices/<device>/commands, GET /api/devices/<device>/quarantine,
                GET /api/devices/<device>/health, GET /api/devices/<device>/photo,
                GET /api/geofences, GET /api/geofences/<geofence>, GET /api/events, GET /api/events/stream,
                GET /api/geofences/export, GET /api/geofences/<geofence>/visitors, GET /api/positions,
                GET /api/push/key,
                GET /api/pairs, GET /api/pairs/<pair>,
                GET /api/devices/<device>/messages, GET /api/events/<int:event>/seen,
                POST /api/events/<int:event>/seen""",
    ADMINS: """POST /api/devices, GET /api/devices/<device>/contents, PATCH /api/devices/<device>,
               DELETE /api/devices/<device>,
               POST /api/devices/<device>/ingest, PUT /api/devices/<device>/owntracks-secret,
               PUT /api/devices/<device>/owntracks-friends, GET /api/devices/<device>/forward,
               PUT /api/devices/<device>/photo, DELETE /api/devices/<device>/photo,
               PUT /api/devices/<device>/forward, DELETE /api/devices/<device>/forward,
               POST /api/devices/<device>/token, POST /api/devices/<device>/commands,
               POST /api/devices/<device>/pairing, POST /api/devices/<device>/messages,
               GET /api/network,
               GET /api/gatherings, POST /api/gatherings, GET /api/gatherings/<gathering>,
               DELETE /api/gatherings/<gathering>, POST /api/gatherings/<gathering>/reminder,
               POST /api/pairs, PATCH /api/pairs/<pair>, DELETE /api/pairs/<pair>,
               GET /api/audit, POST /api/people, POST /api/people/<int:person>/reset,
               GET /api/tokens, POST /api/tokens, DELETE /api/tokens/<int:id>,
               GET /api/subscriptions, POST /api/subscriptions, GET /api/subscriptions/<subscription>,
               PATCH /api/subscriptions/<subscription>, DELETE /api/subscriptions/<subscription>,
               POST /api/subscriptions/<subscription>/secret, POST /api/subscriptions/<subscription>/test,
               GET /api/subscriptions/<subscription>/deliveries, POST /api/subscriptions/<subscription>/replay,
               POST /api/subscriptions/<subscription>/deliveries/<int:delivery>/replay,
               POST /api/geofences, PUT /api/geofences/<geofence>, DELETE /api/geofences/<geofence>,
               POST /api/geofences/import, POST /api/geofences/dry-run,
               GET /api/sources, POST /api/sources, DELETE /api/sources/<source>,
               GET /api/sources/<source>/unknown, POST /api/sources/<source>/unknown/<path:name>,
               POST /api/groups, PATCH /api/groups/<group>, DELETE /api/groups/<group>,
               PUT /api/groups/<group>/people/<int:person>""",
    SHARERS: """GET /api/shares, POST /api/shares, GET /api/shares/<share>, PATCH /api/shares/<share>,
                DELETE /api/shares/<share>, GET /api/shares/<share>/looks""",
}
MAY = {
    ALL: "stranger device viewer admin",
    SIGNED_IN: "device viewer admin",
    READERS: "viewer admin",
    ADMINS: "admin",
    SHARERS: "device admin",
}
TABLE = {route.strip(): who for who, routes in EXPECTED.items() for route in routes.split(",")}


def routes(app: Quart) -> set[str]:
    found = set()
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<slug:", "<").replace("<fence:", "<")
        path = re.sub(r"<any\(devices, geofences, subscriptions[^)]*\):", "<", path)
        for converter in ("<any(assets, tiles, fonts, icons):", "<any('favicon.svg', "):
            if converter in path:
                path = "/<folder>/<path:name>" if "assets" in path else "/<name>"
        if not rule.websocket:
            found |= {f"{method} {path}" for method in rule.methods or () if method not in ("HEAD", "OPTIONS")}
    return found


SOCKETS = {
    "/ws/device": Rule("send", later=True),
    "/ws/live": Rule("see", later=True, rows=True, links=True),
}


async def test_the_whole_server_has_no_other_routes_and_sockets(database_url: str, pool: asyncpg.Pool) -> None:
    settings = Settings(admin_token=ADMIN)
    async with asyncio.TaskGroup() as tasks:
        app = Server(
            database_url, pool, pool, tasks, settings, Outside(await make_carriers(pool, settings, Dialer()))
        ).app
    posts = {f"{method} /in/<key>" for method in ("GET", "PATCH", "POST", "PUT")}  # whose key is in the address
    assert routes(app) == set(TABLE) | posts
    sockets = [rule for rule in app.url_map.iter_rules() if rule.websocket]
    assert {each.rule: find_rule(app.view_functions[each.endpoint]) for each in sockets} == SOCKETS


async def test_every_route_is_in_the_table(app: Quart) -> None:
    assert routes(app) == set(TABLE)


async def test_every_route_lets_in_only_whom_the_table_names(
    anonymous: Caller, van: Caller, viewer: Caller, admin: Caller
) -> None:
    wrong = []
    for route, who in TABLE.items():
        for name, call in {"stranger": anonymous, "device": van, "viewer": viewer, "admin": admin}.items():
            method, path = route.split()
            path = path.replace("<share>", "none").replace("<subscription>", "nobody").replace("<pair>", "none")
            path = path.replace("<source>", "none").replace("<gathering>", "none")
            path = (
                re.sub(r"<int:\w+>", "999", path).replace("<folder>", "tiles").replace("<path:name>", "world.pmtiles")
            )
            path = path.replace("<device>", "nobody").replace("<geofence>", "nowhere").replace("<name>", "favicon.svg")
            path = path.replace("<group>", "none").replace("<kind>", "devices").replace("<member>", "nobody")
            path += "?after=-1" if path.endswith("/stream") else ""  # refused: its answer would have no end
            response = await call.call(method, path, json=None if method == "GET" else {})
            refused = (401 if name == "stranger" else 403) if name not in MAY[who].split() else None
            if route == "POST /api/session":
                refused = 422  # its body has no token
            if (refused or response.status_code) != response.status_code or (
                refused is None and response.status_code in (401, 403, 500)
            ):
                wrong.append((route, name, response.status_code))
    assert not wrong


async def test_a_route_without_a_rule_is_closed_to_all(app: Quart, admin: Caller) -> None:
    @app.get("/api/forgotten")
    async def forgotten() -> str:
        return "secrets"

    response = await admin.get("/api/forgotten")
    assert response.status_code == 403 and "secrets" not in await response.get_data(as_text=True)


async def test_the_wrong_scheme_and_the_wrong_token_look_alike(anonymous: Caller, app: Quart) -> None:
    for header in ("Basic YTpi", "Bearer", "Bearer ", f"Bearer {new_secret()}", f"Bearer {ADMIN}x", "bearer \u00e9"):
        response = await anonymous.get("/api/me", Authorization=header)
        assert response.status_code == 401 and response.headers["WWW-Authenticate"] == "Bearer", header
        assert (await response.get_json())["title"] == "Unauthorized"


async def test_no_token_is_read_from_an_address(anonymous: Caller, viewer: Caller) -> None:
    for query in ("token", "access_token", "authorization", "tracker_session"):
        assert (await anonymous.get(f"/api/me?{query}={viewer.secret}")).status_code == 401


async def test_who_am_i(van: Caller, viewer: Caller, admin: Caller) -> None:
    nobody: dict[str, object] = {"person": None, "owner": False, "groups": [], "share": None}
    told = [await (await each.get("/api/me")).get_json() for each in (van, viewer, admin)]
    assert told == [
        {"kind": "device", "name": "", "device": "van-12", **nobody},
        {"kind": "viewer", "name": "a viewer", "device": None, **nobody},
        {"kind": "admin", "name": "operator", "device": None, **nobody, "owner": True},
    ]


async def test_a_revoked_token_is_no_token(admin: Caller, app: Quart) -> None:
    made = await (await admin.post("/api/tokens", {"kind": "viewer", "name": "wall"})).get_json()
    wall = Caller(app, made["token"])
    assert (await wall.get("/api/me")).status_code == 200
    listed = (await (await admin.get("/api/tokens")).get_json())["tokens"]
    assert listed == [{"id": made["id"], "kind": "viewer", "name": "wall"}]
    assert (await admin.delete(f"/api/tokens/{made['id']}")).status_code == 204
    assert (await wall.get("/api/me")).status_code == 401
    assert (await admin.delete(f"/api/tokens/{made['id']}")).status_code == 404
    assert (await admin.delete("/api/tokens/99999999999999")).status_code == 404


async def test_a_token_of_a_device_is_made_with_its_device_only(admin: Caller) -> None:
    assert (await admin.post("/api/tokens", {"kind": "device"})).status_code == 422


# Sockets: the same rules, and a first message instead of a header.


@pytest.fixture
def socket_app(app: Quart) -> Quart:
    @app.websocket("/ws/later")
    @first_message("see", rows=True)
    async def later() -> None:
        await websocket.accept()
        token = caller()
        await websocket.send(token.kind if token else "not yet")

    @app.websocket("/ws/now")
    @allow("send")
    async def now() -> None:
        await websocket.accept()
        await websocket.send("in")

    @app.websocket("/ws/forgotten")
    async def forgotten() -> None:
        await websocket.accept()
        await websocket.send("secrets")

    return app


async def said(app: Quart, path: str, **headers: str) -> object:
    """What the socket says first, or the status it is refused with."""
    from quart.testing import WebsocketResponseError

    try:
        async with app.test_client(use_cookies=False).websocket(path, headers=headers) as socket:
            return await socket.receive()
    except WebsocketResponseError as error:
        return error.response.status_code


async def test_sockets_obey_their_rules(socket_app: Quart, van: Caller, viewer: Caller) -> None:
    assert await said(socket_app, "/ws/later", **viewer.headers) == "viewer"
    assert await said(socket_app, "/ws/later") == "not yet"
    assert await said(socket_app, "/ws/later", **van.headers) == 403
    assert await said(socket_app, "/ws/later", Authorization="Bearer nonsense") == 401
    assert await said(socket_app, "/ws/now", **van.headers) == "in"
    assert await said(socket_app, "/ws/now") == 401
    assert await said(socket_app, "/ws/forgotten", **viewer.headers) == 403


async def test_a_cookie_opens_a_socket_for_an_allowed_page_only(socket_app: Quart, viewer: Caller) -> None:
    client = socket_app.test_client(use_cookies=False)
    signed = await client.post("/api/session", json={"token": viewer.secret})
    cookie = signed.headers["Set-Cookie"].split(";")[0]
    for origin, expected in {
        "http://localhost": "viewer",
        "https://fleet.example.org": "viewer",
        "https://evil.example": 403,
        "null": 403,
        "http://localhost:8080": 403,
        "http://localhost.evil.example": 403,
    }.items():
        assert await said(socket_app, "/ws/later", Cookie=cookie, Origin=origin, Host="localhost") == expected, origin
    assert await said(socket_app, "/ws/later", Cookie=cookie, Host="localhost") == 403  # no page at all
    assert await said(socket_app, "/ws/later", Cookie="tracker_session=old", Origin="http://localhost") == "not yet"


async def test_rules_of_sockets_are_told(socket_app: Quart) -> None:
    rule = find_rule(socket_app.view_functions["later"])
    assert rule is not None and rule.later and rule.action == "see"


async def test_a_token_revoked_in_the_database_ends_its_sign_ins(
    app: Quart, pool: asyncpg.Pool, conn: asyncpg.Connection
) -> None:
    token, secret = await issue(conn, "viewer")
    client = app.test_client()
    await client.post("/api/session", json={"token": secret})
    assert (await client.get("/api/me")).status_code == 200
    await revoke_token(conn, token.id)
    assert (await client.get("/api/me")).status_code == 401
    assert await conn.fetchval("select count(*) from session") == 0
