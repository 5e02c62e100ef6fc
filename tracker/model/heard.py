"""Heard: a stored fix, as far as it can be told by whether another one is the same."""

from typing import Final

import msgspec

SECOND_MS: Final = 1000

Second = tuple[int, int]  # (device key, at without its part of a second)


class Heard(msgspec.Struct, frozen=True):
    """`at` in ms. `dialect`: the number of the one it came in, 0 for our own."""

    at: int
    lon_e7: int
    lat_e7: int
    dialect: int


def cut_to_second(at: int) -> int:
    """To its second."""
    return at - at % SECOND_MS
