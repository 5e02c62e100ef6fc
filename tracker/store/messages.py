"""Tables message and message_head: the conversation, numbered without gaps in the order of commit."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from tracker.model.message import Message
from tracker.model.moment import from_datetime, to_datetime
from tracker.model.note import Note, Utterance

# What became of a message to the device is read off its command: it was answered, expired, or is still on its way.
FROM: Final = """from message m join device d on d.key = m.device
                 left join command c on m.direction = 'down' and c.id = m.id and c.device = m.device"""
COLUMNS: Final = """m.number, d.id as device, m.direction, m.id, m.text, m.at, m.received_at, m.alarm, m.event,
    case when m.read_at is not null then 'read'
         when m.direction = 'up' or c.ok then 'delivered'
         when not c.ok then 'failed'
         when c.expires <= now() then 'expired'
         when m.sent_at is not null then 'sent'
         else 'queued' end as state"""


async def insert_utterances(conn: asyncpg.Connection, notes: Sequence[tuple[Note, Utterance, int, int]]) -> int:
    """Messages of devices, each with its `at` (ms) and the writer's stamp; inside the writer's transaction. Who gave
    the same id before is left out by the caller. The number of the last one."""
    last: int = await conn.fetchval("update message_head set number = number + $1 returning number", len(notes))
    await conn.executemany(
        """insert into message (number, device, direction, id, text, at, stamp, alarm)
           values ($1, $2, 'up', $3, $4, $5, $6, $7)""",
        [
            (number, note.device, said.id, said.text, to_datetime(at), stamp, said.alarm)
            for number, (note, said, at, stamp) in enumerate(notes, last - len(notes) + 1)
        ],
    )
    return last


async def select_said(conn: asyncpg.Connection, given: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of these (device, id) that are stored already."""
    rows = await conn.fetch(
        """select m.device, m.id from unnest($1::int[], $2::text[]) as g (device, id)
           join message m on m.device = g.device and m.id = g.id and m.direction = 'up'""",
        [device for device, _ in given],
        [id for _, id in given],
    )
    return {(row["device"], row["id"]) for row in rows}


async def queue_message(conn: asyncpg.Connection, device: int, id: str, text: str, args: bytes, *, expires: int) -> int:
    """The command and its line of the thread, in one statement, so that the head is locked no longer than that. Nudges
    `tracker_command` and `tracker_message`. Returns the number."""
    number: int = await conn.fetchval(
        """with made as (insert into command (id, device, name, args, expires)
                         values ($1, $2, 'message', $4, $5) returning id, device),
                head as (update message_head set number = number + 1 returning number),
                said as (insert into message (number, device, direction, id, text, at)
                         select head.number, made.device, 'down', made.id, $3, now() from head, made
                         returning number, device)
           select number from (select number, pg_notify('tracker_command', device::text),
                                      pg_notify('tracker_message', number::text) from said) as told""",
        id,
        device,
        text,
        args,
        to_datetime(expires),
    )
    return number


async def update_sent(conn: asyncpg.Connection, device: int, ids: Sequence[str]) -> None:
    """These commands went out; of those that are messages the thread says so."""
    await conn.execute(
        """with gone as (update message set sent_at = now() where device = $1 and direction = 'down'
                         and id = any($2) and sent_at is null returning number)
           select pg_notify('tracker_message', number::text) from gone""",
        device,
        ids,
    )


async def update_read(conn: asyncpg.Connection, device: int, id: str) -> bool:
    """Its person has read it. False: the device was sent no such message."""
    row = await conn.fetchrow(
        """with seen as (update message set read_at = coalesce(read_at, now())
                         where device = $1 and direction = 'down' and id = $2 returning number)
           select pg_notify('tracker_message', number::text) from seen""",
        device,
        id,
    )
    return row is not None


async def nudge_message(conn: asyncpg.Connection, device: int, id: str) -> None:
    """What became of this command is what became of its message, if it is one."""
    await conn.execute(
        """select pg_notify('tracker_message', number::text) from message
           where device = $1 and direction = 'down' and id = $2""",
        device,
        id,
    )


async def select_messages(
    conn: asyncpg.Connection, *, after: int, limit: int, device: int | None = None
) -> list[Message]:
    """The oldest first, with numbers above `after`. One that calls for help is told with the number of its event, so it
    waits for that, and those behind it with it: a reader goes by the numbers."""
    rows = await conn.fetch(
        f"""select {COLUMNS} {FROM} where m.number > $1 and ($3::int is null or m.device = $3)
              and (not exists (select from unnumbered where message is not null)
                   or m.number < all (select call.number from unnumbered u join message call
                                      on call.device = u.device and call.direction = 'up' and call.id = u.message))
            order by m.number limit $2""",
        after,
        limit,
        device,
    )
    return [_read_message(row) for row in rows]


async def select_message(conn: asyncpg.Connection, number: int) -> Message | None:
    row = await conn.fetchrow(f"select {COLUMNS} {FROM} where m.number = $1", number)
    return _read_message(row) if row else None


async def select_message_head(conn: asyncpg.Connection) -> int:
    """The number up to which the thread can be read: behind it is a call for help whose event has no number yet, and
    what came after that. Who reads on from here misses nothing."""
    head: int = await conn.fetchval(
        """select least(number, (select min(call.number) - 1 from unnumbered u join message call
                                 on call.device = u.device and call.direction = 'up' and call.id = u.message))
           from message_head"""
    )
    return head


async def select_expired(conn: asyncpg.Connection, *, since: int, until: int) -> list[int]:
    """Numbers of messages that expired unanswered between two moments (ms)."""
    rows = await conn.fetch(
        """select m.number from command c join message m on m.device = c.device and m.id = c.id
           where m.direction = 'down' and c.answered_at is null and c.expires > $1 and c.expires <= $2
           order by m.number limit 1000""",
        to_datetime(since),
        to_datetime(until),
    )
    return [row["number"] for row in rows]


def _read_message(row: asyncpg.Record) -> Message:
    return Message(
        number=row["number"],
        device=row["device"],
        direction=row["direction"],
        id=row["id"],
        text=row["text"],
        at=from_datetime(row["at"]),
        received_at=from_datetime(row["received_at"]),
        state=row["state"],
        alarm=row["alarm"],
        event=row["event"],
    )
