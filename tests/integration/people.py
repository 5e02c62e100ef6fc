"""Browsers of people, for tests: each with its own cookies and its own address."""

from typing import Any

import asyncpg
import msgspec
from quart import Quart, Response
from werkzeug.datastructures import Headers

from tests.alerts.conftest import until

ORIGIN = "http://localhost"
GOOD = "a long and good password"


class Browser:
    """Signs in with what it is given; keeps its cookie as a browser does."""

    def __init__(self, app: Quart, address: str = "192.0.2.1") -> None:
        self.client = app.test_client()
        self.scope = {"client": (address, 40_000)}

    async def call(self, method: str, path: str, json: object = None, **headers: str) -> Response:
        given = {"Origin": ORIGIN, "User-Agent": "Test Browser 1.0", **headers}
        body = b"" if json is None and method in ("GET", "DELETE") else msgspec.json.encode(json or {})
        if body:
            given["Content-Type"] = "application/json"
        return await self.client.open(  # type: ignore[call-arg]  # its Protocol knows no data without json
            path, method=method, headers=Headers(given), scope_base=self.scope, data=body
        )

    async def sign_in(self, email: str, password: str = GOOD) -> Response:
        return await self.call("POST", "/api/session", {"email": email, "password": password})

    async def json(self, path: str) -> Any:
        response = await self.call("GET", path)
        assert response.status_code == 200, await response.get_data(as_text=True)
        return await response.get_json()

    @property
    def cookie(self) -> str:
        assert self.client.cookie_jar is not None
        return next((each.value or "" for each in self.client.cookie_jar if each.name == "tracker_session"), "")


async def make_person(admin: Any, email: str, *, owner: bool = False) -> int:
    made = await admin.post("/api/people", {"email": email, "password": GOOD, "name": email.title(), "owner": owner})
    assert made.status_code == 201, await made.get_data(as_text=True)
    return int((await made.get_json())["id"])


async def wait_until_blocked(conn: asyncpg.Connection) -> None:
    """Until somebody waits for what this connection holds."""
    blocked = "select exists (select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid)))"
    await until(lambda: conn.fetchval(blocked))


async def make_group(conn: asyncpg.Connection, id: str, **people: str) -> int:
    """`people`: the name before the @ and the role."""
    key: int = await conn.fetchval("insert into rights_group (id, name) values ($1, $2) returning key", id, id.title())
    for name, role in people.items():
        await conn.execute(
            "insert into group_person select $1, key, $3 from person where email = $2",
            key,
            f"{name}@example.org",
            role,
        )
    return key
