"""Viewport: the box of a map. West greater than east means that it crosses 180 degrees."""

import msgspec


class Viewport(msgspec.Struct, frozen=True, array_like=True):
    west: float
    south: float
    east: float
    north: float

    @property
    def crosses_180(self) -> bool:
        return self.west > self.east


WORLD = Viewport(-180.0, -90.0, 180.0, 90.0)
