"""The newest position of every device in columns, so that a tick asks all of them at once. Rows are device keys."""

from collections.abc import Iterable, Iterator
from math import ceil, floor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracker.live.dots import Dots
from tracker.live.strides import CLOSEST, Strides
from tracker.model.device import Device
from tracker.model.fix import E7
from tracker.model.position import Position
from tracker.model.privacy import Privacy
from tracker.model.sight import Sight
from tracker.model.viewport import Viewport

NO_VALUE: Final = 65_535
NO_BATTERY: Final = 255
MOST_UNWRITTEN: Final = 2_000  # some 4 ms to write: whoever looks first after a long time waits no longer
SPEED_MAX: Final = 65_534
ROW: Final = np.dtype(
    [
        ("at", "i8"),
        ("lon", "i4"),
        ("lat", "i4"),
        ("speed", "u2"),
        ("heading", "u2"),
        ("status", "u1"),
        ("battery", "u1"),
        ("tick", "i8"),
        ("committed_at", "i8"),
    ]
)
Slots = NDArray[np.int64]


class Table:
    """`rows["tick"]` is the tick in which a row changed last; 0: there is nothing to show. `rights` is the revision of
    the rights by which the newest of it is to be shown."""

    def __init__(self) -> None:
        self._rows: NDArray[Any] = np.zeros(1024, ROW)
        self.unwritten: dict[int, int] = {}  # by slot, when it was committed: what the columns lack
        self.positions: dict[int, Position] = {}
        self.devices: dict[int, Device] = {}
        self.tick = 1
        self.rights = -1
        self.privacies: dict[int, Privacy] = {}  # by slot, of devices that are vague or paused
        self.privacies_told = 0  # counts up when one changes
        self.strides: dict[int, Strides] = {}  # by zoom, of those that somebody has looked at
        self.dots = Dots(self.positions, self.touch)

    @property
    def rows(self) -> NDArray[Any]:
        """The columns. They are written when somebody looks: of what came in many small commits since then the newest
        of each device, all at once, and where nobody looks hardly ever."""
        if self.unwritten:
            self.write()
        return self._rows

    @rows.setter
    def rows(self, rows: NDArray[Any]) -> None:
        self._rows = rows

    def write(self) -> None:
        unwritten, self.unwritten = self.unwritten, {}
        # Its first fix may come before the nudge that it was made: viewers would be shown a name that is none.
        values = [
            to_row(self.positions[slot], self.tick if slot in self.devices else 0, committed_at)
            for slot, committed_at in unwritten.items()
        ]
        self._rows[list(unwritten)] = np.array(values, ROW)

    def put(self, positions: Iterable[Position], committed_at: int) -> None:
        """The last one stored wins: a bus may bring an older one late. A device nobody has told us of stays
        hidden until then."""
        fresh = [each for each in positions if self.is_newer(each)]
        if not fresh:
            return
        self.positions.update((each.device, each) for each in fresh)
        self.grow(max(each.device for each in fresh))
        self.unwritten.update((each.device, committed_at) for each in fresh)
        if len(self.unwritten) > MOST_UNWRITTEN:
            self.write()
        self.dots.notice(each.device for each in fresh)

    def is_newer(self, position: Position) -> bool:
        """By when we received it, not by when it was measured: a clock that ran ahead may have been set right."""
        known = self.positions.get(position.device)
        return known is None or (position.received_at, position.fix.at) >= (known.received_at, known.fix.at)

    def grow(self, key: int) -> None:
        size = len(self._rows)
        if key >= size:
            bigger = np.zeros(max(2 * size, key + 1), ROW)
            bigger[:size] = self._rows
            self._rows = bigger

    def next_tick(self) -> int:
        """Changes from here on are newer than what was sent so far."""
        if self.unwritten:
            self.write()
        self.tick += 1
        return self.tick - 1

    def touch(self, key: int) -> None:
        """Show it again though it did not move: its name changed."""
        if key in self.positions and key in self.devices:
            self.rows["tick"][key] = self.tick
            for strides in self.strides.values():
                strides.forget(key)

    def tell_privacy(self, slot: int, privacy: Privacy | None) -> None:
        """As it is from now on; None: exact."""
        if self.privacies.get(slot) == privacy:
            return
        self.privacies_told += 1
        if privacy is None:
            del self.privacies[slot]
        else:
            self.privacies[slot] = privacy

    def remove(self, key: int) -> None:
        self.devices.pop(key, None)
        self.unwritten.pop(key, None)
        if self.positions.pop(key, None):
            self.rows[key] = np.zeros(1, ROW)[0]
            self.dots.notice([key])
            for strides in self.strides.values():
                strides.remove(key)

    def find_changed_since(self, tick: int) -> Slots:
        return np.flatnonzero(self.rows["tick"] > max(tick, 0))

    def find_moved_since(self, tick: int, zoom: int | None) -> Slots:
        """Of those changed, what somebody who looks from so far sees to have changed. `zoom` None: all."""
        if zoom is None or zoom >= CLOSEST:
            return self.find_changed_since(tick)
        strides = self.strides.setdefault(zoom, Strides(zoom))
        strides.advance(self.rows, self.tick - 1)  # more may come with the present one
        return strides.find_since(tick)

    def within(self, viewport: Viewport, sight: Sight) -> list[Position]:
        slots = self.find_changed_since(0)
        if (mask := self.dots.mask(sight, len(self.rows))) is not None:
            slots = slots[mask[slots]]
        seen = inside(self.rows["lon"][slots], self.rows["lat"][slots], viewport)
        return [self.positions[key] for key in slots[seen].tolist()]

    def get(self, key: int) -> Position | None:
        return self.positions.get(key)

    def device(self, key: int) -> Device | None:
        return self.devices.get(key)

    def keys(self, ids: Iterable[str]) -> Iterator[int]:
        """Of the devices with these ids, those we know."""
        wanted = set(ids)
        return (key for key, device in self.devices.items() if device.id in wanted)


def inside(lon: NDArray[Any], lat: NDArray[Any], viewport: Viewport) -> NDArray[np.bool_]:
    """Which of these places, whole 1e-7 degrees, lie in the box, across 180 degrees too."""
    west, south = ceil(viewport.west * E7), ceil(viewport.south * E7)  # integers: arrays of floats need not be made
    east, north = floor(viewport.east * E7), floor(viewport.north * E7)
    between = (lon >= west) | (lon <= east) if viewport.crosses_180 else (lon >= west) & (lon <= east)
    if viewport.east >= 180.0:  # the meridian itself is kept as -180
        between |= lon == -180 * E7
    found: NDArray[np.bool_] = between & (lat >= south) & (lat <= north)
    return found


def to_row(position: Position, tick: int, committed_at: int) -> tuple[int, ...]:
    fix = position.fix
    return (
        fix.at,
        fix.lon_e7,
        fix.lat_e7,
        NO_VALUE if fix.speed is None else min(round(fix.speed * 100), SPEED_MAX),
        NO_VALUE if fix.heading is None else round(fix.heading * 100) % 36_000,
        position.status,
        NO_BATTERY if fix.battery is None else round(fix.battery * 100),
        tick,
        committed_at,
    )
