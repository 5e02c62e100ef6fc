"""Clock: minutes since midnight in a named zone, written as people do: `22:00`, `sun`, `Europe/Helsinki`."""

import re
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
# Names that the zone database knows too, but that mean something else on each machine, or count leap seconds.
NO_ZONE: Final = re.compile(r"localtime|posixrules|Factory|(right|posix)/.*")


def parse_clock(text: str) -> int:
    """Minutes since midnight. ValueError for what is no time of the day; midnight is 00:00."""
    clock = CLOCK.fullmatch(text)
    if clock is None:
        raise ValueError(f"not a time as 22:00 is one: {text[:40]}")
    return int(clock[1]) * 60 + int(clock[2])


def format_clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@lru_cache(maxsize=1000)  # more than there are; zoneinfo itself keeps eight, and reads a file for each other
def zone_of(name: str) -> ZoneInfo:
    """ValueError where there is no such zone."""
    try:
        if not NO_ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the database is an OSError
        pass
    raise ValueError(f"not a time zone as Europe/Helsinki is one: {name[:40]}")
