"""Table passkey: the public keys by which devices and browsers sign a person in."""

from datetime import datetime

import asyncpg
import msgspec

from tracker.errors import Conflict
from tracker.model.person import Proof


class Passkey(msgspec.Struct, frozen=True):
    """`site` is the host it works at."""

    id: int
    site: str
    name: str
    made_at: datetime
    used_at: datetime | None


class NewPasskey(msgspec.Struct, frozen=True):
    credential: bytes
    public_key: bytes
    sign_count: int
    site: str
    name: str


class PublicKey(msgspec.Struct, frozen=True):
    """What a signature is held against, and whom it proves."""

    id: int
    key: bytes
    sign_count: int
    proof: Proof


COLUMNS = "id, site, name, made_at, used_at"


async def has_passkeys(conn: asyncpg.Connection) -> bool:
    return bool(await conn.fetchval("select exists (select from passkey)"))


async def insert_passkey(conn: asyncpg.Connection, person: int, new: NewPasskey) -> Passkey:
    """Conflict where it is known already, be it somebody else's."""
    row = await conn.fetchrow(
        f"""insert into passkey (person, credential, public_key, sign_count, site, name) values ($1, $2, $3, $4, $5, $6)
            on conflict (credential) do nothing returning {COLUMNS}""",
        person,
        new.credential,
        new.public_key,
        new.sign_count,
        new.site,
        new.name,
    )
    if row is None:
        raise Conflict("this passkey is known already")
    return Passkey(**row)


async def select_passkeys(conn: asyncpg.Connection, person: int) -> list[Passkey]:
    rows = await conn.fetch(f"select {COLUMNS} from passkey where person = $1 order by id", person)
    return [Passkey(**row) for row in rows]


async def select_credentials(conn: asyncpg.Connection, person: int) -> list[bytes]:
    return [row["credential"] for row in await conn.fetch("select credential from passkey where person = $1", person)]


async def select_public_key(conn: asyncpg.Connection, credential: bytes, site: str) -> PublicKey | None:
    row = await conn.fetchrow(
        """select k.id, k.public_key, k.sign_count, p.key, p.ways from passkey k join person p on p.key = k.person
           where k.credential = $1 and k.site = $2""",
        credential,
        site,
    )
    if row is None:
        return None
    return PublicKey(row["id"], row["public_key"], row["sign_count"], Proof(row["key"], row["ways"]))


async def update_passkey_used(conn: asyncpg.Connection, id: int, before: int, count: int) -> bool:
    """False where another sign-in has counted it up meanwhile, or it is gone."""
    done = await conn.fetchval(
        "update passkey set sign_count = $3, used_at = now() where id = $1 and sign_count = $2 returning true",
        id,
        before,
        count,
    )
    return bool(done)


async def delete_passkey(conn: asyncpg.Connection, person: int, id: int) -> bool:
    return bool(await conn.fetchval("delete from passkey where person = $1 and id = $2 returning true", person, id))
