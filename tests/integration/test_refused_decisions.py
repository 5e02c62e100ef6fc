"""What is decided without a fix, where the database refuses it of one device."""

import asyncpg

from tests.integration.player import AT, GRACE_US, PLACES, draw
from tests.integration.test_replay import afresh
from tracker.ingest.log import Log
from tracker.ingest.writer import Writer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import now_us
from tracker.store.geofences import insert_geofence
from tracker.store.pool import open_connection

REFUSING = """
create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused' using errcode = 'data_exception'; end $$;
create trigger refuses before insert on event for each row when (new.device = 1) execute function refuse()"""


async def test_what_time_made_true_of_others_is_told_all_the_same(database_url: str) -> None:
    conn: asyncpg.Connection = await open_connection(database_url)
    await afresh(conn)
    await insert_geofence(conn, "a", *draw("a", 0, {"dwell": 60}))
    log = Log(database_url, "test")
    await log.open()
    writer = Writer(log, MemoryBus(), Metrics())
    await log.append([Frame(key, 1, now_us(), [Fix(AT, *PLACES[0], accuracy=5.0)]) for key in (1, 2)])
    await conn.execute(REFUSING)
    await writer.tell_of([1, 2], log.states[2].received_at + 61_000_000 + GRACE_US)
    told = await conn.fetch("select device, type from event order by id")
    assert [tuple(row) for row in told] == [(1, "enter"), (2, "enter"), (2, "dwell")]
    log.conn.terminate()
    await conn.close()
