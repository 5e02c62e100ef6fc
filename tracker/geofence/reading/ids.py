"""The id of an imported feature: its own where it can be ours, else a slug made of it, so that the same file finds the
same geofences when it comes again."""

import hashlib
import re
import unicodedata
from typing import Any, Final

import msgspec

from tracker.geofence.reading.geojson import Feature
from tracker.model.device import is_slug

SOURCE: Final = "source_id"  # the property in which an id that cannot be ours is kept
TAKEN: Final = frozenset({"export"})  # by a route
OSM: Final = re.compile(r"(node|way|relation)/(\d+)")  # as overpass turbo writes them: in no need of a digest
BRACED: Final = re.compile(r"\{([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}")
FOREIGN: Final = re.compile(r"[^A-Za-z0-9._-]+")
LAYER: Final = re.compile(r"(?P<layer>.*)\.\d+")
ROOM: Final = 40  # letters of a foreign id that stay readable
LONGEST: Final = 1000  # characters of a foreign id that are kept


class Identity(msgspec.Struct, frozen=True):
    """`tabular`: the id was a column. A map program had the feature in a table, and gives back what a table holds."""

    id: str
    source: str | None = None
    tabular: bool = False


def identify(own: Any, column: Any, feature: Feature, seen: dict[bytes, int]) -> Identity:
    """`own` is the feature's id, `column` its property `id`; `seen` counts features without either, so that two alike
    have two ids."""
    for given, tabular in ((own, False), (column, True)):
        text = text_of(given)
        if text is not None:
            slug = slug_of(text)
            return Identity(slug, None if slug == text else text[:LONGEST], tabular)
    digest = hashlib.sha256(msgspec.json.encode((feature.geometry, feature.properties), order="sorted")).digest()
    number = seen[digest] = seen.get(digest, 0) + 1
    return Identity(f"fence-{digest[:8].hex()}" + ("" if number == 1 else f"-{number}"))


def text_of(given: Any) -> str | None:
    """None for what names nothing."""
    if given is None or isinstance(given, bool) or given in ("", [], {}):
        return None
    if isinstance(given, float) and given.is_integer():
        return str(int(given))
    text = given if isinstance(given, str) else msgspec.json.encode(given).decode()
    return text.replace("\0", "").strip() or None


def slug_of(text: str) -> str:
    """The id itself where it can be one of ours."""
    if is_slug(text) and text not in TAKEN:
        return text
    if known := OSM.fullmatch(text):
        return f"{known[1]}-{known[2]}"[:64]
    if braced := BRACED.fullmatch(text):
        return braced[1]
    ascii = unicodedata.normalize("NFKD", text[:LONGEST]).encode("ascii", "ignore").decode()
    readable = FOREIGN.sub("-", ascii).strip("-._")[:ROOM].rstrip("-._") or "fence"
    return f"{readable}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def numbered(id: str, number: int) -> str:
    """Of the parts of one feature: the first has its id."""
    return id if number == 0 else f"{id[:56]}-{number + 1}"


def is_row_number(id: str, layer: str | None) -> bool:
    """GDAL's LIBKML numbers what has no id: `layer.1`. Such a number says nothing of another file."""
    return layer is not None and (match := LAYER.fullmatch(id)) is not None and match["layer"] == layer
