"""Whatever goes wrong is told as an RFC 9457 document, and says nothing of how we are built."""

import logging
from contextlib import AsyncExitStack

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import Caller
from tracker.access.guard import public
from tracker.model.device import Device
from tracker.store.pool import borrow

JSON = {"Content-Type": "application/json"}
INNER_WORDS = ("Traceback", "asyncpg", "relation", "column", "msgspec")
CASES = {
    "no such address": ("GET", "/api/nowhere", None, {}, 404),
    "no such device": ("GET", "/api/devices/nobody", None, {}, 404),
    "cannot be done": ("PUT", "/api/devices", b"{}", JSON, 405),
    "not JSON": ("POST", "/api/devices", b"{", JSON, 400),
    "not UTF-8": ("POST", "/api/devices", b'{"name":"\xff"}', JSON, 400),
    "NaN": ("POST", "/api/devices", b'{"name":NaN}', JSON, 400),
    "half a surrogate pair": ("POST", "/api/devices", b'{"name":"\\ud800"}', JSON, 400),
    "deep": ("POST", "/api/devices", b'{"other":' + b"[" * 50_000, JSON, 400),
    "a form": ("POST", "/api/devices", b"id=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "text": ("POST", "/api/devices", b"{}", {"Content-Type": "text/plain"}, 415),
    "large": ("POST", "/api/devices", b'{"name":"' + b"x" * 70_000 + b'"}', JSON, 413),
    "huge": ("POST", "/api/geofences", b" " * (4 * 1024 * 1024 + 1), JSON, 413),
    "a wrong type": ("POST", "/api/devices", b'{"name":5}', JSON, 422),
    "SQL in a path": ("GET", "/api/devices/'%20or%201=1--", None, {}, 404),
    "NUL in a path": ("GET", "/api/devices/a%00b", None, {}, 404),
    "NUL in a filter": ("GET", "/api/events?device=a%00b", None, {}, 422),
    "a number no column holds": ("GET", "/api/devices/van-12/quarantine?before=99999999999999999999", None, {}, 422),
    "a number too large for its column": ("GET", "/api/tokens?after=99999999999", None, {}, 422),
    "not UTF-8 in a path": ("GET", "/api/devices/%ff", None, {}, 404),
}


async def test_every_refusal_is_a_problem_document(admin: Caller, device: Device, subtests: pytest.Subtests) -> None:
    for case, (method, path, body, headers, status) in CASES.items():
        with subtests.test(case):
            response = await admin.call(method, path, data=body, headers=headers)
            problem = await response.get_json()
            assert (response.status_code, response.mimetype) == (status, "application/problem+json"), problem
            assert (problem["status"], problem["type"]) == (status, "about:blank")
            assert problem["title"] and problem["detail"]
            assert not [word for word in INNER_WORDS if word in str(problem)]
            if status == 405:
                assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


async def test_an_unexpected_error_keeps_its_cause_to_itself(app: Quart, caplog: pytest.LogCaptureFixture) -> None:
    @app.get("/broken")
    @public
    async def broken() -> str:
        raise KeyError("the admin's diary")

    with caplog.at_level(logging.ERROR):
        response = await app.test_client().get("/broken")
    problem = await response.get_json()
    assert response.status_code == 500 and "diary" not in str(problem)
    (record,) = [each for each in caplog.records if each.message == "unexpected error"]
    assert record.__dict__["instance"] == problem["instance"]


async def test_a_text_of_the_database_stays_here(app: Quart, admin: Caller, device: Device, pool: asyncpg.Pool) -> None:
    @app.get("/refused")
    @public
    async def refused() -> str:
        await pool.execute("insert into device (id, name) values ('not a slug', 'secret name')")
        return ""

    response = await app.test_client().get("/refused")
    problem = await response.get_json()
    assert response.status_code == 422 and "secret name" not in str(problem) and "device" not in str(problem)


async def test_while_the_database_is_away_the_answer_is_503(app: Quart, admin: Caller, pool: asyncpg.Pool) -> None:
    """Connections cut, none to be had, and a server that is not there; and 200 again afterwards."""

    @app.get("/waiting")
    @public
    async def waiting() -> str:
        async with AsyncExitStack() as all_there_are:
            while True:
                await all_there_are.enter_async_context(borrow(pool, wait=0.05))

    @app.get("/unreachable")
    @public
    async def unreachable() -> str:
        await asyncpg.connect("postgresql://nobody@/nothing?host=/nonexistent")
        return ""

    @app.get("/cut")
    @public
    async def cut() -> str:
        async with borrow(pool) as conn:
            await conn.execute("select pg_terminate_backend(pg_backend_pid())")
        return ""

    for path in ("/waiting", "/unreachable", "/cut"):
        response = await app.test_client().get(path)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5"), path
        assert (await response.get_json())["detail"] == "The database does not answer; try again."
    assert (await admin.get("/api/devices")).status_code == 200


REFUSED: list[tuple[str, str]] = [
    ("/api/devices?limit=", "limit"),
    ("/api/events?after=", "after"),
    ("/api/devices/van-12/quarantine?before=null", "before"),
    ("/api/events?after=9223372036854775808", "after"),
    ("/api/events/stream?after=-1", "after"),
    ("/api/tokens?after=-2281385702361040640", "after"),
    ("/api/devices?after=%00", "after"),
    ("/api/pairs?after=a%00b", "after"),
    ("/api/devices/van-12/quarantine?before=-1", "before"),
    ("/api/subscriptions/s/deliveries?before=99999999999999999999", "before"),
]


async def test_a_parameter_that_is_refused_is_named(admin: Caller, subtests: pytest.Subtests) -> None:
    for asked, field in REFUSED:
        with subtests.test(asked):
            response = await admin.get(asked)
            assert (response.status_code, (await response.get_json())["field"]) == (422, field)
