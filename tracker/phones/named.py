"""What an address that speaks for many says of each: a report by the name the source has for the device."""

from typing import Final

import msgspec

from tracker.model.reading import Reading
from tracker.model.report import Aside, Report
from tracker.model.storable import make_storable
from tracker.phones.alarms import calls_for_help

LONGEST: Final = 200  # characters of a name


def clean_name(name: str | None) -> str:
    """As the tables hold it; empty for none."""
    return make_storable(name or "").strip()[:LONGEST]


def split(report: Report) -> dict[str, Report]:
    """By name, in the order in which they came; what names nobody, and the faults, stand below the empty name."""
    found: dict[str, list[Reading]] = {}
    asides = {clean_name(each.name): each for each in report.asides}
    for reading in report.readings:
        found.setdefault(clean_name(reading.device), []).append(reading)
    for name in asides:
        found.setdefault(name, [])
    if len(found) > 1 and not found.get("", True):
        del found[""]  # what is no fix and names nobody: it is about the one beside it, or nobody knows whom
    if len(found) == 1:
        parts = {name: msgspec.structs.replace(report, faults=(), asides=()) for name in found}
    else:
        parts = {name: take_part(report, readings, asides.get(name)) for name, readings in found.items()}
    if report.faults:
        rest = parts.get("", msgspec.structs.replace(report, readings=(), asides=()))
        parts[""] = msgspec.structs.replace(rest, faults=report.faults)
    return parts


def take_part(report: Report, readings: list[Reading], aside: Aside | None) -> Report:
    """Where several devices speak at once, who called for help is told by the reading that says so, and who walks or
    measures no more by what the app says beside; where it says nothing of that, nobody knows which of them it is."""
    calls = tuple(each.at for each in readings if calls_for_help(each.attributes.get("alarm")))
    part = Report(report.app, report.reply, tuple(readings), (), calls)
    if aside is None:
        return part
    app = msgspec.structs.replace(report.app, note=aside.note, system=aside.system)
    return msgspec.structs.replace(part, app=app, is_paused=aside.is_paused, walk=aside.walk)
