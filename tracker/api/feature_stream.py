"""A FeatureCollection sent in pieces: sixteen megabytes at once take longer than a live position should wait."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec
from quart import Response

import tracker
from tracker.geofence.published import END, Written, begin_collection, join_features, publish
from tracker.model.sight import Sight
from tracker.store.geofences import StoredGeofence

PIECE: Final = 100  # geofences


def given(feature: bytes) -> bytes:
    return feature


def written_as(rfc7946: bool) -> Written:
    return publish if rfc7946 else given


class Form(msgspec.Struct, frozen=True):
    """`rfc7946`: rings are closed, the outer ones counterclockwise, and what runs past 180 degrees is cut there."""

    rfc7946: bool = False


async def stream_features(
    pages: AsyncIterator[Sequence[StoredGeofence]], written: Written = given, **members: str | int | None
) -> AsyncIterator[bytes]:
    """`members` stand beside the features, each of which is `written` in a thread."""
    yield begin_collection(members)
    before = b"\n"
    async for page in pages:
        for begin in range(0, len(page), PIECE):
            features = (bytes(each.feature) for each in page[begin : begin + PIECE])  # made in the thread, too
            yield before + await asyncio.to_thread(join_features, features, written)
            before = b",\n"
            await asyncio.sleep(0)  # others have their turn, also where the socket takes all there is
    yield END


async def make_page(page: Sequence[StoredGeofence]) -> AsyncIterator[Sequence[StoredGeofence]]:
    yield page


def tag_of(revision: int, sight: Sight, rights: int) -> str:
    """Which geofences these are: where a part of them, or of what they name, is left out, also by which rights."""
    return str(revision) if sight.is_all else f"{revision}-{rights}"


def of_revision(revision: str, pieces: AsyncIterator[bytes]) -> Response:
    """Its tag is known before anything is read, and says which geofences in whose writing: a newer version of ours may
    write them otherwise. What changes while it is sent is of the next revision."""
    response = Response(pieces, mimetype="application/geo+json")
    response.set_etag(f"{tracker.__version__}-{revision}", weak=True)
    return response
