"""Table anchor: earlier states of the devices, from which late fixes are folded in."""

from collections.abc import Collection, Mapping

import msgspec
from asyncpg import Connection

from tracker.model.state import State
from tracker.store.ownership import ALL, PARTITIONS

Anchors = tuple[State, ...]


async def select_anchors(conn: Connection, partitions: Collection[int] = ALL) -> dict[int, Anchors]:
    """The oldest first."""
    decoder = msgspec.json.Decoder(Anchors)
    rows = await conn.fetch(f"select * from anchor where device % {PARTITIONS} = any($1::int[])", partitions)
    return {row["device"]: decoder.decode(row["states"]) for row in rows}


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
