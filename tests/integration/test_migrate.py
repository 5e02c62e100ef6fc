"""The migrations against a real database."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.running import running_beside
from tracker.errors import SchemaDrift
from tracker.model.moment import DAY_MS, format_ms, now_ms
from tracker.store.migrate import find_migrations, migrate


async def tables(url: str) -> set[str]:
    conn = await asyncpg.connect(url)
    try:
        rows = await conn.fetch("select relname from pg_class where relnamespace = 'public'::regnamespace")
        return {row["relname"] for row in rows}
    finally:
        await conn.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_a.sql").write_text("create table a (n int); insert into a values (1)")
    (tmp_path / "0002_b.sql").write_text("create table b (n int)")
    return tmp_path


async def test_our_own_files_apply_once(empty_database_url: str) -> None:
    names = [each.name for each in find_migrations()]
    assert await migrate(empty_database_url) == names
    assert await migrate(empty_database_url) == []
    assert {"device", "fix", "position", "geofence", "event"} <= await tables(empty_database_url)


async def test_a_server_has_only_to_own_its_database(empty_database_url: str) -> None:
    """No superuser: all that it makes and does, a day without a partition and a restart included."""
    conn = await asyncpg.connect(empty_database_url)
    name = await conn.fetchval("select current_database()")
    await conn.execute(f"create extension postgis; create role plain login; alter database {name} owner to plain")
    await conn.close()
    plain = empty_database_url.replace("//tracker@", "//plain@")
    async with running_beside(plain) as server:
        token = server.new_device("van")
        for boot, ago in (("b1", 9 * DAY_MS), ("b2", 0)):
            async with server.device("van", token, boot=boot) as device:
                sent = {"at": format_ms(now_ms() - ago), "lon": 24.9, "lat": 60.2}
                assert (await device.fixes(1, sent))["stored"] == 1
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        conn = await asyncpg.connect(plain)
        assert await conn.fetchval("select count(*) from fix") == 2
        assert not await conn.fetchval("select rolsuper from pg_roles where rolname = current_user")
        await conn.close()


async def test_four_racing_processes_apply_each_file_once(empty_database_url: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, len(find_migrations())]


async def test_a_changed_file_is_refused(empty_database_url: str, folder: Path) -> None:
    await migrate(empty_database_url, folder)
    (folder / "0001_a.sql").write_text("create table a (n bigint)")
    with pytest.raises(SchemaDrift, match="0001_a was changed"):
        await migrate(empty_database_url, folder)


async def test_a_file_that_came_too_late_is_refused(empty_database_url: str, folder: Path) -> None:
    (folder / "0001_a.sql").rename(folder / "0001_a.later")
    await migrate(empty_database_url, folder)
    (folder / "0001_a.later").rename(folder / "0001_a.sql")
    with pytest.raises(SchemaDrift, match="0001_a is older than 0002_b"):
        await migrate(empty_database_url, folder)


async def test_two_files_with_one_number_are_refused(empty_database_url: str, folder: Path) -> None:
    (folder / "0002_c.sql").write_text("create table c (n int)")
    with pytest.raises(SchemaDrift, match="same number"):
        await migrate(empty_database_url, folder)


async def test_a_failing_file_leaves_nothing_and_can_be_mended(empty_database_url: str, folder: Path) -> None:
    (folder / "0002_b.sql").write_text("create table b (n int); select 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database_url, folder)
    assert "b" not in await tables(empty_database_url)
    (folder / "0002_b.sql").write_text("create table b (n int)")
    assert await migrate(empty_database_url, folder) == ["0002_b"]


async def test_an_older_server_leaves_a_newer_database_alone(empty_database_url: str, folder: Path) -> None:
    await migrate(empty_database_url, folder)
    (folder / "0002_b.sql").unlink()
    assert await migrate(empty_database_url, folder) == []
