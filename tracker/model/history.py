"""History: stored fixes of several devices as columns, for questions that are asked of millions of them."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.model.fix import NO_MARKER, Fix, Flag

OWN_FLAGS: Final = int(
    Flag.CLOCK_SKEW | NO_MARKER
)  # those a fix earns by itself; the others are of the order of arrival


class History(msgspec.Struct, frozen=True, eq=False):
    """In the order of (device, at). The columns mean what the members of a Fix do, with NaN where nothing was measured;
    `flags` are OWN_FLAGS only.
    """

    device: NDArray[np.int32]  # key
    at: NDArray[np.int64]  # ms
    lon_e7: NDArray[np.int32]
    lat_e7: NDArray[np.int32]
    speed: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    flags: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.device)

    def rows(self, kept: NDArray[np.bool_]) -> "History":
        """Only these rows."""
        if kept.all():
            return self
        return History(*(getattr(self, name)[kept] for name in self.__struct_fields__))

    def fix(self, row: int) -> Fix:
        """What a geofence is decided by: the rest of the fix was not read."""
        return Fix(
            int(self.at[row]),
            int(self.lon_e7[row]),
            int(self.lat_e7[row]),
            find_known(self.speed[row]),
            None,
            find_known(self.accuracy[row]),
            flags=int(self.flags[row]),
        )


def find_known(value: float) -> float | None:
    return float(value) if value == value else None
