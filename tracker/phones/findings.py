"""What looks wrong with a device, from what is known of its last day. Pure."""

from collections.abc import Callable, Iterable
from typing import Final

from tracker.model.finding import Finding, Vitals
from tracker.phones.causes import find_cause

SILENT: Final = 1_800.0  # s at least; else three times the gap between its fixes
SKEW: Final = 60.0  # s
LOW: Final = 0.15  # of the battery
EMPTY: Final = 0.05  # below it, silence is probably an empty battery
ROUGH: Final = 100.0  # m
FROZEN: Final = 7_200.0  # s
FEW: Final = 3  # refused in a day; less is an accident
# What a speed in another unit than it says comes to, of the true one.
UNITS: Final = ((1.7, 2.2, "knots read as m/s"), (0.46, 0.58, "m/s read as knots"), (3.2, 4.0, "km/h read as m/s"))


def find_all(vitals: Vitals) -> list[Finding]:
    return [found for look in LOOKS if (found := look(vitals)) is not None]


def find_silence(vitals: Vitals) -> Finding | None:
    seen = vitals.last_seen
    if seen is None:
        return Finding("never_seen", "Nothing has come yet: is the address in the app the device's ingest_url?")
    if (vitals.now - seen) / 1000 < max(SILENT, 3 * (vitals.interval or 0.0)):
        return None
    if vitals.battery is not None and vitals.battery <= EMPTY:
        return Finding("battery_empty", f"Its battery was at {vitals.battery:.0%}: it is probably empty.", seen)
    return Finding("silent", find_cause(vitals.app).text, seen)


def find_no_place(vitals: Vitals) -> Finding | None:
    """A heartbeat without a place moves only what was seen."""
    seen, fix = vitals.last_seen, vitals.last_fix
    if seen is None or (fix is not None and (seen - fix) / 1000 < max(SILENT, 3 * (vitals.interval or 0.0))):
        return None
    return Finding("no_place", "It reports, but without a place: is its location switched on and allowed?", fix)


def find_clock(vitals: Vitals) -> Finding | None:
    offset = vitals.clock_offset
    if offset is None or offset < SKEW:
        return None  # a time behind ours may be a slow way as well as a slow clock
    return Finding("clock_ahead", f"Its clock is {offset:.0f} s ahead of the server's: set its time by the network.")


def find_refused(vitals: Vitals) -> Finding | None:
    if vitals.quarantined < FEW and not (vitals.reason or "").startswith("encrypted"):
        return None
    if (vitals.reason or "").startswith("encrypted"):
        said = "Its messages are encrypted: say its secret with PUT .../owntracks-secret."
        return Finding("encrypted", said, vitals.refused_since)
    said = f"{vitals.quarantined} points of the last day could not be stored, most of them for: {vitals.reason}."
    return Finding("quarantined", said, vitals.refused_since)


def find_unit(vitals: Vitals) -> Finding | None:
    for least, most, what in UNITS:
        if vitals.ratio is not None and least <= vitals.ratio <= most:
            said = f"Its speeds are {vitals.ratio:.2f} times what the way it went says: {what}?"
            return Finding("speed_unit", said)
    return None


def find_battery(vitals: Vitals) -> Finding | None:
    if vitals.battery is None or vitals.battery >= LOW:
        return None
    return Finding("battery_low", f"Its battery is at {vitals.battery:.0%}.", vitals.last_fix)


def find_rough(vitals: Vitals) -> Finding | None:
    if vitals.accuracy is None or vitals.accuracy <= ROUGH:
        return None
    said = f"Half of its places are worse than {vitals.accuracy:.0f} m: allow the exact location, or use GPS."
    return Finding("low_accuracy", said)


def find_frozen(vitals: Vitals) -> Finding | None:
    if vitals.steady < FROZEN:
        return None
    said = "The same place to the last digit for hours, while the battery went on: the app repeats an old place."
    return Finding("frozen", said, vitals.now - int(vitals.steady * 1000))


def find_note(vitals: Vitals) -> Finding | None:
    """What the app itself says holds it up."""
    if vitals.note is None or not vitals.note.endswith((" is off", " is on")):
        return None
    return Finding("app_says", f"The app says: {vitals.note}.", vitals.last_seen)


LOOKS: Final[Iterable[Callable[[Vitals], Finding | None]]] = (
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
