"""What a file is whose first bytes say that it is something else than its sender says."""

import re
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from tracker.errors import Invalid, Malformed, TooLarge

ZIP: Final = b"PK\x03\x04"
GZIP: Final = b"\x1f\x8b"
XML: Final = re.compile(rb"\s*<")
LARGEST: Final = 64 * 1024 * 1024  # bytes of what is unpacked, as of a file that comes without a package
MOST: Final = 10_000  # files in one: each costs memory before any is read
SPOILT: Final = (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError, ValueError)  # of a zip


def unpack(body: bytes) -> bytes:
    """The KML of a KMZ: the first that is not in a folder, or else the first of all. What is no zip is given back.
    Invalid, Malformed, TooLarge."""
    if body.startswith(GZIP):
        raise Invalid("this is a gzip: unpack it, or send it with Content-Encoding: gzip")
    if not body.startswith(ZIP):
        return body
    try:
        with ZipFile(BytesIO(body)) as files:
            return read_one(files, _choose(list_files(files)))
    except SPOILT as error:
        raise Malformed(f"this is a zip, as a KMZ is, and cannot be unpacked: {error}") from None


def list_files(files: ZipFile) -> list[ZipInfo]:
    if len(found := files.infolist()) > MOST:
        raise TooLarge(f"more than {MOST:,} files are in the zip")
    return found


def is_beside(file: ZipInfo) -> bool:
    """What a Mac puts beside each file is none."""
    return file.filename.rpartition("/")[2].startswith("._")


def _choose(files: list[ZipInfo]) -> ZipInfo:
    texts = [each for each in files if each.filename.lower().endswith(".kml") and not is_beside(each)]
    found = sorted(texts, key=lambda each: "/" in each.filename)
    if not found:
        if any(each.filename.lower().endswith(".shp") for each in files):
            raise Invalid(
                "a Shapefile is in this zip, and no KML: send it as application/zip, or with format=shapefile"
            )
        raise Invalid("neither .kml nor .shp is in this zip: unpack it and send the file that is meant")
    return found[0]


def read_one(files: ZipFile, chosen: ZipInfo) -> bytes:
    """No more of it than is allowed, whatever it says of its size. Of the other methods zipfile unpacks all of a piece
    at once, however large it becomes, and no map program uses them."""
    if chosen.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Malformed(f"this is a zip packed by method {chosen.compress_type}: deflate is read")
    with files.open(chosen) as file:
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise TooLarge(f"{chosen.filename[:100]} has more than {LARGEST // 1024**2} MB")
    return text


def refuse_other(body: bytes) -> None:
    """Invalid for what is no JSON and begins as something that is known."""
    if body.startswith(GZIP):
        raise Invalid("this is a gzip, no GeoJSON: unpack it, or send it with Content-Encoding: gzip")
    if body.startswith(ZIP):
        raise Invalid(
            "this is a zip, no GeoJSON: a KMZ is sent with format=kml, a zipped Shapefile with format=shapefile, "
            "what is in any other has to be unpacked"
        )
    if XML.match(body):
        raise Invalid("this is XML, no GeoJSON: KML and GPX are sent as application/xml, or with format=kml or gpx")
