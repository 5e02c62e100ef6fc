"""Sighting: a fix and whose it is, as recordings hold them; and how their texts become ids and numbers."""

import re
from hashlib import sha256
from math import isfinite
from typing import NamedTuple

from tracker.model.device import is_slug
from tracker.model.fix import Fix


class Sighting(NamedTuple):
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


def number(text: str) -> float | None:
    """Out of range is not for us to judge: the server must see it. Not a number is."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
