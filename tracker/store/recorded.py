"""What is written of a device, in whatever table: what its next owner goes on from, asked in one question, for its
devices wait meanwhile."""

from collections.abc import Collection
from typing import Final, NamedTuple

import asyncpg
import msgspec

from tracker.model.device import Device
from tracker.model.rhythm import Rhythm
from tracker.model.state import State
from tracker.store.anchors import Anchors
from tracker.store.devices import COLUMNS, read_device
from tracker.store.ownership import PARTITIONS
from tracker.store.positions import Reached, decode_state

ANCHORS: Final = msgspec.json.Decoder(Anchors)


class Recorded(NamedTuple):
    """`state`: with its anchors, as of a checkpoint or later, None: there is none; `reached`: how far its stream is
    stored, where that is known. `is_several`: it was heard in any dialect but our own."""

    device: Device
    state: State | None
    reached: Reached | None
    rhythm: Rhythm | None
    is_several: bool


async def select_recorded(conn: asyncpg.Connection, partitions: Collection[int]) -> list[Recorded]:
    """Of the devices of these partitions."""
    columns = ", ".join(f"d.{each}" for each in COLUMNS.split(", "))
    rows = await conn.fetch(
        f"""select {columns}, p.state::text, p.boot, p.acked, a.states as anchors, r.gaps,
                   exists (select from device_app where device = d.key) as is_several
            from device d left join position p on p.device = d.key left join anchor a on a.device = d.key
                 left join device_rhythm r on r.device = d.key
            where d.key % {PARTITIONS} = any($1::int[])""",
        list(partitions),
    )
    return [read_recorded(row) for row in rows]


def read_recorded(row: asyncpg.Record) -> Recorded:
    state = None if row["state"] is None else decode_state(row["state"])
    if state is not None and row["anchors"] is not None:
        state = msgspec.structs.replace(state, anchors=ANCHORS.decode(row["anchors"]))
    reached = None if row["boot"] is None else (row["boot"], row["acked"])
    rhythm = None if row["gaps"] is None else tuple(row["gaps"])
    return Recorded(read_device(row), state, reached, rhythm, row["is_several"])
