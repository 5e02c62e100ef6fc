"""The process itself: a task and a body on its standard input, drafts or a refusal on its standard output."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from tracker.errors import Invalid, TrackerError
from tracker.geofence.reading.collection import Draft, collect, make_draft, read_features
from tracker.geofence.reading.found import Found
from tracker.geofence.reading.geojson import decode
from tracker.geofence.reading.gpx import waypoints_and_lines
from tracker.geofence.reading.kml import placemarks
from tracker.geofence.reading.notes import FeatureNote
from tracker.geofence.reading.shapefiles import layers
from tracker.readers.task import Drafts, Format, ManyFeatures, OneFeature, Rejection, Remainder, Task, Word, encode

SLICE_BYTES: Final = 512 * 1024
TOO_MUCH: Final = "takes more memory to read than is granted; simplify it or send it in parts"
FORMATS: Final[dict[Format, Callable[[bytes], Iterator[Found | FeatureNote]]]] = {
    "geojson": read_features,
    "kml": placemarks,
    "gpx": waypoints_and_lines,
    "shapefile": layers,
}


def main() -> None:
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    try:
        for word in read(task, sys.stdin.buffer.read()):
            say(word)
    except TrackerError as error:
        say(Rejection(type(error).__name__, str(error), error.field))
    except (MemoryError, SystemError):  # compiled code that gets no memory may raise nothing, which is the second
        say(Rejection(Invalid.__name__, TOO_MUCH, None))


def say(word: Word) -> None:
    """Waits for who asked; where there is nobody any more, this is the end."""
    try:
        sys.stdout.buffer.write(encode(word))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # an orderly exit would try to write once more


def read(task: Task, body: bytes) -> Iterator[Word]:
    """Raises as `collect` and its sources do."""
    match task:
        case OneFeature(id):
            yield Drafts([make_draft(decode(body), id)])
        case ManyFeatures(format, defaults):
            found = collect(FORMATS[format](body), defaults)
            yield from map(Drafts, cut_slices(found.drafts))
            yield Remainder(msgspec.structs.replace(found, drafts=[]))


def cut_slices(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    part, size = list[Draft](), 0
    for draft in drafts:
        part.append(draft)
        size += len(draft.feature) + len(draft.shape)
        if size >= SLICE_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
