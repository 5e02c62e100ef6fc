"""A recorded fix: a fix and whose it is; and how their texts become ids and numbers."""

import re
from hashlib import sha256
from math import isfinite
from typing import NamedTuple

from tracker.model.device import is_slug
from tracker.model.fix import E7, Fix

SENSELESS = 1e9  # degrees: no mistake in a unit leads here


class RecordedFix(NamedTuple):
    device: str  # a slug
    fix: Fix


def slug(text: str) -> str:
    """An id for a device of that name: the name where it is one, else as near as an id can be, never another's."""
    if is_slug(text):
        return text
    near = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("._-")[:50]
    return f"{near or 'device'}-{sha256(text.encode()).hexdigest()[:8]}"


def stem(name: str) -> str:
    return slug(name.removesuffix(".gz").rpartition(".")[0])


def place_e7(lon: str, lat: str) -> tuple[int, int] | None:
    """Whole 1e-7 degrees. Out of range is not for us to judge, the server must see it; not a number is."""
    degrees = number(lon), number(lat)
    if any(each is None or abs(each) > SENSELESS for each in degrees):
        return None
    return round((degrees[0] or 0) * E7), round((degrees[1] or 0) * E7)


def number(text: str) -> float | None:
    """None for what is not a number, or not a finite one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
