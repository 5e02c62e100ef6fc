"""The ways of the devices: each walks its own 25 steps of 3.3 m through a city, and back, for as long as it is asked.

3.3 m/s is what traffic in a city makes on average, standing included. Among the fences of bench/fences.py a fix in some
300 crosses a border, which is more than a fleet would and makes the events worth their cost.
"""

from datetime import UTC, datetime, timedelta
from struct import Struct

import numpy as np

from bench.connection import BINARY, TEXT, masked
from bench.fences import places

STEPS = 50
STEP_M = 3.3
HEAD = Struct("<BBHIq")
E7 = 10_000_000


class Walk:
    """The places of one device: 50, the last one step from the first."""

    def __init__(self, number: int) -> None:
        rng = np.random.default_rng(number)
        lon, lat = (float(value[0]) for value in places(rng, 1))
        east, north = np.cos(angle := rng.uniform(0, 2 * np.pi)), np.sin(angle)
        out = np.arange(STEPS // 2)
        steps = np.concatenate((out, out[::-1])) * STEP_M / 111_195
        self.lon = np.round((lon + steps * east / np.cos(np.radians(lat))) * E7).astype(np.int32)
        self.lat = np.round((lat + steps * north) * E7).astype(np.int32)
        self.speed = rng.integers(100, 1500, STEPS).astype(np.uint16)  # cm/s
        self.heading = rng.integers(0, 35_999, STEPS).astype(np.uint16)
        self.accuracy = rng.integers(20, 300, STEPS).astype(np.uint16)  # dm

    def texts(self) -> list[bytes]:
        """Each fix from behind its time."""
        return [
            b'","lon":%.7f,"lat":%.7f,"speed":%.2f,"heading":%.2f,"accuracy":%.1f}'
            % (lon / E7, lat / E7, speed / 100, heading / 100, accuracy / 10)
            for lon, lat, speed, heading, accuracy in zip(
                self.lon, self.lat, self.speed, self.heading, self.accuracy, strict=True
            )
        ]

    def columns(self, first: int, count: int, spacing_ms: int) -> bytes:
        """What follows the head of a binary frame."""
        chosen = slice(first, first + count)
        dt = np.arange(count, dtype="<i4") * spacing_ms
        parts = (
            dt,
            self.lon[chosen],
            self.lat[chosen],
            self.speed[chosen],
            self.heading[chosen],
            self.accuracy[chosen],
            np.full(count, 30, "<i2"),
        )
        return b"".join(part.tobytes() for part in parts)


class SingleText:
    """Frames of one fix in JSON."""

    def __init__(self, number: int) -> None:
        self.texts = Walk(number).texts()

    def frame(self, seq: int, at: int) -> bytes:
        body = b'{"type":"fixes","seq":%d,"fixes":[{"at":"%s%s]}' % (seq, stamp(at), self.texts[seq % STEPS])
        return masked(TEXT, body)


class BatchText:
    """Frames of 50 fixes in JSON, a second apart: the fixes stay, their minute is filled in."""

    HOLE = b"@@@@-@@-@@T@@:@@"

    def __init__(self, number: int) -> None:
        texts = enumerate(Walk(number).texts())
        fixes = [b'{"at":"%s:%02d.000Z%s' % (self.HOLE, second, text) for second, text in texts]
        self.fixes = b",".join(fixes)

    def frame(self, seq: int, at: int) -> bytes:
        body = b'{"type":"fixes","seq":%d,"fixes":[%s]}' % (seq, self.fixes.replace(self.HOLE, stamp(at)[:16]))
        return masked(TEXT, body)


class SingleColumns:
    def __init__(self, number: int) -> None:
        walk = Walk(number)
        self.columns = [walk.columns(step, 1, 0) for step in range(STEPS)]

    def frame(self, seq: int, at: int) -> bytes:
        return masked(BINARY, HEAD.pack(1, 0, 1, seq, at) + self.columns[seq % STEPS])


class BatchColumns:
    def __init__(self, number: int) -> None:
        self.columns = Walk(number).columns(0, STEPS, 1000)

    def frame(self, seq: int, at: int) -> bytes:
        return masked(BINARY, HEAD.pack(1, 0, STEPS, seq, at) + self.columns)


Source = SingleText | BatchText | SingleColumns | BatchColumns
SOURCES: dict[tuple[int, bool], type[Source]] = {
    (1, False): SingleText,
    (50, False): BatchText,
    (1, True): SingleColumns,
    (50, True): BatchColumns,
}


def stamp(at: int) -> bytes:
    """RFC 3339; the second is worked out once."""
    second, ms = divmod(at, 1000)
    text = SECONDS.get(second)
    if text is None:
        text = SECONDS[second] = (EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S").encode()
    return b"%s.%03dZ" % (text, ms)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS: dict[int, bytes] = {}
