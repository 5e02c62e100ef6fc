"""History: what was stored comes back as columns, in order, in slices of any size."""

import asyncpg
import numpy as np
import pytest

from tests.moments import MONDAY
from tracker.dry_run.slices import Width, read_slices
from tracker.model.fix import Fix, Flag, Row
from tracker.model.history import OWN_FLAGS
from tracker.store.fixes import copy_fixes
from tracker.store.history import copy_history, to_history

AT = MONDAY
EVER = "create table fix_ever partition of fix for values from ('2000-01-01T00:00:00Z') to (maxvalue)"
ROWS = [
    Row(3, AT * 1000 + 1, Fix(AT, 134_000_000, -525_000_000, 12.34, 90.0, 3.3, 40.0, 0.5, b'{"a":1}')),
    Row(1, AT * 1000 + 2, Fix(AT + 5, -1_800_000_000, 900_000_000)),
    Row(3, AT * 1000 + 3, Fix(AT - 1, 0, 0, 0.0, None, 0.01, flags=int(Flag.NULL_ISLAND | Flag.LATE))),
    Row(1, AT * 1000 + 4, Fix(AT + 4, 1, 2, 99_999.99, None, 100_000.0, flags=int(Flag.LOW_ACCURACY))),
    Row(2, AT * 1000 + 5, Fix(AT, 5, 6)),
]


async def test_fixes_come_back_in_order_and_as_they_were(conn: asyncpg.Connection) -> None:
    await conn.execute(EVER)
    await copy_fixes(conn, ROWS)
    history = to_history(await copy_history(conn, [1, 3], AT - 1, AT + 6, 10))
    assert history.device.tolist() == [1, 1, 3, 3]
    kept = sorted((row for row in ROWS if row.device != 2), key=lambda row: (row.device, row.fix.at))
    assert [history.fix(n) for n in range(4)] == [
        Fix(fix.at, fix.lon_e7, fix.lat_e7, fix.speed, None, fix.accuracy, flags=fix.flags & OWN_FLAGS)
        for fix in (row.fix for row in kept)
    ]
    assert len(to_history(await copy_history(conn, [1, 3], AT, AT + 5, 10))) == 2, "the end does not belong to it"
    assert len(to_history(await copy_history(conn, [1, 3], AT - 1, AT + 6, 3))) == 3
    assert len(to_history(await copy_history(conn, [], AT - 1, AT + 6, 3))) == 0


@pytest.mark.parametrize("most", [1, 7, 100])
async def test_slices_hold_every_fix_once_and_in_order(conn: asyncpg.Connection, most: int) -> None:
    await conn.execute(EVER)
    devices = list(range(1, 8))
    rows = [Row(d, AT * 1000 + n * 300_000_000, Fix(AT + n * 300_000, n, d)) for d in devices for n in range(d * 3)]
    await copy_fixes(conn, rows)
    read = [each async for each in read_slices(conn, devices, AT, AT + 20 * 300_000, width=Width(most, 2))]
    found = [to_history(each.answer) for each in read]
    assert [len(each) for each in found] == [each.fixes for each in read]
    assert sum(map(len, found)) == len([row for row in rows if row.fix.lon_e7 < 20])
    assert most == 1 or all(len(each) <= most for each in found)
    assert [each.done for each in read] == sorted(each.done for each in read) and read[-1].done == 1.0
    for device in devices:
        at = np.concatenate([each.at[each.device == device] for each in found])
        assert at.tolist() == [AT + n * 300_000 for n in range(min(device * 3, 20))]
