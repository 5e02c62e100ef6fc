"""Checkpoints of the states: the newest position of each device, and what `advance` goes on from, read in
recorded.py."""

from collections.abc import Mapping

import msgspec
from asyncpg import Connection

from tracker.model.moment import micros_to_datetime, to_datetime
from tracker.model.state import State

Reached = tuple[str, int]  # (boot, acked)


async def upsert_states(conn: Connection, states: Mapping[int, State], reached: Mapping[int, Reached]) -> None:
    """`reached`: how far the streams of these devices are stored, where known. A deleted device is left out."""
    if not states:
        return
    boots = [reached.get(device, (None, None)) for device in states]
    newest = [state.newest for state in states.values()]
    await conn.execute(
        """insert into position (device, at, received_at, place, state, boot, acked)
           select p.device, p.at, p.received_at, st_setsrid(st_makepoint(p.lon, p.lat), 4326), p.state::jsonb,
                  p.boot, p.acked
           from unnest($1::integer[], $2::timestamptz[], $3::timestamptz[], $4::float8[], $5::float8[], $6::text[],
                       $7::text[], $8::bigint[])
                as p (device, at, received_at, lon, lat, state, boot, acked)
           join device d on d.key = p.device for key share of d -- waits for one being deleted, then leaves it out
           on conflict (device) do update set
               at = excluded.at, received_at = excluded.received_at, place = excluded.place, state = excluded.state,
               boot = excluded.boot, acked = excluded.acked""",
        list(states),
        [to_datetime(fix.at) if fix else None for fix in newest],
        [micros_to_datetime(state.received_at) if state.newest else None for state in states.values()],
        [fix.lon if fix else None for fix in newest],
        [fix.lat if fix else None for fix in newest],
        [encode_state(state) for state in states.values()],
        [boot for boot, _ in boots],
        [acked for _, acked in boots],
    )


def encode_state(state: State) -> str:
    """Without its anchors, which have a table of their own: they change far less often."""
    return msgspec.json.encode(msgspec.structs.replace(state, anchors=())).decode()


def decode_state(text: str) -> State:
    return msgspec.json.decode(text, type=State)
