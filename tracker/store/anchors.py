"""Table anchor: earlier states of the devices, from which late fixes are folded in."""

from collections.abc import Mapping

import msgspec
from asyncpg import Connection

from tracker.model.state import State

Anchors = tuple[State, ...]


async def select_anchors(conn: Connection) -> dict[int, Anchors]:
    """The oldest first."""
    decoder = msgspec.json.Decoder(Anchors)
    return {row["device"]: decoder.decode(row["states"]) for row in await conn.fetch("select * from anchor")}


async def upsert_anchors(conn: Connection, anchors: Mapping[int, Anchors]) -> None:
    """A deleted device is left out."""
    await conn.execute(
        """insert into anchor (device, states)
           select a.device, a.states from unnest($1::int[], $2::jsonb[]) as a (device, states)
           join device d on d.key = a.device for key share of d
           on conflict (device) do update set states = excluded.states""",
        list(anchors),
        [msgspec.json.encode(states) for states in anchors.values()],
    )
