"""Reading: one measurement as an app said it, in SI units, before it is held against the contract's limits."""

from typing import Any

import msgspec


class Reading(msgspec.Struct, frozen=True):
    """`at` in ms since 1970 UTC; None where there is no such time. What is not known is None. `text`: what came, to
    look at. `device`: what the app calls it, which counts only where one address speaks for many."""

    at: int | None = None
    lon: float | None = None  # degrees
    lat: float | None = None
    speed: float | None = None  # m/s
    heading: float | None = None  # degrees clockwise from true north
    accuracy: float | None = None  # m
    altitude: float | None = None  # m
    battery: float | None = None  # 0 to 1
    attributes: dict[str, Any] = {}
    text: str = ""
    device: str | None = None
