"""Addresses: whose a phone's address is, and whom a source means by a name; they come with every fix."""

from collections.abc import Collection
from typing import Final

import asyncpg

from tracker.access.lookup import Lookup
from tracker.model.address import Address
from tracker.model.source import Source
from tracker.store.addresses import select_addresses
from tracker.store.sources import Named, select_named, select_source_keys

REMEMBERED: Final = 100_000  # keys, and names as many; full: all are forgotten, and asked for again


async def select_any(conn: asyncpg.Connection, keys: Collection[str]) -> dict[str, Address | Source]:
    found: dict[str, Address | Source] = {}
    found |= await select_addresses(conn, keys)
    if rest := [key for key in keys if key not in found]:
        found |= await select_source_keys(conn, rest)
    return found


class Addresses:
    """One for the process. Only what exists is remembered, so a stranger who guesses fills nothing."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._lookup = Lookup(select_any)
        self._names = Lookup(select_named)
        self._known: dict[str, Address] = {}
        self._keys: dict[int, str] = {}  # by device
        self._named: dict[Named, Address] = {}
        self._sources: dict[str, Source] = {}
        self._changes = 0

    async def find(self, key: str) -> Address | Source | None:
        """None for a key that nobody has. Raises StorageDown."""
        if known := self._known.get(key) or self._sources.get(key):
            return known
        if "\0" in key:
            return None
        changes = self._changes
        address = await self._lookup.find(self._pool, key)
        if address is not None and changes == self._changes:  # else it may have ended since we asked
            self._remember(key, address)
        return address

    async def find_named(self, source: int, name: str) -> Address | None:
        """Whom the source means; None where that is no device yet. Raises StorageDown."""
        if known := self._named.get((source, name)):
            return known
        changes = self._changes
        address = await self._names.find(self._pool, (source, name))
        if address is not None and changes == self._changes:
            if len(self._named) >= REMEMBERED:
                self._named.clear()
            self._named[(source, name)] = address
        return address

    def _remember(self, key: str, address: Address | Source) -> None:
        if isinstance(address, Source):
            self._sources[key] = address
            return
        if len(self._known) >= REMEMBERED:
            self._known.clear()
            self._keys.clear()
        self._known[key] = address
        self._keys[address.device.key] = key

    def forget(self, device: int) -> None:
        """Something about the device changed; its key may have ended."""
        self.forget_names()
        if (key := self._keys.pop(device, None)) is not None:
            self._known.pop(key, None)

    def forget_names(self) -> None:
        """Which sources there are, or of whom they may speak, has changed."""
        self._changes += 1
        self._named.clear()
        self._sources.clear()

    def forget_all(self) -> None:
        self.forget_names()
        self._known.clear()
        self._keys.clear()
