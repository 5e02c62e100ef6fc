"""What came becomes a `Fix`, or the reason why not. Pure: the server's time is an argument.

The limits are those of the wire contract. A value that cannot be becomes None; a coordinate or time that cannot be
refuses the fix. Measurements keep two decimals, which survive the 32 bits of the table: what is folded again after a
restart is what was folded before. (`round(value, 2)` goes by way of decimal digits and takes twice as long as
`round(value * 100) / 100`, and this is done for every fix.)
"""

from typing import Any, Final, Protocol

import msgspec

from tracker.model.fix import E7, Fix, Flag
from tracker.model.reading import Reading

FUTURE_MS: Final = 600_000  # further ahead of the server is refused
SKEW_MS: Final = 60_000  # further ahead is flagged
OLDEST_MS: Final = 946_684_800_000  # 2000-01-01: before it, a clock was never set
ROLLOVER_MS: Final = 1024 * 7 * 86_400_000  # the weeks that GPS counts before it begins anew: 19.6 years
LOW_ACCURACY: Final = 1_000.0  # m
FASTEST: Final = 100_000.0  # m/s: beyond it a number is not a speed
CLOCK_SKEW, NULL_ISLAND, ROUGH = int(Flag.CLOCK_SKEW), int(Flag.NULL_ISLAND), int(Flag.LOW_ACCURACY)
EAST_E7: Final = 180 * E7
NORTH_E7: Final = 90 * E7
LOWEST, HIGHEST = -500.0, 20_000.0  # m of altitude: beyond them a number is none
WIDEST: Final = 100_000.0  # m: a worse fix is no worse for that
ATTRIBUTES: Final = 32
ATTRIBUTES_BYTES: Final = 2_000
NOTHING: Final = Reading()


class Refused(Exception):
    """`args[0]` is the reason, a word of the contract."""


class Measured(Protocol):
    """What a receiver says beside where and when: as JSON brings it, as a phone's app said it, or out of columns. What
    it did not say is None."""

    @property
    def speed(self) -> float | None: ...  # m/s
    @property
    def heading(self) -> float | None: ...  # degrees clockwise from true north
    @property
    def accuracy(self) -> float | None: ...  # m
    @property
    def altitude(self) -> float | None: ...  # m
    @property
    def battery(self) -> float | None: ...  # 0 to 1
    @property
    def attributes(self) -> dict[str, Any] | None: ...


def accept(at: int, lon: float, lat: float, now: int, measured: Measured = NOTHING) -> Fix:
    """A fix from numbers in contract units (degrees, ms, SI). `now` in ms. Raises Refused."""
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise Refused("out_of_range")
    return accept_e7(at, round(lon * E7), round(lat * E7), now, measured)


def accept_e7(at: int, lon_e7: int, lat_e7: int, now: int, measured: Measured) -> Fix:
    """The same from whole 1e-7 degrees, as binary frames carry them."""
    if not (-EAST_E7 <= lon_e7 <= EAST_E7 and -NORTH_E7 <= lat_e7 <= NORTH_E7):
        raise Refused("out_of_range")
    if at > now + FUTURE_MS:
        raise Refused("future")
    if at < OLDEST_MS:
        raise Refused("too_old")
    if now - at > ROLLOVER_MS - FUTURE_MS and is_rolled_over(now - at):
        raise Refused("bad_time")
    speed, heading, accuracy = measured.speed, measured.heading, measured.accuracy
    altitude, battery, attributes = measured.altitude, measured.battery, measured.attributes
    if accuracy is not None:
        accuracy = limit_accuracy(accuracy)
    return Fix(
        at,
        lon_e7 if lon_e7 != EAST_E7 else -EAST_E7,  # one place, one number: fences and repeats compare it
        lat_e7,
        round(speed * 100) / 100 if speed is not None and 0.0 <= speed <= FASTEST else None,
        None if heading is None else limit_heading(heading),
        accuracy,
        round(altitude * 100) / 100 if altitude is not None and LOWEST <= altitude <= HIGHEST else None,
        round(battery, 4) if battery is not None and 0.0 <= battery <= 1.0 else None,
        encode_attributes(attributes) if attributes else None,
        find_flags(at, lon_e7, lat_e7, accuracy, now),
    )


def is_rolled_over(age: int) -> bool:
    """Whether the fix is a whole number of 1024 weeks old, to the minute: a receiver that lost count of its weeks sends
    the present by a date of long ago. Who believes it puts a live device into 2007 and tells of it as if it were so."""
    return (age + FUTURE_MS) % ROLLOVER_MS <= 2 * FUTURE_MS


def find_oldest_plain(now: int) -> int:
    """ms: from here on no fix is refused for its age. Before it some are, and each has to be looked at by itself."""
    return max(OLDEST_MS, now - ROLLOVER_MS + FUTURE_MS)


def limit_heading(heading: float) -> float | None:
    if not 0.0 <= heading <= 360.0:
        return None
    heading = round(heading * 100) / 100
    return heading if heading < 360.0 else 0.0


def limit_accuracy(accuracy: float) -> float | None:
    if not accuracy > 0.0:
        return None
    return max(round(accuracy * 100) / 100, 0.01) if accuracy < WIDEST else WIDEST


def find_flags(at: int, lon_e7: int, lat_e7: int, accuracy: float | None, now: int) -> int:
    """The flags that a fix earns by itself. Plain ints: those of an IntFlag are slow, and most fixes have none."""
    flags = CLOCK_SKEW if at > now + SKEW_MS else 0
    if lon_e7 == 0 and lat_e7 == 0:
        flags |= NULL_ISLAND
    if accuracy is not None and accuracy > LOW_ACCURACY:
        flags |= ROUGH
    return flags


def encode_attributes(attributes: dict[str, Any]) -> bytes:
    if len(attributes) > ATTRIBUTES:
        raise Refused("too_many_attributes")
    try:
        encoded = msgspec.json.encode(attributes)
    except (OverflowError, RecursionError, ValueError, TypeError):
        raise Refused("bad_value") from None
    if len(encoded) > ATTRIBUTES_BYTES:
        raise Refused("too_many_attributes")
    if b"\\u0000" in encoded:  # jsonb cannot hold it
        raise Refused("bad_value")
    return encoded
