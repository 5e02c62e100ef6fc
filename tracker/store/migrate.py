"""Brings a database up to date: the files of sql/ in their order, each once and whole. Forward only."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from tracker.errors import SchemaDrift

LOCK: Final = 0x747261636B6572  # "tracker": one migration at a time in a database
CHECKOUT: Final = Path(__file__).resolve().parents[2] / "sql"
INSTALLED: Final = Path(__file__).resolve().parents[1] / "_sql"


@dataclass(frozen=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.sql.encode()).digest()


def find_migrations(folder: Path | None = None) -> list[Migration]:
    """What sql/ holds, by number. Raises SchemaDrift when a number is given twice."""
    folder = folder or (INSTALLED if INSTALLED.is_dir() else CHECKOUT)
    found = [
        Migration(int(path.name.split("_")[0]), path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[0-9]*_*.sql"))
    ]
    if len({each.version for each in found}) < len(found):
        raise SchemaDrift(f"two files in {folder} have the same number")
    return found


async def migrate(url: str, folder: Path | None = None) -> list[str]:
    """Applies what is missing and returns the names of it. Safe to run from many processes at once.

    Raises SchemaDrift when a file was changed after it was applied, or would have to be applied before one that was.
    """
    files = find_migrations(folder)
    conn = await asyncpg.connect(url, timeout=10, server_settings={"application_name": "tracker migrate"})
    try:
        await conn.execute("select pg_advisory_lock($1)", LOCK)  # ends with the connection
        await create_record(conn)
        missing = check(files, await select_applied(conn))
        for migration in missing:
            await apply(conn, migration)
        return [each.name for each in missing]
    finally:
        await conn.close()


def check(files: list[Migration], applied: dict[int, tuple[str, bytes]]) -> list[Migration]:
    """The files still to apply. A database may know more than we do: then a newer server was here, which is allowed."""
    for each in files:
        name, sha256 = applied.get(each.version, (each.name, each.sha256))
        if sha256 != each.sha256:
            raise SchemaDrift(f"{each.name} was changed after it was applied (as {name}); write a new file instead")
    missing = [each for each in files if each.version not in applied]
    if missing and applied and missing[0].version < max(applied):
        raise SchemaDrift(f"{missing[0].name} is older than {applied[max(applied)][0]}, which was applied; renumber it")
    return missing


async def apply(conn: asyncpg.Connection, migration: Migration) -> None:
    async with conn.transaction():
        # a migration that waits for a lock has all queries queue behind it, so it fails sooner and is tried again by
        # people
        await conn.execute("set local lock_timeout = '10s'")
        await conn.execute(migration.sql)
        await insert_migration(conn, migration)


async def create_record(conn: asyncpg.Connection) -> None:
    await conn.execute(
        """
        create table if not exists migration (
            version integer primary key,
            name text not null,
            sha256 bytea not null,
            applied_at timestamptz not null default now()
        )
        """
    )


async def select_applied(conn: asyncpg.Connection) -> dict[int, tuple[str, bytes]]:
    rows = await conn.fetch("select version, name, sha256 from migration")
    return {row["version"]: (row["name"], row["sha256"]) for row in rows}


async def insert_migration(conn: asyncpg.Connection, migration: Migration) -> None:
    await conn.execute(
        "insert into migration (version, name, sha256) values ($1, $2, $3)",
        migration.version,
        migration.name,
        migration.sha256,
    )
