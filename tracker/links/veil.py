"""Veil: what of a device's fixes a link shows. A fold, as states are: the rows one by one, then a look at a moment.

Nothing is ever computed from what came later, and nothing is sent at a moment that depends on a border:

- A blurred place is taken anew when the device has gone as far as its cell is wide since it was taken last, never when
  it crosses from one cell into the next: whoever heard of that at once would know that it is on the line between them.
  When it is taken must not depend on who looks, or on the link, else the phases of several would lie closer together.
  So the fold begins with the device's day, which begins at a moment only the installation knows.
- Who goes into a hole vanishes with the next whole minute, and who leaves it is back with a whole minute, as far as it
  has come by then. The way, once it is shown, begins at the border: to cut it by minutes would spread the ends over
  half a kilometre, and a circle fitted to three of them could fall anywhere, on what is hidden too.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

import msgspec

from tracker.geo.distance import distance
from tracker.links.grid import find_cell, measure_cell
from tracker.links.holes import covers
from tracker.model.fix import E7, NO_MARKER, Fix, Flag, Place, Row
from tracker.model.moment import DAY_MS
from tracker.model.share import Glimpse, Veil

VAGUE: Final = 2  # the level of the grid, of 1 km, at which a device is shown that its person made vague
MINUTE: Final = 60_000  # ms
MINUTE_US: Final = 60_000_000
NEVER: Final = int(NO_MARKER | Flag.IMPOSSIBLE_JUMP)  # where the device was not
LATE: Final = int(Flag.LATE)  # not shown blurred: it would be a second row of samples of the same way


class Course(msgspec.Struct, frozen=True):
    """What a link knows of one device. `newest` is the `at` of the last row that counted (ms). `anchor` is where a
    blurred place was taken last, and `is_anchor_hidden` whether that was in a hole. `hidden_since`: when the first row
    came that lay in a hole (microseconds); 0: it is in none. `returns`: when it is back from one (microseconds); 0: it
    was in none. `shown` is what may be shown, as long as nothing hides it."""

    newest: int = -1
    anchor: Place | None = None
    is_anchor_hidden: bool = False
    hidden_since: int = 0
    returns: int = 0
    shown: Glimpse | None = None


def find_day(secret: bytes, device: int) -> int:
    """At what time of the UTC day (ms, of a whole minute) the device's own day begins."""
    drawn = hmac.digest(secret, b"day %d" % device, hashlib.sha256)
    return int.from_bytes(drawn[:8], "big") % (DAY_MS // MINUTE) * MINUTE


def find_start(veil: Veil, day: int, at: int) -> int:
    """From which `at` on the rows have to be folded, for a look at `at`."""
    return at // MINUTE * MINUTE if veil.level is None else (at - day) // DAY_MS * DAY_MS + day


def advance(veil: Veil, day: int, course: Course, row: Row) -> Course:
    """By one row, in the order of `at`. `day` is what find_day says of the device."""
    fix = row.fix
    if fix.at <= course.newest or fix.at > veil.until or fix.flags & NEVER:
        return course
    if veil.received is not None and row.received_at > veil.received:
        return course
    if veil.level is None:
        return _advance_exactly(veil, course, row)
    if fix.flags & LATE or fix.at // MINUTE == course.newest // MINUTE:
        return course
    return _advance_blurred(veil, veil.level, day, course, row)


def pass_by(course: Course, row: Row) -> Course:
    """A row of which nothing is to be shown: it is only known that it was there."""
    return msgspec.structs.replace(course, newest=max(course.newest, row.fix.at))


def _advance_exactly(veil: Veil, course: Course, row: Row) -> Course:
    fix = row.fix
    if covers(veil.holes, fix.lon, fix.lat):
        return _hide(course, row)
    bare = msgspec.structs.replace(fix, attributes=None, flags=0)
    return _show(veil, course, row, Glimpse(bare, row.received_at))


def _advance_blurred(veil: Veil, level: int, day: int, course: Course, row: Row) -> Course:
    fix, is_covered = row.fix, covers(veil.holes, row.fix.lon, row.fix.lat)
    if _is_taken_anew(course, level, day, fix):
        course = msgspec.structs.replace(course, anchor=(fix.lon_e7, fix.lat_e7), is_anchor_hidden=is_covered)
    if is_covered or course.is_anchor_hidden or course.anchor is None:
        return _hide(course, row)
    bare = Fix(fix.at // MINUTE * MINUTE, *find_cell(course.anchor, level))
    return _show(veil, course, row, Glimpse(bare, row.received_at // MINUTE_US * MINUTE_US))


def _is_taken_anew(course: Course, level: int, day: int, fix: Fix) -> bool:
    if course.anchor is None or (fix.at - day) // DAY_MS != (course.newest - day) // DAY_MS:
        return True
    lon_e7, lat_e7 = course.anchor
    return distance(lon_e7 / E7, lat_e7 / E7, fix.lon, fix.lat) >= measure_cell(level)


def _hide(course: Course, row: Row) -> Course:
    since = course.hidden_since or row.received_at
    if row.received_at < course.returns:
        since -= MINUTE_US  # it was not back yet
    return msgspec.structs.replace(course, newest=row.fix.at, hidden_since=since, returns=0)


def _show(veil: Veil, course: Course, row: Row, glimpse: Glimpse) -> Course:
    is_in_span = row.fix.at >= veil.since or veil.opens
    return msgspec.structs.replace(
        course,
        newest=row.fix.at,
        hidden_since=0,
        returns=find_next_minute(row.received_at) if course.hidden_since else course.returns,
        shown=glimpse if is_in_span else course.shown,
    )


def find_next_minute(moment: int) -> int:
    """Microseconds."""
    return (moment // MINUTE_US + 1) * MINUTE_US


def is_hidden(course: Course, moment: int) -> bool:
    """Whether the device is away at this moment of ours (microseconds), the delay taken off."""
    if course.hidden_since:
        return moment >= find_next_minute(course.hidden_since)
    return moment < course.returns


def look(course: Course, moment: int) -> Glimpse | None:
    """What is shown of the device at this moment of ours (microseconds), the delay taken off. None: nothing."""
    return None if is_hidden(course, moment) else course.shown


def find_span(veil: Veil, moment: int) -> tuple[int, int]:
    """Of which times (ms, both included) the way is shown at a moment (microseconds, the delay taken off)."""
    until = min(veil.until, moment // 1000)
    return (veil.since if veil.trail is None else max(veil.since, until - veil.trail)), veil.until


def veil_way(veil: Veil, day: int, rows: Iterable[Row], since: int, moment: int) -> list[Glimpse]:
    """The way a device went from `since` (ms) on, as it is shown at a moment (microseconds, the delay taken off), out
    of its rows in the order of `at`, which begin with find_start. Of a blurred one, each place once."""
    course, found, known = Course(), list[Glimpse](), 0
    for row in rows:
        before, course = course, advance(veil, day, course, row)
        if before.hidden_since and not course.hidden_since:
            known = len(found)  # what follows is back with course.returns
        glimpse = course.shown
        if glimpse is None or glimpse is before.shown or row.fix.at < max(since, veil.since):
            continue
        if veil.level is None or not found or _place(found[-1]) != _place(glimpse):
            found.append(glimpse)
    return found[:known] if moment < course.returns else found


def _place(glimpse: Glimpse) -> Place:
    return glimpse.fix.lon_e7, glimpse.fix.lat_e7
