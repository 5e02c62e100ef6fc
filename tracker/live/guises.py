"""Guises: what others see of devices that are vague or paused, or were. Each has a row of the table beside its own, so
that a viewer's mask picks the one or the other, and the live stream, cells, names and counts need no further rule."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from tracker.live.table import Table
from tracker.model.position import Position
from tracker.model.privacy import ALWAYS, Guise, Privacy, find_due
from tracker.store.rights import Rights


class Guises:
    """Of one table. `due`: when a mode ends by itself next (microseconds). `vanished`: slots that show nothing more,
    of which the viewers are to be told; as many as there are guises at most."""

    def __init__(self, table: Table, wake: Callable[[], None] = lambda: None) -> None:
        self.table = table
        self.wake = wake  # there may be something to send
        self.revision = -1
        self.by_key: Mapping[int, Guise] = {}
        self.due = ALWAYS
        self.cells: dict[int, Position] = {}  # by key, of those that are vague: the cell, at the guise's slot
        self.vanished: set[int] = set()

    def settle(self, rights: Rights, now: int) -> None:
        """As it is by these rights at a moment (microseconds). To be called before anybody is shown the table."""
        if rights.revision != self.revision:
            self._adopt(rights, now)
        if now >= self.due:
            self._look(now)

    def put(self, positions: Iterable[Position], now: int) -> None:
        """These devices moved."""
        if not self.by_key:
            return
        for position in positions:
            if (guise := self.by_key.get(position.device)) is not None:
                self._show(guise, guise.find(now), now)

    def put_cells(self, cells: Mapping[int, Position], now: int) -> None:
        """Where the devices that are vague are, by their keys; there are no others."""
        moved = [key for key in cells.keys() | self.cells.keys() if cells.get(key) != self.cells.get(key)]
        self.cells = dict(cells)
        for guise in [self.by_key[key] for key in moved if key in self.by_key]:
            self._show(guise, guise.find(now), now)

    def rename(self, key: int) -> int | None:
        """The slot of the guise of a device that is called otherwise now, or is gone. None: it has none."""
        guise, device = self.by_key.get(key), self.table.devices.get(key)
        if guise is None:
            return None
        if device is not None:
            self.table.devices[guise.slot] = msgspec.structs.replace(device, key=guise.slot)
            self.table.touch(guise.slot)
        return guise.slot

    def _adopt(self, rights: Rights, now: int) -> None:
        before, self.by_key, self.revision = self.by_key, rights.guises, rights.revision
        self.table.dots.forget()
        for key in before.keys() - self.by_key.keys():
            self._hide(before[key])
            self.table.tell_privacy(key, None)
            self.table.tell_privacy(before[key].slot, None)
        for key, guise in self.by_key.items():
            if key not in before:
                self.table.grow(guise.slot)
                self.rename(key)
        if before or self.by_key:
            self._look(now)

    def _look(self, now: int) -> None:
        for guise in self.by_key.values():
            self._show(guise, guise.find(now), now)
        self.due = find_due(self.by_key.values(), now)
        self.wake()

    def _show(self, guise: Guise, privacy: Privacy | None, now: int) -> None:
        table, slot = self.table, guise.slot
        has_changed = table.privacies.get(slot) != privacy
        table.tell_privacy(guise.key, privacy)
        table.tell_privacy(slot, privacy)
        position = self._find(guise, privacy)
        if position is None:
            self._hide(guise)
        elif position != table.positions.get(slot):
            if has_changed:  # a cell has the time of its minute: it would be taken for older than what it replaces
                table.positions.pop(slot, None)
            table.put([position], now)

    def _find(self, guise: Guise, privacy: Privacy | None) -> Position | None:
        """What is to be shown; None: nothing."""
        if privacy is not None:
            return self.cells.get(guise.key) if privacy.mode == "vague" else None
        known = self.table.positions.get(guise.key)
        if known is None or guise.keeps(known.fix.at, known.received_at):
            return None
        return msgspec.structs.replace(known, device=guise.slot)

    def _hide(self, guise: Guise) -> None:
        if guise.slot in self.table.positions:
            device = self.table.devices.get(guise.slot)
            self.table.remove(guise.slot)
            if device is not None:
                self.table.devices[guise.slot] = device
            self.vanished.add(guise.slot)


def take_vanished(guises: Guises) -> list[tuple[int, str]]:
    """The slots and ids of what is shown no more, and has not come back since."""
    slots, guises.vanished = guises.vanished, set()
    table = guises.table
    return [
        (slot, device.id)
        for slot in slots
        if slot not in table.positions and (device := table.devices.get(slot)) is not None
    ]
