"""Table saved_view: what a person looks at again and again, under a name."""

from typing import Final

import asyncpg
import msgspec

from tracker.errors import Conflict, NotFound

COLUMNS: Final = "id, name, address"


class SavedView(msgspec.Struct, frozen=True):
    """`address`: filters, layers and a place of the map, as behind the ? of the page."""

    id: int
    name: str
    address: str


async def insert_saved_view(conn: asyncpg.Connection, person: int, name: str, address: str, most: int) -> SavedView:
    """Conflict where one has this name, or there are as many as there may be."""
    await conn.execute("select from person where key = $1 for update", person)  # so that two at once are counted
    count = await conn.fetchval("select count(*) from saved_view where person = $1", person)
    if count >= most:
        raise Conflict(f"there are {most} views already; delete one first")
    row = await conn.fetchrow(
        f"""insert into saved_view (person, name, address) values ($1, $2, $3)
            on conflict (person, name) do nothing returning {COLUMNS}""",
        person,
        name,
        address,
    )
    if row is None:
        raise Conflict("there is a view of this name", field="name")
    return SavedView(**row)


async def select_saved_views(conn: asyncpg.Connection, person: int) -> list[SavedView]:
    rows = await conn.fetch(f"select {COLUMNS} from saved_view where person = $1 order by lower(name), id", person)
    return [SavedView(**row) for row in rows]


async def update_saved_view(
    conn: asyncpg.Connection, person: int, id: int, name: str | None, address: str | None
) -> SavedView:
    """None: that stays. NotFound; Conflict where another has this name."""
    try:
        row = await conn.fetchrow(
            f"""update saved_view set name = coalesce($3, name), address = coalesce($4, address)
                where person = $1 and id = $2 returning {COLUMNS}""",
            person,
            id,
            name,
            address,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict("there is a view of this name", field="name") from None
    if row is None:
        raise NotFound(f"there is no view {id}")
    return SavedView(**row)


async def delete_saved_view(conn: asyncpg.Connection, person: int, id: int) -> None:
    """NotFound."""
    if not await conn.fetchval("delete from saved_view where person = $1 and id = $2 returning true", person, id):
        raise NotFound(f"there is no view {id}")
