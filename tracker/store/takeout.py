"""All rows about a person or a device, found by the foreign keys there are, so that a new table is in it by itself."""

from collections.abc import AsyncIterator
from typing import Final, Literal

import asyncpg
import msgspec

PAGE: Final = 1000  # rows held at a time
# What signs in or opens is not handed out: a copy of one's data lies about where a secret may not.
SECRET: Final = ("hash", "password", "secret", "secrets", "credential", "public_key", "ingest_key", "owntracks_secret")
LEFT_OUT: Final = (*SECRET, "bytes")  # of a picture, which is a file of its own


class Own(msgspec.Struct, frozen=True):
    """A device of a person."""

    key: int
    id: str
    name: str


class Column(msgspec.Struct, frozen=True):
    """A column that holds the numbers of people, or the keys of devices. `name`: of a file of its rows."""

    table: str
    column: str
    name: str

    def of(self, key: int) -> tuple[str, int]:
        """The select of the rows that name this one."""
        return f"select to_jsonb(t) - $2::text[] from {self.table} t where {self.column} = $1", key


async def select_columns(conn: asyncpg.Connection, noun: Literal["person", "device"]) -> list[Column]:
    """By the foreign keys; the audit has none, since it outlives whom it names. Fixes are files of their own."""
    rows = await conn.fetch(
        """select c.conrelid::regclass::text as of_table, a.attname as of_column
           from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
           where c.contype = 'f' and c.confrelid = $1::regclass and c.conparentid = 0 order by 1, 2""",
        noun,
    )
    found = [(row["of_table"], row["of_column"]) for row in rows] + ([("audit", "person")] if noun == "person" else [])
    return [Column(table, column, table if column == noun else f"{table}-{column}") for table, column in found]


async def select_person_row(conn: asyncpg.Connection, person: int) -> str:
    row: bytes = await conn.fetchval("select to_jsonb(p) - $2::text[] from person p where key = $1", person, LEFT_OUT)
    return msgspec.json.format(row, indent=2).decode()


async def select_devices_of(conn: asyncpg.Connection, person: int) -> list[Own]:
    return [
        Own(**row)
        for row in await conn.fetch("select key, id, name from device where person = $1 order by key", person)
    ]


async def select_rows(conn: asyncpg.Connection, statement: str, key: int) -> AsyncIterator[list[bytes]]:
    """Pages of rows as JSON."""
    async with conn.transaction(readonly=True):
        cursor = await conn.cursor(statement, key, LEFT_OUT)
        while page := await cursor.fetch(PAGE):
            yield [row[0] for row in page]
