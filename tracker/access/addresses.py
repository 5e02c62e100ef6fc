"""Addresses: which device a phone's address is of, remembered, for a phone shows its key with every fix."""

from typing import Final

import asyncpg

from tracker.access.lookup import Lookup
from tracker.model.address import Address
from tracker.store.addresses import select_addresses

REMEMBERED: Final = 100_000  # keys; full: all are forgotten, and asked for again


class Addresses:
    """One for the process. Only keys that exist are remembered, so a stranger who guesses fills nothing."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._lookup = Lookup(select_addresses)
        self._known: dict[str, Address] = {}
        self._keys: dict[int, str] = {}  # by device
        self._changes = 0

    async def find(self, key: str) -> Address | None:
        """None for a key that nobody has. Raises StorageDown."""
        if known := self._known.get(key):
            return known
        if "\0" in key:
            return None
        changes = self._changes
        address = await self._lookup.find(self._pool, key)
        if address is not None and changes == self._changes:  # else it may have ended since we asked
            self._remember(key, address)
        return address

    def _remember(self, key: str, address: Address) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
            self._keys.clear()
        self._known[key] = address
        self._keys[address.device.key] = key

    def forget(self, device: int) -> None:
        """Something about the device changed; its key may have ended."""
        self._changes += 1
        if (key := self._keys.pop(device, None)) is not None:
            self._known.pop(key, None)

    def forget_all(self) -> None:
        self._changes += 1
        self._known.clear()
        self._keys.clear()
