"""What is made of geofences to ask about them quickly, kept while there is room for it."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import shapely

from tracker.model.geofence import Geofence

T = TypeVar("T")
LEAST: Final = 2_000  # bytes
MANY: Final = 100  # vertices, from which it is made before it is asked for
VERTEX_BYTES: Final = 120  # of a prepared shape


class Kept(Generic[T]):
    """At most `room` bytes; then what was asked for longest ago goes. A thread may prepare while the event loop asks:
    at worst the same is made twice."""

    def __init__(self, make: Callable[[Geofence], T], size: Callable[[T], int], room: int) -> None:
        self._make: Final = make
        self._size: Final = size
        self._room: Final = room
        self._kept: Final[OrderedDict[Geofence, tuple[T, int]]] = OrderedDict()
        self._taken = 0

    def of(self, fence: Geofence) -> T:
        try:
            found = self._kept[fence]
            self._kept.move_to_end(fence)
        except KeyError:  # or the thread drove it out this moment
            return self._keep(fence, self._make(fence))
        return found[0]

    def _keep(self, fence: Geofence, made: T) -> T:
        if (other := self._kept.pop(fence, None)) is not None:  # made by the thread meanwhile
            self._taken -= other[1]
        self._kept[fence] = made, (size := LEAST + self._size(made))
        self._taken += size
        while self._taken > self._room and len(self._kept) > 1:
            self._taken -= self._kept.popitem(last=False)[1][1]
        return made

    def prepared(self, fence: Geofence) -> bool:
        """Make it ahead where that takes long. Not where it would drive out another: of many more than there is room
        for, to make all ahead would only throw away the ones before, so those are made when they are asked for."""
        vertices = int(shapely.get_num_coordinates(fence.shape))
        if vertices < MANY or self._taken + VERTEX_BYTES * vertices > self._room:
            return False
        self.of(fence)
        return True
