"""What looks wrong with a device, from what is known of its last day. Pure."""

from collections.abc import Callable, Iterable
from typing import Final

from tracker.model.finding import Finding, Vitals
from tracker.phones.causes import find_cause
from tracker.words.phrases import Phrases

SILENT: Final = 1_800.0  # s at least; else three times the gap between its fixes
SKEW: Final = 60.0  # s
LOW: Final = 0.15  # of the battery
EMPTY: Final = 0.05  # below it, silence is probably an empty battery
ROUGH: Final = 100.0  # m
FROZEN: Final = 7_200.0  # s
FEW: Final = 3  # refused in a day; less is an accident
# What a speed in another unit than it says comes to, of the true one.
UNITS: Final = ((1.7, 2.2, "knots_as_ms"), (0.46, 0.58, "ms_as_knots"), (3.2, 4.0, "kmh_as_ms"))


def find_all(vitals: Vitals, words: Phrases) -> list[Finding]:
    return [found for look in LOOKS if (found := look(vitals, words)) is not None]


def find_silence(vitals: Vitals, words: Phrases) -> Finding | None:
    seen = vitals.last_seen
    if seen is None:
        return Finding("never_seen", words.findings["never_seen"])
    if (vitals.now - seen) / 1000 < max(SILENT, 3 * (vitals.interval or 0.0)):
        return None
    if vitals.battery is not None and vitals.battery <= EMPTY:
        return Finding("battery_empty", words.findings["battery_empty"].format(percent=percent(vitals.battery)), seen)
    if vitals.is_resting:
        return Finding("resting", words.findings["resting"], seen)
    cause = words.causes[find_cause(vitals.app, vitals.system, vitals.make).id]
    return Finding("silent", words.findings["silent"].format(cause=cause), seen)


def find_no_place(vitals: Vitals, words: Phrases) -> Finding | None:
    """A heartbeat without a place moves only what was seen."""
    seen, fix = vitals.last_seen, vitals.last_fix
    if seen is None or (fix is not None and (seen - fix) / 1000 < max(SILENT, 3 * (vitals.interval or 0.0))):
        return None
    return Finding("no_place", words.findings["no_place"], fix)


def find_clock(vitals: Vitals, words: Phrases) -> Finding | None:
    offset = vitals.clock_offset
    if offset is None or offset < SKEW:
        return None  # a time behind ours may be a slow way as well as a slow clock
    return Finding("clock_ahead", words.findings["clock_ahead"].format(seconds=round(offset)))


def find_refused(vitals: Vitals, words: Phrases) -> Finding | None:
    if (vitals.reason or "").startswith("encrypted"):
        return Finding("encrypted", words.findings["encrypted"], vitals.refused_since)
    if vitals.quarantined < FEW:
        return None
    said = words.findings["quarantined"].format(count=vitals.quarantined, reason=vitals.reason)
    return Finding("quarantined", said, vitals.refused_since)


def find_unit(vitals: Vitals, words: Phrases) -> Finding | None:
    for least, most, what in UNITS:
        if vitals.ratio is not None and least <= vitals.ratio <= most:
            return Finding("speed_unit", words.findings[what].format(ratio=f"{vitals.ratio:.2f}"))
    return None


def find_battery(vitals: Vitals, words: Phrases) -> Finding | None:
    if vitals.battery is None or vitals.battery >= LOW:
        return None
    said = words.findings["battery_low"].format(percent=percent(vitals.battery))
    return Finding("battery_low", said, vitals.last_fix)


def find_rough(vitals: Vitals, words: Phrases) -> Finding | None:
    if vitals.accuracy is None or vitals.accuracy <= ROUGH:
        return None
    return Finding("low_accuracy", words.findings["low_accuracy"].format(metres=round(vitals.accuracy)))


def find_frozen(vitals: Vitals, words: Phrases) -> Finding | None:
    if vitals.steady < FROZEN:
        return None
    return Finding("frozen", words.findings["frozen"], vitals.now - int(vitals.steady * 1000))


def find_note(vitals: Vitals, words: Phrases) -> Finding | None:
    """What the app itself says holds it up."""
    if vitals.note is None or not vitals.note.endswith((" is off", " is on")):
        return None
    return Finding("app_says", words.findings["app_says"].format(note=vitals.note), vitals.last_seen)


def percent(part: float) -> str:
    return f"{100 * part:.0f}"


LOOKS: Final[Iterable[Callable[[Vitals, Phrases], Finding | None]]] = (
    find_silence,
    find_no_place,
    find_note,
    find_clock,
    find_refused,
    find_unit,
    find_battery,
    find_rough,
    find_frozen,
)
