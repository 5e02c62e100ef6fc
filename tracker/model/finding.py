"""Finding: what looks wrong with a device, and what to do about it."""

import msgspec


class Vitals(msgspec.Struct, frozen=True):
    """What is known of a device of the last day. Moments in ms, spans in s, None where nothing is known. `ratio`: the
    speeds it said against the way it went in the time; `steady`: how long the newest twenty and more fixes have been
    the same place to the last digit, while the battery went on; `is_resting`: its app said that it measures no more."""

    now: int
    last_seen: int | None = None
    last_fix: int | None = None
    app: str | None = None
    note: str | None = None
    interval: float | None = None
    clock_offset: float | None = None
    stored: int = 0
    quarantined: int = 0
    reason: str | None = None  # of most that was quarantined
    refused_since: int | None = None
    battery: float | None = None
    accuracy: float | None = None  # m, the median
    ratio: float | None = None
    steady: float = 0.0
    system: str | None = None
    make: str | None = None
    is_resting: bool = False


class Finding(msgspec.Struct, frozen=True):
    """`since` in ms; None where it is not known."""

    code: str
    text: str
    since: int | None = None
