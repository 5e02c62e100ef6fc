"""The HTTP application on a real database, and clients that show a token of each kind."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import msgspec
import pytest
from argon2 import PasswordHasher
from quart import Quart, Response
from quart.testing.connections import TestHTTPConnection
from werkzeug.datastructures import Headers

from tests.patience import PATIENCE_S
from tracker.access.gate import Gate
from tracker.access.hashing import Hashing
from tracker.access.passwords import Passwords
from tracker.access.tokens import issue
from tracker.api.app import BuiltPage, Parts, build_app
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.store.devices import insert_device

BUILT = {
    "index.html": b"<!doctype html><title>Live</title>",
    "assets/index-4f2a.js": b"export {}",
    "tiles/world.pmtiles": bytes(range(256)),
    "worker.js": b"self",
}
ADMIN = "an-operators-token-of-32-characters-or-more"


class Readiness:
    """What the server would ask its parts; a test sets the reasons."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    async def __call__(self) -> list[str]:
        return self.reasons


@pytest.fixture
def ready() -> Readiness:
    return Readiness()


@pytest.fixture
def gate(pool: asyncpg.Pool) -> Gate:
    return Gate(pool, ADMIN, ("https://fleet.example.org",))


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A page as a build would leave it."""
    for name, text in BUILT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text)
    return tmp_path


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def passwords(pool: asyncpg.Pool) -> Passwords:
    """Hashed at a hundredth of the cost: most tests are not about that."""
    return Passwords(pool, Hashing(PasswordHasher(time_cost=1, memory_cost=512, parallelism=1)))


@pytest.fixture
def app(
    gate: Gate, table: Table, ready: Readiness, metrics: Metrics, web: Path, passwords: Passwords, database_url: str
) -> Quart:
    parts = Parts(gate=gate, table=table, metrics=metrics, ready=ready, passwords=passwords, database_url=database_url)
    return build_app(parts, BuiltPage(web=web))


@pytest.fixture
async def device(pool: asyncpg.Pool) -> Device:
    async with pool.acquire() as conn:
        return await insert_device(conn, "van-12", "Van 12", "van")


@pytest.fixture
def anonymous(app: Quart) -> "Caller":
    return Caller(app, None)


@pytest.fixture
def admin(app: Quart) -> "Caller":
    return Caller(app, ADMIN)


@pytest.fixture
async def viewer(app: Quart, pool: asyncpg.Pool) -> "Caller":
    async with pool.acquire() as conn:
        _, secret = await issue(conn, "viewer", name="a viewer")
    return Caller(app, secret)


@pytest.fixture
async def van(app: Quart, pool: asyncpg.Pool, device: Device) -> "Caller":
    """The device, as a caller."""
    async with pool.acquire() as conn:
        _, secret = await issue(conn, "device", device=device.key)
    return Caller(app, secret)


class Caller:
    """A client that shows its token with every call; `secret` None: a stranger."""

    def __init__(self, app: Quart, secret: str | None) -> None:
        self._client = app.test_client(use_cookies=False)
        self.secret = secret or ""
        self.headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        if json is not None:
            data, headers = msgspec.json.encode(json), {"Content-Type": "application/json", **(headers or {})}
        return await self._client.open(  # type: ignore[call-arg]  # its Protocol knows no data without json
            path, method=method, data=data, headers=Headers({**self.headers, **(headers or {})})
        )

    async def head_of(self, path: str) -> tuple[int, str]:
        """Status and type of an answer that need not end."""
        async with self._client.request(path, headers=Headers(self.headers)) as connection:
            await connection.send_complete()
            async with asyncio.timeout(PATIENCE_S):
                await connection.receive()
            await connection.disconnect()
        assert isinstance(connection, TestHTTPConnection) and connection.headers is not None
        return connection.status_code or 0, connection.headers["Content-Type"]

    async def get(self, path: str, **headers: str) -> Response:
        return await self.call("GET", path, headers=headers)

    async def text(self, path: str) -> str:
        response = await self.get(path)
        assert response.status_code == 200, response.status_code
        return await response.get_data(as_text=True)

    async def post(self, path: str, json: object = None) -> Response:
        return await self.call("POST", path, json={} if json is None else json)

    async def put(self, path: str, json: object) -> Response:
        return await self.call("PUT", path, json=json)

    async def patch(self, path: str, json: object) -> Response:
        return await self.call("PATCH", path, json=json)

    async def delete(self, path: str) -> Response:
        return await self.call("DELETE", path)
