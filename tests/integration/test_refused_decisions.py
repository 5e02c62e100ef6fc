"""What is decided without a fix, where the database refuses it of one device, or it takes too long."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.integration.numbered import number_events
from tests.integration.player import AT, GRACE_US, PLACES, draw
from tests.integration.test_replay import afresh
from tracker.ingest import folds
from tracker.ingest.log import Log
from tracker.ingest.writer import Writer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import now_us
from tracker.store.geofences import insert_geofence
from tracker.store.pool import open_connection
from tracker.store.recorded import select_recorded

REFUSING = """
create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused' using errcode = 'data_exception'; end $$;
create trigger refuses before insert on unnumbered for each row when (new.device = 1) execute function refuse()"""


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Of people who draw geofences, and of whoever breaks the database; the devices are there."""
    conn = await open_connection(database_url)
    await afresh(conn)
    yield conn
    await conn.close()


@pytest.fixture
async def log(database_url: str, other: asyncpg.Connection) -> AsyncIterator[Log]:
    log = Log(database_url, "test")
    await log.open()
    yield log
    log.conn.terminate()


def frame(device: int, second: int, place: int) -> Frame:
    return Frame(device, second, now_us(), [Fix(AT + second * 1000, *PLACES[place], accuracy=5.0)])


async def told(conn: asyncpg.Connection) -> list[tuple[int, str]]:
    await number_events(conn)
    return [tuple(row) for row in await conn.fetch("select device, type from event order by id")]


async def test_what_time_made_true_of_others_is_told_all_the_same(log: Log, other: asyncpg.Connection) -> None:
    await insert_geofence(other, "a", *draw("a", 0, {"dwell": 60}))
    writer = Writer(log, MemoryBus(), Metrics())
    await log.append([frame(1, 0, 0), frame(2, 0, 0)])
    await other.execute(REFUSING)
    await writer.tell_of([1, 2], log.states[2].received_at + 61_000_000 + GRACE_US)
    assert await told(other) == [(1, "enter"), (2, "enter"), (2, "dwell")]


async def test_a_database_that_was_away_is_back_also_where_it_refuses_what_waited(
    log: Log, other: asyncpg.Connection
) -> None:
    """Else whoever posts would be told to come again until somebody on a socket sends."""
    await insert_geofence(other, "a", *draw("a", 0, {"dwell": 60}))
    writer = Writer(log, MemoryBus(), Metrics())
    await log.append([frame(1, 0, 0), frame(2, 0, 0)])
    await other.execute(REFUSING)
    for device in (1, 2):
        log.conn.terminate()
        await writer.tell_of([device], log.states[2].received_at + 61_000_000 + GRACE_US)
        assert writer.is_storing
    assert await told(other) == [(1, "enter"), (2, "enter"), (2, "dwell")]


async def test_anchors_are_written_with_one_checkpoint_and_not_with_each(log: Log, other: asyncpg.Connection) -> None:
    await log.append([frame(1, 0, 0)])
    await log.append([frame(1, 1, 0)])
    await log.checkpoint()
    written = await other.fetch("select ctid, xmin from anchor")
    await log.append([frame(1, 2, 0)])
    await log.checkpoint()
    assert written and await other.fetch("select ctid, xmin from anchor") == written


async def test_late_fixes_that_take_too_long_to_fold_in_decide_nothing(
    log: Log, other: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are given up in order: the state goes on as it was, and a late fix that comes after them is folded in."""
    await insert_geofence(other, "a", *draw("a", 0, {}))
    for second, place in ((0, 1), (20, 0), (10, 0)):
        await log.append([frame(1, second, place)])
    with monkeypatch.context() as patched:
        patched.setattr(folds, "LONGEST_S", 0.0)
        await log.refold(1)
    assert await told(other) == [(1, "enter")]
    assert not log.memory.unfolded
    await log.append([frame(1, 15, 0)])
    await log.refold(1)
    assert await told(other) == [(1, "enter"), (1, "retraction"), (1, "enter")]


async def test_what_came_late_is_in_the_anchors_that_a_restart_begins_with(log: Log, other: asyncpg.Connection) -> None:
    """Else the next late fix would be folded into a past without it."""
    await insert_geofence(other, "a", *draw("a", 0, {}))
    for second in (0, 400, 800):
        await log.append([frame(1, second, 0)])
    log.memory.anchored[1] = log.states[1].anchors[-1].seen_at  # as a checkpoint leaves it: nothing is due
    await log.append([frame(1, 600, 0)])
    await log.refold(1)
    (state,) = (each.state for each in await select_recorded(other, [1]))
    assert state is not None and state.anchors == log.states[1].anchors
    assert AT + 400_000 in {each.seen_at for each in state.anchors}
