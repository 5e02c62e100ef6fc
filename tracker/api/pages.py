"""Pages: the map and its files, as the build of web/ left them."""

import asyncio
import gzip
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from quart import Blueprint, Response, request, send_from_directory
from quart_schema import hide

from tracker.access.guard import public
from tracker.errors import NotFound
from tracker.streets.folder import STREETS

SUFFIX: Final = re.compile(r"bytes=-(\d{1,15})")
YEAR: Final = 365 * 86_400  # s
FOREVER: Final = f"public, max-age={YEAR}, immutable"
ASK: Final = "no-cache"  # kept, and asked about each time: the answer is 304 where nothing changed
# What lies beside index.html, by folder. Names under assets/ hold a hash of what is in them, so they never change.
FOLDERS: Final = {"assets": FOREVER, "tiles": ASK, "fonts": ASK, "icons": ASK}
# A service worker has to be at the top: it serves what lies beside it and below.
FILES: Final = ("favicon.svg", "favicon.ico", "manifest.webmanifest", "robots.txt", "worker.js")
TEXTS: Final = frozenset({".html", ".js", ".mjs", ".css", ".svg", ".json", ".webmanifest"})
TYPES: Final = {
    ".pmtiles": "application/vnd.pmtiles",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
}


def blueprint(web: Path, streets: Path | None = None) -> Blueprint:
    """`web` is the folder of the build. Where there is none yet, the page says how to make it. `streets`: where those
    are that an operator has added, by its whole path."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    @hide
    @public
    async def index() -> Response:
        """The map."""
        if not (web / "index.html").is_file():
            raise NotFound("the page has not been built: npm ci && npm run build, in web/")
        return await send_page(web, "index.html", ASK)

    @routes.get("/track")
    @hide
    @public
    async def track() -> Response:
        """The page that makes a phone a device."""
        if not (web / "track.html").is_file():
            raise NotFound("the page has not been built: npm ci && npm run build, in web/")
        return await send_page(web, "track.html", ASK)

    @routes.get(f"/map/{STREETS}")
    @hide
    @public
    async def added_streets() -> Response:
        """The streets of the areas that were added, as one archive."""
        if streets is None or not (streets / STREETS).is_file():
            raise NotFound("no streets were added: tracker map add")
        return await send_page(streets, STREETS, ASK)

    async def asset(folder: str, name: str) -> Response:
        return await send_page(web / folder, name, FOLDERS[folder])

    async def file(name: str) -> Response:
        return await send_page(web, name, ASK)

    folders, files = ", ".join(FOLDERS), ", ".join(f"'{name}'" for name in FILES)
    routes.add_url_rule(f"/<any({folders}):folder>/<path:name>", "asset", hide(public(asset)))
    routes.add_url_rule(f"/<any({files}):name>", "file", hide(public(file)))
    return routes


async def send_page(folder: Path, name: str, cache: str) -> Response:
    """With byte ranges, which a .pmtiles is read by; and 304 where the browser has it. 404 outside the folder."""
    if (suffix := SUFFIX.fullmatch(request.headers.get("Range", ""))) and (folder / name).is_file():
        # "the last n bytes" fails an assertion in Quart 0.22: say it as "from here on"
        request.headers["Range"] = f"bytes={max(0, (folder / name).stat().st_size - int(suffix[1]))}-"
    response = await send_from_directory(folder, name, mimetype=TYPES.get(Path(name).suffix), conditional=True)
    response.headers["Cache-Control"] = cache
    if Path(name).suffix in TEXTS:
        response.headers["Vary"] = "Accept-Encoding"
        if response.status_code == 200 and request.accept_encodings.quality("gzip") > 0:
            await _compress(response)
    else:
        response.headers["Accept-Ranges"] = "bytes"
    return response


async def _compress(response: Response) -> None:
    """A megabyte of script becomes a third; once, then it is remembered."""
    etag, _ = response.get_etag()
    response.set_data(await asyncio.to_thread(_gzip, await response.get_data(as_text=False)))
    response.headers["Content-Encoding"] = "gzip"
    response.set_etag(etag or "", weak=True)  # the same text in other bytes


@lru_cache(maxsize=256)  # all files of a build; full: the one asked for longest ago goes
def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
