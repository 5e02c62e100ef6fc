"""Tables invitation and password_reset: codes that somebody was sent, by their hash. Each works once."""

from datetime import datetime, timedelta

import asyncpg
import msgspec


class Invitation(msgspec.Struct, frozen=True):
    """`group` is the id, `in_group` the key. Whoever made it: a person, or a token; neither: the operator's own."""

    email: str
    in_group: int
    group: str
    group_name: str
    role: str
    by_person: int | None
    by_token: int | None


async def insert_invitation(
    conn: asyncpg.Connection, hash: bytes, invitation: Invitation, lifetime: timedelta
) -> datetime:
    """When it ends. Invitations that ended unused are swept out on the way."""
    ends: datetime = await conn.fetchval(
        """with swept as (delete from invitation where expires_at < now() - interval '90 days')
           insert into invitation (hash, email, in_group, role, by_person, by_token, expires_at)
           values ($1, $2, $3, $4, $5, $6, now() + $7) returning expires_at""",
        hash,
        invitation.email,
        invitation.in_group,
        invitation.role,
        invitation.by_person,
        invitation.by_token,
        lifetime,
    )
    return ends


async def select_invitation(conn: asyncpg.Connection, hash: bytes, *, lock: bool = False) -> Invitation | None:
    """None for one that is unknown, used or too old. `lock`: of two that use it at once the second waits here."""
    row = await conn.fetchrow(
        f"""select i.email, i.in_group, g.id as group, g.name as group_name, i.role, i.by_person, i.by_token
            from invitation i join rights_group g on g.key = i.in_group
                              left join token t on t.id = i.by_token
            where i.hash = $1 and i.used_at is null and i.expires_at > now() and t.revoked_at is null
            {"for update of i" if lock else ""}""",
        hash,
    )
    return Invitation(**row) if row else None


async def use_invitation(conn: asyncpg.Connection, hash: bytes) -> None:
    await conn.execute("update invitation set used_at = now() where hash = $1", hash)


async def insert_password_reset(conn: asyncpg.Connection, hash: bytes, person: int, lifetime: timedelta) -> datetime:
    """Those made before go on: strangers may ask for letters, and must not end the link that an owner handed over."""
    ends: datetime = await conn.fetchval(
        """with swept as (delete from password_reset where expires_at < now())
           insert into password_reset (hash, person, expires_at) values ($1, $2, now() + $3) returning expires_at""",
        hash,
        person,
        lifetime,
    )
    return ends


async def use_password_reset(conn: asyncpg.Connection, hash: bytes) -> int | None:
    """Whose it is, and all links of that person are gone. None for one that is unknown, used or too old."""
    person: int | None = await conn.fetchval(
        "delete from password_reset where hash = $1 and expires_at > now() returning person", hash
    )
    if person is not None:
        await conn.execute("delete from password_reset where person = $1", person)
    return person


async def has_password_reset(conn: asyncpg.Connection, hash: bytes) -> bool:
    """Whether it would work now."""
    return bool(
        await conn.fetchval("select exists (select from password_reset where hash = $1 and expires_at > now())", hash)
    )


async def has_fresh_reset(conn: asyncpg.Connection, person: int, left: timedelta) -> bool:
    """Whether there is one with more time left than this."""
    return bool(
        await conn.fetchval(
            "select exists (select from password_reset where person = $1 and expires_at > now() + $2)", person, left
        )
    )
