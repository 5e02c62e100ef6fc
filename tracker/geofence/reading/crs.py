"""The member `crs`, which GeoJSON has no more and many programs still write: longitude and latitude on WGS 84 pass,
every other system is refused by its name, for metres that happen to lie within 180 look like degrees."""

import re
from typing import Any, Final

from tracker.errors import Invalid

OURS: Final = re.compile(r"(?:^|[^a-z0-9])(?:crs:?84h?|wgs[ _]?(?:19)?84)$", re.IGNORECASE)
EPSG: Final = re.compile(r"epsg.*?(?<!\d)(\d{4,6})(?!\d)(?!.*(?<!\d)\d{4,6}(?!\d))", re.IGNORECASE | re.DOTALL)
DEGREES: Final = frozenset({"4326", "4979"})  # WGS 84, flat and with heights
LONGEST: Final = 200  # characters that are looked at and said


def check_crs(crs: Any) -> str | None:
    """What is to be said of it. Invalid names a system whose coordinates are no longitude and latitude on WGS 84."""
    if crs is None:
        return None
    name = name_of(crs)
    if name is None:
        raise Invalid(
            "crs: names no system; leave it out where the coordinates are longitude and latitude", field="crs"
        )
    text = name[:LONGEST].strip().rstrip("/")
    if OURS.search(text):
        return None
    code = EPSG.search(text)
    if (code[1] if code else text) in DEGREES:
        return f"crs: {text} is read longitude first, as all GeoJSON is, not latitude first as the register has it"
    raise Invalid(
        f"crs: the coordinates are in {text}, not in longitude and latitude (EPSG:4326); convert them first",
        field="crs",
    )


def name_of(crs: Any) -> str | None:
    """In whatever spelling: a text, a number of EPSG, or an object of the GeoJSON of 2008 or before."""
    if isinstance(crs, str):
        return crs or None
    if isinstance(crs, int) and not isinstance(crs, bool):
        return f"EPSG:{crs}"
    if not isinstance(crs, dict):
        return None
    inside = crs.get("properties")
    held = inside if isinstance(inside, dict) else crs
    for key in ("name", "urn", "href", "url", "wkid"):
        if isinstance(found := held.get(key), str | int) and found:
            return name_of(found)
    code = held.get("code")
    return name_of(f"{crs.get('type') or 'EPSG'}:{code}" if code else None)
