"""NMEA 0183: what a receiver says over its serial line, gathered into fixes. Pure.

A receiver tells one measurement in several sentences: where in GGA, on which date in RMC, how exactly in GST. All with
the same time of day are one fix. Source: NMEA 0183 as gpsd documents it (https://gpsd.gitlab.io/gpsd/NMEA.html).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from math import hypot, isfinite
from operator import xor
from typing import Final

import msgspec

from tracker.model.fix import E7, Fix
from tracker.model.moment import DAY_MS, from_datetime

LONGEST: Final = 1024  # bytes of a line: the standard has 82, and a receiver that talks binary has no line ends at all
KNOT: Final = 1852 / 3600  # m/s
KMH: Final = 1 / 3.6  # m/s
HALF_DAY_MS: Final = DAY_MS // 2
FIRST_YEAR: Final = 80  # of two digits: GPS began in 1980
UNSURE_MODES: Final = ("N", "")  # of VTG: not valid, or not said
LEAP_SECOND: Final = 61


class Damaged(Exception):
    """A sentence that cannot be what the receiver meant."""


@dataclass
class Epoch:
    """One measurement, while its sentences come. Times in ms; speed in m/s, heading in degrees, the rest in m."""

    clock: int  # of the day
    kinds: list[str] = field(default_factory=list)
    is_valid: bool = True
    place: tuple[int, int] | None = None  # lon, lat in 1e-7 degrees
    altitude: float | None = None
    speed: float | None = None
    heading: float | None = None
    accuracy: float | None = None
    satellites: int | None = None
    hdop: float | None = None

    @property
    def attributes(self) -> bytes | None:
        known = {name: value for name in ("satellites", "hdop") if (value := getattr(self, name)) is not None}
        return msgspec.json.encode(known) if known else None


class Nmea:
    """Feed it bytes as they come. `left_out` counts what became no fix, by reason: `damaged` sentences, measurements
    that the receiver itself calls `invalid`, and those before it said a date (`undated`)."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self._rest = b""
        self._day: int | None = None  # midnight before the last epoch with a known date, ms since 1970
        self._dated: int = 0  # the time of day for which that was
        self._epoch: Epoch | None = None
        self._is_told = False
        self._last_kind = ""  # with which the epochs of this receiver end

    def feed(self, data: bytes) -> list[Fix]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-LONGEST:]
        return [fix for line in lines for fix in self._read(line)]

    def finish(self) -> list[Fix]:
        """What the last sentences were, where none follow."""
        found = [*self._read(self._rest), *self._complete()]
        self._rest, self._epoch = b"", None
        return found

    def _read(self, line: bytes) -> Iterator[Fix]:
        start = line.rfind(b"$")  # the last: a sentence that breaks off is followed by another in the same line
        if start < 0:
            return
        try:
            kind, words = split(line[start:])
            if kind in READERS:
                yield from self._take(kind, words)
        except (Damaged, ValueError, OverflowError):
            self.left_out["damaged"] += 1

    def _take(self, kind: str, words: Sequence[str]) -> Iterator[Fix]:
        clock = read_clock(words[CLOCK[kind]]) if kind in CLOCK else None
        if clock is not None and (self._epoch is None or clock != self._epoch.clock):
            yield from self._complete()
            self._last_kind = self._epoch.kinds[-1] if self._epoch else ""
            self._epoch, self._is_told = Epoch(clock), False
        if self._epoch is None or (clock is None and kind in CLOCK):
            return
        if (day := read_day(kind, words)) is not None:
            self._day, self._dated = day, self._epoch.clock
        READERS[kind](self._epoch, words)
        self._epoch.kinds.append(kind)
        if kind == self._last_kind and self._day is not None:  # not a second later, with the next epoch
            yield from self._complete()

    def _complete(self) -> Iterator[Fix]:
        epoch = self._epoch
        if epoch is None or self._is_told:
            return
        self._is_told = True
        if not epoch.is_valid or epoch.place is None:
            self.left_out["invalid"] += 1
        elif (at := self._date(epoch.clock)) is None:
            self.left_out["undated"] += 1
        else:
            yield make_fix(epoch, at)

    def _date(self, clock: int) -> int | None:
        """Only RMC and ZDA say a date: past midnight it is the next day until they say so."""
        if self._day is None:
            return None
        if clock < self._dated - HALF_DAY_MS:
            self._day, self._dated = self._day + DAY_MS, clock
        self._dated = max(self._dated, clock)
        return self._day + clock


def make_fix(epoch: Epoch, at: int) -> Fix:
    assert epoch.place is not None
    lon, lat = epoch.place
    heading = None if epoch.heading is None else epoch.heading % 360
    return Fix(at, lon, lat, epoch.speed, heading, epoch.accuracy, epoch.altitude, attributes=epoch.attributes)


