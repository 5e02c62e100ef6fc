"""Tables second_factor and recovery_code: what a person shows beside the password."""

from collections.abc import Sequence

import asyncpg
import msgspec


class Factor(msgspec.Struct, frozen=True):
    """`failures`: wrong codes since the last right one. `left`: recovery codes that are not used yet."""

    secret: bytes
    is_on: bool
    last_step: int
    failures: int
    left: int


async def insert_second_factor(conn: asyncpg.Connection, person: int, secret: bytes) -> bool:
    """Not on yet. In place of one that was never confirmed; False where one is on."""
    done = await conn.fetchval(
        """insert into second_factor (person, secret) values ($1, $2)
           on conflict (person) do update set secret = excluded.secret, made_at = now(), last_step = -1, failures = 0
           where not second_factor.is_on returning true""",
        person,
        secret,
    )
    return bool(done)


async def select_second_factor(conn: asyncpg.Connection, person: int, *, lock: bool = False) -> Factor | None:
    row = await conn.fetchrow(
        f"""select secret, is_on, last_step, failures,
                   (select count(*) from recovery_code r where r.person = f.person)::int as left
            from second_factor f where person = $1 {"for update" if lock else ""}""",
        person,
    )
    return Factor(**row) if row else None


async def update_second_factor(conn: asyncpg.Connection, person: int, step: int) -> None:
    """A right code was shown: from now on it is on."""
    await conn.execute(
        "update second_factor set is_on = true, last_step = $2, failures = 0 where person = $1", person, step
    )


async def count_wrong_code(conn: asyncpg.Connection, person: int) -> None:
    await conn.execute("update second_factor set failures = failures + 1 where person = $1", person)


async def delete_second_factor(conn: asyncpg.Connection, person: int) -> bool:
    """With the recovery codes."""
    return bool(await conn.fetchval("delete from second_factor where person = $1 returning true", person))


async def replace_recovery_codes(conn: asyncpg.Connection, person: int, hashes: Sequence[bytes]) -> None:
    await conn.execute("delete from recovery_code where person = $1", person)
    await conn.execute("insert into recovery_code (person, hash) select $1, unnest($2::bytea[])", person, hashes)


async def use_recovery_code(conn: asyncpg.Connection, person: int, hash: bytes) -> bool:
    """False for one that was used, or is none."""
    done = await conn.fetchval(
        """with used as (delete from recovery_code where person = $1 and hash = $2 returning person)
           update second_factor f set failures = 0 from used where f.person = used.person returning true""",
        person,
        hash,
    )
    return bool(done)
