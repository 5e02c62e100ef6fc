"""A device's photo: taken in, shown to who may see the device, and taken away."""

from typing import ClassVar, Final, get_args

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow, sight
from tracker.api.devices import find_device
from tracker.api.edge import answer, empty, read_raw
from tracker.api.pictures import read_photo
from tracker.errors import NotFound, WrongType
from tracker.model.photo import Media, Photo
from tracker.store.photos import delete_photo, select_photo, upsert_photo
from tracker.store.pool import borrow

KINDS: Final[tuple[str, ...]] = get_args(Media)
# Opened by itself, it may neither run nor load anything, whatever a browser takes it for.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


class Picture(msgspec.Struct, frozen=True):
    """The bytes of a JPEG, PNG or WebP."""

    TAKEN: ClassVar = ()
    TAKEN_TEXT: ClassVar = KINDS
    MEDIA: ClassVar = ()
    TEXT: ClassVar = KINDS


class PhotoAnswer(msgspec.Struct, frozen=True):
    """`photo`: which one it is, as lists of devices say it."""

    photo: str


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("photos", __name__, url_prefix="/api/devices/<slug:device>/photo")

    @routes.get("")
    @document_response(Picture)
    @allow("see", rows=True)
    async def show_photo(device: str) -> Response:
        """Show the photo of a device; 404 where it has none."""
        async with borrow(pool) as conn:
            found = await select_photo(conn, (await find_device(conn, sight(), device)).key)
        if found is None:
            raise NotFound(f"there is no photo of {device}")
        return _send(found)

    @routes.put("")
    @document_request(Picture)
    @document_response(PhotoAnswer)
    @allow("devices", rows=True)
    async def set_photo(device: str) -> Response:
        """Give a device a photo: upright, 512 pixels a side and 64 kB at most. What the file says beside the picture,
        as the place where it was taken, is not kept."""
        if request.mimetype not in (*KINDS, "application/octet-stream"):
            raise WrongType(f"the body has to be one of {', '.join(KINDS)}")
        body = await read_raw()
        async with borrow(pool) as conn, conn.transaction():
            key = (await find_device(conn, sight(), device, "devices")).key
            photo = read_photo(body)
            await upsert_photo(conn, key, photo)
            await note(conn, "device.changed", device)
        return answer(PhotoAnswer(photo.tag))

    @routes.delete("")
    @allow("devices", rows=True)
    async def remove_photo(device: str) -> Response:
        """Take it away."""
        async with borrow(pool) as conn, conn.transaction():
            key = (await find_device(conn, sight(), device, "devices")).key
            if await delete_photo(conn, key):
                await note(conn, "device.changed", device)
        return empty()

    return routes


def _send(photo: Photo) -> Response:
    """Kept by the browser, and asked for each time whether it may still be shown."""
    headers = {"ETag": f'"{photo.tag}"', "Cache-Control": "private, no-cache", "Content-Security-Policy": POLICY}
    if request.if_none_match.contains_weak(photo.tag):
        return Response(b"", 304, headers=headers)
    return Response(photo.bytes, headers=headers, mimetype=photo.media)
