"""Recordings: files of fixes of one or many devices, CSV or GPX read as a stream, or Google's JSON, plain or .gz."""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from tracker.errors import Invalid
from tracker.simulator.csv_track import read_csv
from tracker.simulator.google import read_google
from tracker.simulator.gpx import read_gpx
from tracker.simulator.odd_times import believable
from tracker.simulator.recorded import RecordedFix

READERS = {"csv": read_csv, "gpx": read_gpx, "json": read_google}


class Survey(msgspec.Struct, frozen=True):
    """What is in a recording: its devices in the order of their appearance, its fixes, its first and last time (ms)
    that can be believed."""

    devices: tuple[str, ...]
    fixes: int
    first: int
    last: int


def read_recording(path: Path, unreadable: Counter[str]) -> Iterator[RecordedFix]:
    """In the order of the file. Rows that cannot be a fix are left out and counted by reason."""
    kind = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind not in READERS:
        raise Invalid(f"{path.name}: a recording is a .csv, a .gpx or a .json of Google's, or one of them with .gz")
    with _open(path) as file:
        yield from READERS[kind](file, path.name, unreadable)


def survey(path: Path) -> Survey:
    devices, fixes, first, last = dict[str, None](), 0, 2**63, -(2**63)
    odd = 0
    for device, fix in read_recording(path, Counter()):
        devices[device] = None
        fixes += 1
        if believable(fix.at):
            first, last = min(first, fix.at), max(last, fix.at)
        else:
            odd = fix.at
    if not fixes:
        raise Invalid(f"{path.name}: nothing in it has a time and a place")
    return Survey(tuple(devices), fixes, first, last) if first <= last else Survey(tuple(devices), fixes, odd, odd)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")
