"""The columns of a stored fix, and how one is read. Apart from what packs them by NumPy: the carriers only read."""

from typing import Final

from asyncpg import Record

from tracker.model.fix import Fix
from tracker.model.moment import from_datetime

COLUMNS: Final = (
    "at",
    "received_at",
    "device",
    "lon_e7",
    "lat_e7",
    "flags",
    "speed",
    "heading",
    "accuracy",
    "altitude",
    "battery_e4",
    "dialect",
    "attributes",
)


def to_fix(record: Record) -> Fix:
    battery = record["battery_e4"]
    attributes = record["attributes"]
    return Fix(
        from_datetime(record["at"]),
        record["lon_e7"],
        record["lat_e7"],
        restore_decimals(record["speed"]),
        restore_decimals(record["heading"]),
        restore_decimals(record["accuracy"]),
        restore_decimals(record["altitude"]),
        battery / 10_000 if battery is not None else None,
        attributes.encode() if isinstance(attributes, str) else attributes,
        record["flags"],
    )


def restore_decimals(value: float | None) -> float | None:
    """What was accepted, from its 32 bits: `accept` keeps two decimals, and they survive."""
    return None if value is None else round(value, 2)
