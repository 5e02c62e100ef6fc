"""GPX recordings, 1.0 and 1.1: each track is a device; routes, waypoints and points without a time are no fixes."""

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from tracker.errors import Invalid, Malformed
from tracker.model.fix import Fix
from tracker.model.moment import parse
from tracker.simulator.recorded import RecordedFix, number, place_e7, stem
from tracker.xml import find_encoding, is_wide, make_parser, mend

CHUNK = 64 * 1024  # bytes
CUT_OFF = {
    expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
    expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
    expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
}
VALUES = {"time", "ele", "speed", "course"}  # the last two also in Garmin's extension of 1.1


def read_gpx(file: BinaryIO, name: str, unreadable: Counter[str]) -> Iterator[RecordedFix]:
    reader = _Reader(stem(name), unreadable)
    try:
        for piece in _pieces(file):
            reader.parser.Parse(piece, False)
            yield from reader.take()
        _finish(reader, unreadable)
    except (expat.ExpatError, Invalid, Malformed, EOFError, OSError) as error:
        raise Malformed(f"{name}: {error}") from error
    yield from reader.take()


def _finish(reader: "_Reader", unreadable: Counter[str]) -> None:
    """Recorders that are ended leave files that are cut off: what is whole in them is no worse for it."""
    try:
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        if error.code not in CUT_OFF or not reader.has_points:
            raise
        unreadable["cut_off"] += 1


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Each but the last ends with a tag, so that what is mended stands whole in one. UTF-16 stays as it is."""
    rest = file.read(CHUNK).lstrip()
    as_it_is = is_wide(rest)
    said = find_encoding(rest)
    while chunk := file.read(CHUNK):
        rest += chunk
        end = rest.rfind(b">") + 1
        if as_it_is or not end:
            end = len(rest)
        yield rest[:end] if as_it_is else mend(rest[:end], said)[0]
        rest = rest[end:]
    yield rest if as_it_is else mend(rest, said)[0]


class _Reader:
    """Expat's callbacks; `take` gives what is complete. Memory is one chunk's points, whatever the file's size."""

    def __init__(self, device: str, unreadable: Counter[str]) -> None:
        self.parser = make_parser(self)
        self._device = device
        self._tracks = 0
        self._unreadable = unreadable
        self._point: dict[str, str] | None = None  # of the point being read: its attributes and values, as text
        self._value: str | None = None  # the name of the value being read
        self._done: list[RecordedFix] = []
        self.has_points = False

    def take(self) -> list[RecordedFix]:
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "trk":
            self._tracks += 1
        elif tag == "trkpt":
            self._point = dict(attributes)
        elif self._point is not None and tag in VALUES:
            self._value = tag
            self._point[tag] = ""

    def text(self, text: str) -> None:
        if self._point is not None and self._value is not None:
            self._point[self._value] += text

    def end(self, tag: str) -> None:
        if tag == self._value:
            self._value = None
        elif tag == "trkpt" and self._point is not None:
            self.has_points = True
            fix = _read_fix(self._point, self._unreadable)
            if fix is not None:
                device = self._device if self._tracks < 2 else f"{self._device[:56]}-{self._tracks}"
                self._done.append(RecordedFix(device, fix))
            self._point = None


def _read_fix(point: dict[str, str], unreadable: Counter[str]) -> Fix | None:
    if not point.get("time", "").strip():
        unreadable["no_time"] += 1
        return None
    try:
        at = _parse_moment(point["time"].strip())
    except ValueError:
        unreadable["bad_time"] += 1
        return None
    place = place_e7(point.get("lon", ""), point.get("lat", ""))
    if place is None:
        unreadable["bad_place"] += 1
        return None
    speed, heading, altitude = (number(point.get(tag, "")) for tag in ("speed", "course", "ele"))
    return Fix(at, *place, speed, heading, altitude=altitude)


def _parse_moment(text: str) -> int:
    """GPX times are UTC, also where the writer forgot to say so."""
    try:
        return parse(text)
    except ValueError:
        return parse(text + "Z")
