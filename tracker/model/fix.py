"""Fix: one measurement of one device. Immutable; the log of them is the truth everything else is folded from."""

from enum import IntFlag
from typing import Final

import msgspec

E7: Final = 10_000_000  # places are whole 1e-7 degrees (1.1 cm): exact to compare, and never NaN


class Flag(IntFlag):
    """What is odd about a stored fix; kept with it as a bit set."""

    LATE = 1  # older than the newest
    CLOCK_SKEW = 2  # over 60 s ahead of the server
    NULL_ISLAND = 4  # 0, 0
    IMPOSSIBLE_JUMP = 8  # faster than anything flies, until other fixes confirm it
    LOW_ACCURACY = 16  # over 1 km


# A plain int, as `flags` is: `&` with an IntFlag costs thirty times as much.
NO_MARKER: Final = int(Flag.NULL_ISLAND | Flag.LOW_ACCURACY)  # moves no marker and decides no geofence


class Fix(msgspec.Struct, frozen=True, gc=False):
    """`at` in ms since 1970 UTC; place in 1e-7 degrees; the rest in SI units, None where unknown."""

    at: int
    lon_e7: int
    lat_e7: int
    speed: float | None = None  # m/s
    heading: float | None = None  # degrees clockwise from true north, 0 <= heading < 360
    accuracy: float | None = None  # m
    altitude: float | None = None  # m
    battery: float | None = None  # 0 to 1
    attributes: bytes | None = None  # a JSON object
    flags: int = 0  # Flag bits: what is odd about it

    @property
    def lon(self) -> float:
        return self.lon_e7 / E7

    @property
    def lat(self) -> float:
        return self.lat_e7 / E7


class Row(msgspec.Struct, frozen=True, gc=False):
    """A fix as the log holds it. `received_at` in microseconds, strictly increasing: the order of the fold. `dialect`:
    the number of the one it came in, 0 for our own."""

    device: int  # key
    received_at: int
    fix: Fix
    dialect: int = 0


Moment = tuple[int, int]  # (device key, at): the identity of a fix
Place = tuple[int, int]  # (lon_e7, lat_e7)


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """What was not stored but quarantined: its index in the frame (-1: all of it), why, and what came, to look at.

    `said` is the sentence for the sender, where the reason alone does not explain it."""

    index: int
    reason: str
    text: str
    said: str = ""


def flag_names(flags: int) -> list[str]:
    return [flag.name.lower() for flag in Flag if flags & flag and flag.name]
