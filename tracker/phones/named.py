"""What an address that speaks for many says of each: a report by the name the source has for the device."""

from typing import Final

import msgspec

from tracker.model.reading import Reading
from tracker.model.report import Report
from tracker.model.storable import make_storable
from tracker.phones.alarms import calls_for_help

LONGEST: Final = 200  # characters of a name


def clean_name(name: str | None) -> str:
    """As the tables hold it; empty for none."""
    return make_storable(name or "").strip()[:LONGEST]


def split(report: Report) -> dict[str, Report]:
    """By name, in the order in which they came; what names nobody, and the faults, stand below the empty name."""
    found: dict[str, list[Reading]] = {}
    for reading in report.readings:
        found.setdefault(clean_name(reading.device), []).append(reading)
    parts = {name: take_part(report, each, len(found) == 1) for name, each in found.items()}
    if report.faults:
        rest = parts.get("", msgspec.structs.replace(report, readings=()))
        parts[""] = msgspec.structs.replace(rest, faults=report.faults)
    return parts


def take_part(report: Report, readings: list[Reading], is_all: bool) -> Report:
    """Who called for help is told by the reading that says so, where several devices speak at once."""
    called = tuple(each.at for each in readings if calls_for_help(each.attributes.get("alarm")))
    calls = report.calls if is_all else called
    # Which of several it is that measures no more, or walks, is not said.
    is_paused, walk = (report.is_paused, report.walk) if is_all else (False, None)
    return msgspec.structs.replace(
        report, readings=tuple(readings), faults=(), calls=calls, is_paused=is_paused, walk=walk
    )
