"""Table anchor: earlier states of the devices, from which late fixes are folded in."""

from collections.abc import Mapping

import msgspec
from asyncpg import Connection

from tracker.model.state import State

Anchors = tuple[State, ...]  # the oldest first


async def upsert_anchors(conn: Connection, anchors: Mapping[int, Anchors]) -> None:
    """A deleted device is left out."""
    if not anchors:
        return
    await conn.execute(
        """insert into anchor (device, states)
           select a.device, a.states from unnest($1::int[], $2::jsonb[]) as a (device, states)
           join device d on d.key = a.device for key share of d
           on conflict (device) do update set states = excluded.states""",
        list(anchors),
        [msgspec.json.encode(states) for states in anchors.values()],
    )
