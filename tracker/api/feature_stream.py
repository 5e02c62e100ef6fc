"""A FeatureCollection sent in pieces: sixteen megabytes at once take longer than a live position should wait."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from tracker.store.geofences import StoredGeofence

PIECE: Final = 100  # geofences


async def streamed(pages: AsyncIterator[Sequence[StoredGeofence]], **members: str | int | None) -> AsyncIterator[bytes]:
    """`members` stand beside the features."""
    head = msgspec.json.encode({"type": "FeatureCollection"} | members)
    yield head[:-1] + b',"features":['
    before = b"\n"
    async for page in pages:
        for begin in range(0, len(page), PIECE):
            yield before + b",\n".join(each.feature for each in page[begin : begin + PIECE])
            before = b",\n"
            await asyncio.sleep(0)  # others have their turn, also where the socket takes all there is
    yield b"\n]}\n"


async def one_page(page: Sequence[StoredGeofence]) -> AsyncIterator[Sequence[StoredGeofence]]:
    yield page
