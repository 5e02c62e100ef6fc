"""The one argument of `set_interval`."""

from typing import Final

import msgspec

from tracker.client.device import Disobeyed

SHORTEST_S: Final = 0.1
LONGEST_S: Final = 86_400


class _Interval(msgspec.Struct, frozen=True):
    seconds: float


def read_interval(args: msgspec.Raw) -> int:
    """In ms. Raises Disobeyed for what is no interval."""
    try:
        seconds = msgspec.json.decode(args, type=_Interval).seconds
    except msgspec.DecodeError as error:
        raise Disobeyed(f"args: {error}") from error
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise Disobeyed(f"args.seconds must be from {SHORTEST_S} to {LONGEST_S}")
    return round(seconds * 1000)
