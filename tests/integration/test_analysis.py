"""What people with tools of their own see of the database: the views, with GDAL as well, and nothing besides."""

import asyncio
import os
import shutil
import subprocess
import sys
from typing import Final

import asyncpg
import pytest

from tests.running import ADMIN_TOKEN, RunningServer
from tracker.analysis import as_reader, keywords
from tracker.model.moment import format_ms, now_ms

VIEWS: Final = {"devices", "fixes", "positions", "geofences", "events"}
# What PostGIS itself shows to everybody.
POSTGIS: Final = {"spatial_ref_sys", "geometry_columns", "geography_columns"}
FENCE: Final = {
    "type": "Feature",
    "id": "port",
    "geometry": {"type": "Point", "coordinates": [24.94, 60.17]},
    "properties": {"name": "Port", "radius": 100, "preset": "strict"},
}


@pytest.fixture(scope="module")
def token(shared: RunningServer) -> str:
    """Of the device of a server that has one, with one fix inside a geofence, and a subscription; it has stopped, so
    that a last checkpoint wrote the positions."""
    token = asyncio.run(fill(shared))
    assert shared.stop() == 0
    return token


@pytest.fixture
def database_url(token: str, shared_url: str) -> str:
    return shared_url


async def fill(server: RunningServer) -> str:
    token = server.new_device("van-12")
    server.new_geofence(FENCE)
    with server.api() as api:
        channel = {"kind": "mqtt", "topic": "t"}
        api.post("/api/subscriptions", json={"id": "s", "channel": channel})
        assert api.post("/api/session", json={"token": ADMIN_TOKEN}).status_code == 201
    async with server.device("van-12", token) as device:
        fix = {"at": format_ms(now_ms()), "lon": 24.94, "lat": 60.17, "speed": 2.4, "altitude": 1234.56}
        await device.fixes(1, fix)
    return token


async def refused(conn: asyncpg.Connection, statement: str) -> bool:
    try:
        await conn.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


async def test_the_reader_sees_the_views_and_nothing_else(
    token: str, conn: asyncpg.Connection, database_url: str
) -> None:
    secrets = [token]
    for statement in (
        "select encode(hash, 'hex') from token union select encode(hash, 'hex') from session",
        "select encode(push_key, 'hex') from installation",
        "select unnest(secrets) from subscription",
    ):
        secrets += [row[0] for row in await conn.fetch(statement)]
    assert len(secrets) >= 4
    reader = await asyncpg.connect(as_reader(database_url))
    try:
        await reader.execute("set default_transaction_read_only = off")  # that default is kindness; what holds is below
        tables = await reader.fetch(
            """select n.nspname as schema, c.relname as name
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^(pg_|information_schema)'"""
        )
        names = {(each["schema"], each["name"]) for each in tables}
        assert {("public", name) for name in ("token", "session", "subscription", "installation", "fix")} < names
        open = {name for name in names if not await refused(reader, f'select * from "{name[0]}"."{name[1]}"')}
        assert open == {("analysis", name) for name in VIEWS} | {("public", name) for name in POSTGIS}
        for name in VIEWS:
            text = await reader.fetchval(f"select string_agg(v::text, ' ') from analysis.{name} v")
            assert not [secret for secret in secrets if secret in (text or "")], name
            for change in (f"delete from analysis.{name}", f"update analysis.{name} set name = ''"):
                with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.PostgresError)):
                    await reader.execute(change)
        for statement in (
            "delete from fix",
            "select pg_read_file('PG_VERSION')",
            "copy (select 1) to program 'true'",
            "create table public.mine (n int)",
            "set role tracker",
            "select * from pg_authid",
        ):
            assert await refused(reader, statement), statement
    finally:
        await reader.close()


async def test_views_are_typed_named_and_explained(conn: asyncpg.Connection, database_url: str) -> None:
    reader = await asyncpg.connect(as_reader(database_url))
    try:
        row = await reader.fetchrow("select name, speed::text, altitude::text, st_astext(place) from positions")
        assert tuple(row) == ("van-12", "2.4", "1234.56", "POINT(24.94 60.17)")
        event = await reader.fetchrow("select type, device, geofence, st_srid(place) as srid from events")
        assert tuple(event) == ("enter", "van-12", "port", 4326)
        fence = await reader.fetchrow("select name, radius, st_area(shape::geography) > 30000 from geofences")
        assert tuple(fence) == ("Port", 100.0, True)
        typed = await reader.fetch(
            "select f_table_name, type, srid from geometry_columns where f_table_schema = 'analysis'"
        )
        assert {(each[0], each[1], each[2]) for each in typed} == {
            ("fixes", "POINT", 4326),
            ("positions", "POINT", 4326),
            ("events", "POINT", 4326),
            ("geofences", "GEOMETRY", 4326),
        }
    finally:
        await reader.close()
    uncommented = await conn.fetch(
        "select relname from pg_class where relnamespace = 'analysis'::regnamespace and obj_description(oid) is null"
    )
    assert not uncommented
    described = await conn.fetchval("select count(*) from pg_description where objoid = 'analysis.fixes'::regclass")
    assert described > 10


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "tracker", *arguments]
    return subprocess.run(program, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_the_commands_lead_there(database_url: str) -> None:
    shown = command("database-url", "--read-only", TRACKER_DATABASE_URL=database_url)
    assert (shown.returncode, shown.stdout.strip()) == (0, as_reader(database_url)), shown.stderr
    asked = ("-At", "-c", "select device, st_srid(place) from fixes")
    told = command("psql", *asked, TRACKER_DATABASE_URL=database_url)
    assert (told.returncode, told.stdout.strip()) == (0, "van-12|4326"), told.stderr
    assert command("psql", "-c", "select * from token", TRACKER_DATABASE_URL=database_url).returncode == 1
    owned = command("psql", "--owner", "-At", "-c", "select count(*) from fix", TRACKER_DATABASE_URL=database_url)
    assert (owned.returncode, owned.stdout.strip()) == (0, "1"), owned.stderr


def ogrinfo(*arguments: str) -> str:
    return subprocess.run(["ogrinfo", "-ro", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="no ogrinfo here: Debian's gdal-bin has it")
def test_gdal_reads_every_layer(database_url: str) -> None:
    source = f"PG:{keywords(as_reader(database_url))}"
    layers = ogrinfo(source)
    for layer in ("analysis.fixes (Point)", "analysis.positions (Point)", "analysis.events (Point)", "geofences"):
        assert layer.removeprefix("analysis.") in layers.replace("analysis.", ""), layers
    told = ogrinfo("-al", source, "fixes")
    assert 'ID["EPSG",4326]' in told and "speed (Real) = 2.4\n" in told and "POINT (24.94 60.17)" in told


@pytest.mark.parametrize(
    ("url", "read", "written"),
    [
        (
            "postgresql://tracker@/postgres?host=%2Fvar%2Frun&port=5432",
            "postgresql://tracker_reader@/postgres?host=%2Fvar%2Frun&port=5432",
            "host=/var/run port=5432 user=tracker_reader dbname=postgres",
        ),
        (
            "postgresql://me:s%40cret@db.example.org:6432/fleet?sslmode=require&password=x",
            "postgresql://tracker_reader@db.example.org:6432/fleet?sslmode=require",
            "host=db.example.org port=6432 user=tracker_reader dbname=fleet sslmode=require",
        ),
    ],
)
def test_the_reader_of_a_database_has_no_password_of_the_owner(url: str, read: str, written: str) -> None:
    assert as_reader(url) == read
    assert keywords(read) == written
