"""What validation accepts the table takes, and gives back as it was: a replay folds what was folded."""

import asyncio
import json

import asyncpg
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws import examples
from tests.properties.sent import MAX_FIXES, NOW, bad_fixes, column_rows, columns_of, frame_of, good_fixes
from tracker.ingest.frames import decode_message
from tracker.model.fix import Fix, Row
from tracker.model.frame import Frame
from tracker.model.moment import micros_to_datetime
from tracker.store.fixes import copy_fixes, select_fixes_since
from tracker.store.pool import open_connection

messages = st.lists(good_fixes | bad_fixes, min_size=1, max_size=20).map(frame_of) | st.builds(
    columns_of, st.lists(column_rows, min_size=1, max_size=20), st.just(NOW)
)
"""A partition for each day a hypothesis may think of takes too long to make: one for all of time serves."""
EVER = "create table fix_ever partition of fix for values from ('2000-01-01T00:00:00Z') to (maxvalue)"


def accepted(message: str | bytes) -> list[Fix]:
    frame = decode_message(message, 1, NOW * 1000, MAX_FIXES)
    assert isinstance(frame, Frame)
    return list({entry.at: entry for entry in frame.entries if isinstance(entry, Fix)}.values())


def test_what_is_accepted_is_stored_and_read_back_equal(database_url: str) -> None:
    with asyncio.Runner() as runner:
        conn = runner.run(open_connection(database_url))
        runner.run(conn.execute(EVER))

        @settings(max_examples=examples(60))
        @given(messages)
        def law(message: str | bytes) -> None:
            rows = [Row(1, NOW * 1000 + n, fix) for n, fix in enumerate(accepted(message))]
            assert comparable(runner.run(stored_and_read(conn, rows))) == comparable(rows)

        law()
        runner.run(conn.close())


async def stored_and_read(conn: asyncpg.Connection, rows: list[Row]) -> list[Row]:
    transaction = conn.transaction()
    await transaction.start()
    try:
        await copy_fixes(conn, rows)
        return [row async for row in select_fixes_since(conn, micros_to_datetime(NOW * 1000 - 1))]
    finally:
        await transaction.rollback()


def comparable(rows: list[Row]) -> list[tuple[Row, object]]:
    """jsonb keeps the value of attributes, not their text: 4e16 comes back as a whole number."""
    return [
        (
            replace(row, fix=replace(row.fix, attributes=None)),
            json.loads(row.fix.attributes or b"null", parse_int=float),
        )
        for row in rows
    ]
