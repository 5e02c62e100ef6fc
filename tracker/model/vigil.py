"""Vigil: what a device's battery and its place say of whether it can go on, and whether it is still measuring."""

import msgspec


class Still(msgspec.Struct, frozen=True, gc=False):
    """One place to the last digit, in `count` fixes that followed each other since `since` (ms). `least`, `most`: of
    the battery meanwhile (0 to 1). `steps`: how many the device had counted when it began."""

    since: int
    count: int = 1
    least: float | None = None
    most: float | None = None
    steps: int | None = None
    is_told: bool = False


class Vigil(msgspec.Struct, frozen=True, gc=False):
    """`is_low`: it was told that the battery is, and it has not recovered since. `steps`: as the device said last;
    `steps_since`: from when on (ms) it counted them, where it says that."""

    is_low: bool = False
    still: Still | None = None
    steps: int | None = None
    steps_since: int | None = None
