"""Transfer: what the asker has is not sent again, and what is large is sent compressed.

Compressed are answers to GET only: what is answered to a POST may hold a new token beside a name that somebody chose,
whose size would tell of it (BREACH). Answers to GET hold no secret. Streams of events and of dry runs stay as they are,
for a compressor would keep back what is to be seen at once.
"""

import asyncio
import gzip
import hashlib
import zlib
from collections.abc import AsyncIterator
from typing import Any, Final

from quart import Quart, Response, request
from quart.wrappers.response import IterableBody

COMPRESSED: Final = frozenset(
    {
        "application/json",
        "application/geo+json",
        "application/gpx+xml",
        "application/openmetrics-text",
        "text/csv",
        "text/plain",
    }
)
WORTH: Final = 1400  # bytes: less goes in one packet anyway
LEVEL: Final = 4  # 30 MB/s and a fifth of the size; more takes twice the time for a tenth less
LONG: Final = 32 * 1024  # bytes: what takes a millisecond or more is done in a thread


def spare(app: Quart) -> None:
    @app.after_request
    async def finish(response: Response) -> Response:
        if request.method != "GET" or response.status_code != 200 or response.mimetype not in COMPRESSED:
            return response
        if "Content-Encoding" in response.headers or request.path.startswith(("/assets/", "/tiles/")):
            return response
        is_stream = isinstance(response.response, IterableBody)
        body = b"" if is_stream else await response.get_data(as_text=False)
        if not is_stream and "ETag" not in response.headers and request.path.startswith("/api/"):
            response.set_etag(
                await _in_thread(_digest, body), weak=True
            )  # weak: the same in other bytes, if compressed
        if _has_it(response):
            return _unchanged(response)
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip") > 0 and (is_stream or len(body) >= WORTH):
            response.headers["Content-Encoding"] = "gzip"
            if is_stream:
                response.response = IterableBody(_compressed(response.response))
                response.headers.pop("Content-Length", None)
            else:
                response.set_data(await _in_thread(_gzip, body))
        return response


def _has_it(response: Response) -> bool:
    tag, _ = response.get_etag()
    return tag is not None and request.if_none_match.contains_weak(tag)


def _unchanged(response: Response) -> Response:
    """Only what says which one it is; a stream that was not begun costs nothing."""
    unchanged = Response(b"", 304, headers={"ETag": response.headers["ETag"]})
    unchanged.headers.pop("Content-Type", None)
    return unchanged


async def _compressed(body: Any) -> AsyncIterator[bytes]:
    """Piece by piece, as it comes: the whole never lies in memory."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    async with body as pieces:
        async for piece in pieces:
            if packed := await _in_thread(packer.compress, piece):
                yield packed
    yield packer.flush()


async def _in_thread(work: Any, data: bytes) -> Any:
    return await asyncio.to_thread(work, data) if len(data) > LONG else work(data)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()
