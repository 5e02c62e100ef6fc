"""The process of an export: reads geofences from the database, and writes each as it is to leave."""

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from tracker.geofence.published import END, begin_collection, join_features, publish
from tracker.readers.export import Export
from tracker.store.geofences import select_geofences_after
from tracker.store.pool import open_connection

PAGE: Final = 100  # geofences: with ten thousand vertices each they are 30 MB of text for PostgreSQL to measure
PAGE_BYTES: Final = 1024 * 1024


def main() -> None:
    asyncio.run(write(msgspec.json.decode(sys.stdin.buffer.readline(), type=Export), say))


def say(text: bytes) -> None:
    """Waits for who asked; where there is nobody any more, this is the end."""
    try:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # an orderly exit would try to write once more


async def write(export: Export, say: Callable[[bytes], None]) -> None:
    written = partial(publish, cut=export.rfc7946)
    conn = await open_connection(export.database_url)
    try:
        say(begin_collection({"revision": export.revision}))
        after, before = 0, b"\n"
        while page := await select_geofences_after(conn, export.sight, after, limit=PAGE, largest=PAGE_BYTES):
            say(before + join_features((bytes(each.feature) for each in page), written))
            after, before = page[-1].key, b",\n"
        say(END)
    finally:
        conn.terminate()
