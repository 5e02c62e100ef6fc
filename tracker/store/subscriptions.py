"""Tables subscription and subscription_head: standing wishes, and the number that counts up with each change."""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec
import structlog

from tracker.errors import Conflict
from tracker.model.channel import Channel
from tracker.model.sight import Sight
from tracker.model.subscription import Subscription, Wish
from tracker.store.seen import Args, seen_subscriptions

logger = structlog.get_logger()

# The second secret of a rotation counts for a while only. The language is the one that was set, else that of whose own
# it is, else that of whoever has an account with the address a letter goes to (of several it is one), else that of who
# made it.
SELECT: Final = """select key, id, name, wish, channel, enabled, reason, person,
                          case when former_until > now() then secrets else secrets[1:1] end as secrets,
                          language as chosen,
                          coalesce(language, (select p.language from person p where p.key = subscription.person),
                                   (select max(p.language) from person p where lower(p.email) in
                                       (select lower(each) from jsonb_array_elements_text(
                                            case channel ->> 'kind' when 'email' then channel -> 'to' end) each)),
                                   made_in) as language
                   from subscription"""
BUMP: Final = "update subscription_head set revision = revision + 1 returning revision"


async def insert_subscription(
    conn: asyncpg.Connection, id: str, name: str, wish: Wish, channel: Channel, secret: str
) -> Subscription:
    """Conflict where the id is taken."""
    row = await conn.fetchrow(
        f"""with head as ({BUMP})
            insert into subscription (id, name, wish, channel, secrets)
            select $1, $2, $3, $4, array[$5] from head on conflict do nothing returning key""",
        id,
        name,
        msgspec.json.encode(wish),
        msgspec.json.encode(channel),
        secret,
    )
    if row is None:
        raise Conflict(f"there is a subscription {id} already", field="id")
    return Subscription(row["key"], id, name, wish, channel, (secret,))


async def give_subscription(conn: asyncpg.Connection, made: Subscription, person: int) -> Subscription:
    """In the transaction that made it: it is this person's own."""
    await conn.execute("update subscription set person = $2 where key = $1", made.key, person)
    return msgspec.structs.replace(made, person=person)


async def note_language(conn: asyncpg.Connection, made: Subscription, person: int) -> None:
    """In the transaction that made it: who made it, in whose language it is where nobody says another."""
    await conn.execute(
        "update subscription set made_in = (select language from person where key = $2) where key = $1",
        made.key,
        person,
    )


async def update_subscription(conn: asyncpg.Connection, new: Subscription) -> None:
    """All but the id and the secrets."""
    await conn.execute(
        f"""with head as ({BUMP})
            update subscription set name = $2, wish = $3, channel = $4, enabled = $5, reason = $6, language = $7
            from head where key = $1""",
        new.key,
        new.name,
        msgspec.json.encode(new.wish),
        msgspec.json.encode(new.channel),
        new.enabled,
        new.reason,
        new.chosen,
    )


async def update_secret(conn: asyncpg.Connection, key: int, secret: str, *, former_s: int) -> None:
    """The newest of the old ones counts for `former_s` more seconds; one before it no more."""
    await conn.execute(
        f"""with head as ({BUMP})
            update subscription set secrets = array[$2, secrets[1]], former_until = now() + make_interval(secs => $3)
            from head where key = $1""",
        key,
        secret,
        former_s,
    )


async def disable_subscription(conn: asyncpg.Connection, key: int, reason: str) -> None:
    await conn.execute(
        f"""with head as ({BUMP}) update subscription set enabled = false, reason = $2 from head where key = $1""",
        key,
        reason,
    )


async def delete_subscription(conn: asyncpg.Connection, id: str) -> bool:
    """What was to be delivered goes with it, by and by. False where there is none."""
    gone = await conn.fetchval(
        f"with head as ({BUMP}) delete from subscription using head where id = $1 returning true", id
    )
    return gone is not None


async def select_subscription(conn: asyncpg.Connection, sight: Sight, id: str) -> Subscription | None:
    args: Args = [id]
    row = await conn.fetchrow(f"{SELECT} where id = $1{seen_subscriptions(sight, 'key', args)}", *args)
    return _read_subscription(row) if row else None


async def select_subscriptions(conn: asyncpg.Connection, sight: Sight, *, after: str, limit: int) -> list[Subscription]:
    """In the order of their ids."""
    args: Args = [after, limit]
    seen = seen_subscriptions(sight, "key", args)
    rows = await conn.fetch(f"""{SELECT} where id collate "C" > $1{seen} order by id collate "C" limit $2""", *args)
    return [_read_subscription(row) for row in rows]


async def select_enabled_subscriptions(conn: asyncpg.Connection) -> list[Subscription]:
    """Those that can be read: one that a newer version wrote must not stop the fixes of this one."""
    return [
        read for row in await conn.fetch(f"{SELECT} where enabled order by key") if (read := _read_if_readable(row))
    ]


async def select_subscriptions_by_key(conn: asyncpg.Connection, keys: Sequence[int]) -> list[Subscription]:
    """Disabled ones too."""
    rows = await conn.fetch(f"{SELECT} where key = any($1)", keys)
    return [read for row in rows if (read := _read_if_readable(row))]


async def count_subscriptions(conn: asyncpg.Connection, person: int | None = None) -> int:
    """Of a person's own, or of all."""
    count: int = await conn.fetchval(
        "select count(*) from subscription where $1::integer is null or person = $1", person
    )
    return count


async def move_letters(conn: asyncpg.Connection, person: int, email: str) -> None:
    """The letters of a person's own subscriptions go to this address from now on."""
    await conn.execute(
        f"""with head as ({BUMP})
            update subscription set channel = jsonb_set(channel, '{{to}}', jsonb_build_array($2::text)) from head
            where person = $1 and channel ->> 'kind' = 'email'""",
        person,
        email,
    )


async def select_subscription_revision(conn: asyncpg.Connection) -> int:
    revision: int = await conn.fetchval("select revision from subscription_head")
    return revision


async def select_categories(conn: asyncpg.Connection, devices: Sequence[str]) -> dict[str, str]:
    """By id, of those that have one."""
    rows = await conn.fetch("select id, category from device where id = any($1) and category is not null", devices)
    return {row["id"]: row["category"] for row in rows}


def _read_if_readable(row: asyncpg.Record) -> Subscription | None:
    try:
        return _read_subscription(row)
    except msgspec.DecodeError as error:
        logger.warning("a subscription cannot be read", subscription=row["id"], error=str(error))
        return None


def _read_subscription(row: asyncpg.Record) -> Subscription:
    return Subscription(
        key=row["key"],
        id=row["id"],
        name=row["name"],
        wish=msgspec.json.decode(row["wish"], type=Wish),
        channel=msgspec.json.decode(row["channel"], type=Channel),
        secrets=tuple(row["secrets"]),
        enabled=row["enabled"],
        reason=row["reason"],
        person=row["person"],
        language=row["language"],
        chosen=row["chosen"],
    )
