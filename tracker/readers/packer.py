"""The process that packs a person's belongings: each table that names the person or the devices, and the tracks."""

import asyncio
import os
import sys
from typing import IO, Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

import asyncpg
import msgspec

from tracker.readers.takeout import Takeout
from tracker.store.photos import select_photo
from tracker.store.pool import open_pool
from tracker.store.takeout import Own, select_columns, select_devices_of, select_person_row, select_rows
from tracker.store.tracks import CSV_HEAD, GPX_HEAD, GPX_TAIL, Stretch, select_csv, select_gpx

FIRST: Final = 946_684_800_000  # ms: no fix is older than 2000
LAST: Final = 32_503_680_000_000  # nor younger than 3000


def main() -> None:
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Takeout)
    try:
        asyncio.run(pack(asked, sys.stdout.buffer))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # an orderly exit would try to write once more


async def pack(asked: Takeout, out: IO[bytes]) -> None:
    async with await open_pool(asked.database_url, min_size=0, max_size=2) as pool:
        with ZipFile(out, "w", ZIP_DEFLATED) as zip:
            async with pool.acquire() as conn:
                zip.writestr("person.json", await select_person_row(conn, asked.person))
                for column in await select_columns(conn, "person"):
                    await _write_rows(conn, zip, f"{column.name}.json", column.of(asked.person))
                for device in await select_devices_of(conn, asked.person):
                    for column in await select_columns(conn, "device"):
                        await _write_rows(conn, zip, f"devices/{device.id}/{column.name}.json", column.of(device.key))
                    if photo := await select_photo(conn, device.key):
                        kind = photo.media.removeprefix("image/")
                        zip.writestr(f"devices/{device.id}/photo.{kind}", photo.bytes)
            for device in await _read_devices(pool, asked.person):
                stretch = Stretch(device.key, FIRST, LAST)
                with zip.open(f"devices/{device.id}/fixes.csv", "w", force_zip64=True) as file:
                    file.write(CSV_HEAD.encode())
                    async for page in select_csv(pool, stretch):
                        file.write(page.encode())
                with zip.open(f"devices/{device.id}/track.gpx", "w", force_zip64=True) as file:
                    file.write(GPX_HEAD.format(name=escape(device.name)).encode())
                    async for page in select_gpx(pool, stretch):
                        file.write(page.encode())
                    file.write(GPX_TAIL.encode())


async def _read_devices(pool: asyncpg.Pool, person: int) -> list[Own]:
    async with pool.acquire() as conn:
        return await select_devices_of(conn, person)


async def _write_rows(conn: asyncpg.Connection, zip: ZipFile, name: str, asked: tuple[str, int]) -> None:
    """An array, a row a line; no file where there is none."""
    file: IO[bytes] | None = None
    try:
        async for page in select_rows(conn, *asked):
            for row in page:
                if file is None:
                    file = zip.open(name, "w", force_zip64=True)
                    file.write(b"[\n" + row)
                else:
                    file.write(b",\n" + row)
        if file is not None:
            file.write(b"\n]\n")
    finally:
        if file is not None:
            file.close()
