"""Evidence: why an event was told, as its readers get it: the fixes that decided it and the figures drawn from them."""

import msgspec

from tracker.model.fix import Fix
from tracker.model.moment import format_ms


class Seen(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A fix that decided. `distance`: metres to the geofence's border, positive inside, negative outside."""

    at: str
    lon: float
    lat: float
    accuracy: float | None = None
    speed: float | None = None
    distance: float | None = None
    device: str | None = None  # whose it is, where there are two


class Crossing(msgspec.Struct, frozen=True, gc=False):
    """Where and when the border was crossed, drawn from the fixes on both sides: within `plus_minus_s` of `at`."""

    at: str
    plus_minus_s: float
    lon: float
    lat: float


class Evidence(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What does not apply to a kind of event is left out. Metres, seconds and m/s."""

    preset: str | None = None
    revision: int | None = None  # of the geofence that decided
    fixes: tuple[Seen, ...] = ()  # the last one before comes first
    crossing: Crossing | None = None
    enter: Crossing | None = None  # of one that passed through
    exit: Crossing | None = None
    inferred: bool = False  # no fix lay inside
    depth: float | None = None  # m, how far inside the way between the fixes led
    confirmed_after_s: float | None = None
    since: str | None = None
    dwell_s: float | None = None
    by: str | None = None  # "clock" where no fix came
    limit: float | None = None
    peak: float | None = None
    peak_at: str | None = None
    until: str | None = None  # absent: it had not ended
    other: str | None = None  # the other device's id
    distance: float | None = None  # m between the two
    silent_s: float | None = None
    already_inside: bool = False  # of an exit: since before the geofence was in force
    unknown: bool = False  # it was silent: nobody can say where it was
    interval_s: float | None = None
    battery: float | None = None  # 0 to 1
    same: int | None = None  # how many fixes in a row said the same place to the last digit
    empty_since: str | None = None  # of a silence: the battery was so low that it is probably empty since then
    message: str | None = None  # an alarm's: the id of the message, what it says, and how old the place is
    text: str | None = None
    age_s: float | None = None
    event: int | None = None  # the number of the event that turned out false
    type: str | None = None  # and its type
    reason: str | None = None


def make_seen(fix: Fix, distance: float | None = None) -> Seen:
    metres = None if distance is None else round(distance, 1)
    return Seen(format_ms(fix.at), fix.lon, fix.lat, fix.accuracy, fix.speed, metres)