# -- sentences ----------------------------------------------------------------------------------------------------


def split(sentence: bytes) -> tuple[str, list[str]]:
    """The kind without its talker, and the words behind it. Raises Damaged without a checksum, or with a wrong one: a
    sentence cut short has none, and half a longitude is a longitude, too."""
    body, star, given = sentence.strip()[1:].partition(b"*")
    if not star or int(given[:2], 16) != reduce(xor, body, 0):
        raise Damaged
    name, *words = body.decode("ascii").split(",")
    if len(name) < 5:
        return "", words
    return name[-3:], [*words, *[""] * 20]  # older receivers leave the last words out


def read_clock(word: str) -> int | None:
    """`hhmmss.sss` in ms of the day; None where the receiver does not know."""
    if not word:
        return None
    hours, minutes, seconds = int(word[:2]), int(word[2:4]), float(word[4:])
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < LEAP_SECOND):
        raise Damaged
    return (hours * 60 + minutes) * 60_000 + round(seconds * 1000)


def read_day(kind: str, words: Sequence[str]) -> int | None:
    """The midnight a sentence is from, ms since 1970."""
    if kind == "RMC" and words[8]:
        day, month, year = int(words[8][:2]), int(words[8][2:4]), int(words[8][4:6])
        year += 1900 if year >= FIRST_YEAR else 2000
    elif kind == "ZDA" and all(words[1:4]):
        day, month, year = (int(word) for word in words[1:4])
    else:
        return None
    return from_datetime(datetime(year, month, day, tzinfo=UTC))


def read_place(lat: str, south: str, lon: str, west: str) -> tuple[int, int] | None:
    """`ddmm.mmmm`, N or S, `dddmm.mmmm`, E or W."""
    if not lat or not lon:
        return None
    if south not in ("N", "S") or west not in ("E", "W"):
        raise Damaged
    found = read_degrees(lon, 180), read_degrees(lat, 90)
    return found[0] * (-1 if west == "W" else 1), found[1] * (-1 if south == "S" else 1)


def read_degrees(word: str, most: int) -> int:
    degrees, minutes = divmod(float(word), 100)
    if not 0 <= minutes < 60:
        raise Damaged
    found = round(degrees * E7 + minutes * E7 / 60)
    if not 0 <= found <= most * E7:
        raise Damaged
    return found


def read_number(word: str, scale: float = 1.0) -> float | None:
    if not word:
        return None
    if not isfinite(number := float(word)):
        raise Damaged
    return number * scale


def first(known: float | None, word: str, scale: float = 1.0) -> float | None:
    return known if known is not None else read_number(word, scale)


def read_gga(epoch: Epoch, words: Sequence[str]) -> None:
    """All of a sentence is read before any of it counts: where one word is wrong, none is believed."""
    place, satellites = read_place(*words[1:5]), int(words[6]) if words[6] else None
    hdop, altitude = read_number(words[7]), read_number(words[8])
    epoch.is_valid = epoch.is_valid and words[5] not in ("", "0")
    epoch.place = place or epoch.place
    epoch.satellites, epoch.hdop, epoch.altitude = satellites, hdop, altitude


def read_rmc(epoch: Epoch, words: Sequence[str]) -> None:
    place, speed, heading = read_place(*words[2:6]), read_number(words[6], KNOT), read_number(words[7])
    epoch.is_valid = epoch.is_valid and words[1] == "A"
    epoch.place = epoch.place or place
    epoch.speed, epoch.heading = speed, heading


def read_vtg(epoch: Epoch, words: Sequence[str]) -> None:
    if words[8] in UNSURE_MODES and not words[6]:
        return
    heading, speed = first(epoch.heading, words[0]), first(epoch.speed, words[6], KMH)
    epoch.heading, epoch.speed = heading, speed


def read_gst(epoch: Epoch, words: Sequence[str]) -> None:
    """Standard deviations north and east: together the radius that holds two of three measurements."""
    north, east = read_number(words[5]), read_number(words[6])
    if north is not None and east is not None:
        epoch.accuracy = hypot(north, east)


def read_zda(epoch: Epoch, words: Sequence[str]) -> None:
    """Only the date, which is not the epoch's."""


CLOCK: Final[Mapping[str, int]] = {"GGA": 0, "RMC": 0, "GST": 0, "ZDA": 0}  # which word is the time of day
READERS: Final[Mapping[str, Callable[[Epoch, Sequence[str]], None]]] = {
    "GGA": read_gga,
    "RMC": read_rmc,
    "VTG": read_vtg,
    "GST": read_gst,
    "ZDA": read_zda,
}
