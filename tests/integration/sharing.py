"""Links for tests: a device that reports where it is, and who opens its links."""

from typing import Any, Final

import asyncpg
from quart import Quart

from tests.integration.conftest import Caller
from tracker.model.fix import E7, Fix, Row
from tracker.model.moment import DAY_MS, format_ms, now_ms, now_us
from tracker.store.fixes import copy_fixes
from tracker.store.partitions import create_missing, find_day, today

HOUR_MS: Final = 3_600_000


def later(ms: int = DAY_MS) -> str:
    return format_ms(now_ms() + ms)


async def report(
    conn: asyncpg.Connection, device: int, *places: tuple[float, float], every: int = 10_000, **measured: Any
) -> list[Row]:
    """Fixes that have just come: the last place now, those before each `every` ms earlier."""
    now, stamp = now_ms(), now_us()
    rows = [
        Row(
            device,
            stamp - (len(places) - 1 - number) * every * 1000,
            Fix(now - (len(places) - 1 - number) * every, round(lon * E7), round(lat * E7), **measured),
        )
        for number, (lon, lat) in enumerate(places)
    ]
    await store(conn, rows)
    return rows


async def store(conn: asyncpg.Connection, rows: list[Row]) -> None:
    await create_missing(conn, {find_day(row.fix.at) for row in rows}, today())
    await copy_fixes(conn, rows)


async def make(caller: Caller, **wish: Any) -> dict[str, Any]:
    response = await caller.post("/api/shares", {"until": later(), **wish})
    assert response.status_code == 201, await response.get_data(as_text=True)
    made: dict[str, Any] = await response.get_json()
    return made


def code_of(share: dict[str, Any]) -> str:
    return str(share["url"]).partition("/s#")[2]


async def open_link(app: Quart, share: dict[str, Any], password: str | None = None) -> Caller:
    """Who has its address, and nothing else."""
    shown = {"share": code_of(share)} | ({"password": password} if password else {})
    response = await Caller(app, None).post("/api/session", shown)
    assert response.status_code == 201 and "Set-Cookie" not in response.headers
    return Caller(app, (await response.get_json())["token"])


async def shown_by(reader: Caller) -> dict[str, Any]:
    """The features of its positions, by alias."""
    response = await reader.get("/api/positions")
    assert response.status_code == 200, await response.get_data(as_text=True)
    found = await response.get_json()
    assert found["total"] == len(found["features"])
    return {each["id"]: each for each in found["features"]}


async def way_of(reader: Caller, alias: str, query: str = "") -> list[list[float]]:
    response = await reader.get(f"/api/devices/{alias}/track{query}")
    assert response.status_code == 200, await response.get_data(as_text=True)
    geometry = (await response.get_json())["geometry"]
    return [] if geometry is None else list(geometry["coordinates"])
