import asyncpg

from tests.moments import MONDAY
from tracker.store.devices import delete_device, insert_device
from tracker.store.quarantine import Quarantined, insert_quarantine, prune_quarantine, select_quarantine


async def test_what_was_refused_can_be_looked_at(conn: asyncpg.Connection) -> None:
    van, bus = await insert_device(conn, "van", "Van"), await insert_device(conn, "bus", "Bus")
    await delete_device(conn, "bus")
    at = MONDAY * 1000 + 1
    rows = [
        Quarantined(van.key, at, 7, 3, "out_of_range", '{"lat":91}'),
        Quarantined(bus.key, at, 7, 3, "future", "its device is gone"),
        Quarantined(van.key, at + 1, None, None, "bad_frame", "NUL \0, half a pair \ud800, " + "x" * 9000),
    ]
    await insert_quarantine(conn, rows)
    found = await select_quarantine(conn, van.key, before=None, limit=10)
    assert [(row.seq, row.index, row.reason) for row in found] == [(None, None, "bad_frame"), (7, 3, "out_of_range")]
    assert found[0].text.startswith("NUL ␀, half a pair ?, xxx") and len(found[0].text) == 4096
    assert found[1].received_at == at
    assert await select_quarantine(conn, van.key, before=found[1].id, limit=10) == []


async def test_the_newest_of_each_device_are_kept(conn: asyncpg.Connection) -> None:
    for id in ("van", "bus"):
        device = await insert_device(conn, id, id)
        await insert_quarantine(conn, [Quarantined(device.key, 1, seq, None, "future", "") for seq in range(5)])
    await prune_quarantine(conn, keep=2)
    kept = await conn.fetch("select device, seq from quarantine order by device, seq")
    assert [tuple(row) for row in kept] == [(1, 3), (1, 4), (2, 3), (2, 4)]
