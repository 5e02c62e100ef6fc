"""Sources: what one address or broker says of many devices goes to each of them; of a name that is no device it is
kept, and stored when it has become one."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, TypeVar

import asyncpg
import msgspec
import structlog

from tracker.access.addresses import Addresses
from tracker.errors import StorageDown, TrackerError
from tracker.ingest.posts import Posts
from tracker.logs import Seldom
from tracker.model.address import Address
from tracker.model.device import Device
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_us
from tracker.model.report import App
from tracker.sources.frames import Said, explain_nameless, find_notes
from tracker.store.pool import AWAY, borrow
from tracker.store.sources import lock_source, update_fault
from tracker.store.unknowns import (
    UnknownFix,
    delete_unknown,
    delete_unknown_fixes,
    insert_unknown,
    prune_unknown,
    select_all_unknown,
    select_unknown_app,
    select_unknown_fixes,
)

seldom = Seldom(structlog.get_logger())
V = TypeVar("V")
Kept = tuple[int, int, int]  # when and where

AT_ONCE: Final = 200  # names, or fixes: all that wait at once would take the room of everybody else
LOOK: Final = 30.0  # s between looks whether a name has become a device by another way than being adopted


class Sources:
    """One for the process."""

    def __init__(self, pool: asyncpg.Pool, addresses: Addresses, posts: Posts) -> None:
        self.pool = pool
        self.addresses = addresses
        self.posts = posts

    async def take(self, source: int, said: Mapping[str, Said]) -> None:
        """What was said by each name; the empty one is nobody's. Returns after the commit. Raises StorageDown."""
        self.posts.check_room()
        unknown = dict[str, Frame]()
        for names in cut([name for name in said if name]):
            found = await self.find(source, names)
            unknown |= {name: said[name].frame for name in names if name not in found}
            await asyncio.gather(*(self.offer(each.device, said[name]) for name, each in found.items()))
        if unknown or "" in said:
            await self.keep(source, unknown, explain_nameless(said[""].frame) if "" in said else None)

    async def offer(self, device: Device, said: Said) -> None:
        frame = msgspec.structs.replace(said.frame, device=device.key)
        await self.posts.offer(device, frame)
        await self.posts.rest(device, said.is_paused, frame.received_at)
        for note in find_notes(said, frame.received_at):
            await self.posts.call(device, note, frame.received_at)

    async def find(self, source: int, names: Sequence[str]) -> dict[str, Address]:
        """Those that are devices."""
        found = await asyncio.gather(*(self.addresses.find_named(source, name) for name in names))
        return {name: each for name, each in zip(names, found, strict=True) if each is not None}

    async def keep(self, source: int, unknown: Mapping[str, Frame], fault: str | None) -> None:
        try:
            async with borrow(self.pool) as conn, conn.transaction():
                await lock_source(conn, source)
                for name, frame in unknown.items():
                    await insert_unknown(conn, source, name, frame)
                if fault is not None:
                    await update_fault(conn, source, fault)
        except AWAY as error:
            raise StorageDown from error

    async def adopt(self, source: int, name: str) -> int:
        """Store what is kept of a name that is a device by now; how many fixes. Called again after it was cut off, or
        by two at once, it stores none twice, for a repeat is recognised. Raises StorageDown."""
        stored = set[Kept]()  # the same may be said, and kept, again meanwhile
        try:
            while (found := await self.addresses.find_named(source, name)) is not None:
                async with borrow(self.pool) as conn:
                    app = await select_unknown_app(conn, source, name)
                    kept = await select_unknown_fixes(conn, source, name, limit=AT_ONCE)
                    if not kept and (await delete_unknown(conn, source, name) or app is None):
                        break
                for frame in make_kept_frames(found.device.key, app or "", kept):
                    stored |= find_stored(frame, await self.posts.offer(found.device, frame))
                async with borrow(self.pool) as conn:
                    await delete_unknown_fixes(conn, source, name, [each.fix for each in kept])
        except AWAY as error:
            raise StorageDown from error
        return len(stored)

    async def run(self, is_open: Callable[[], bool]) -> None:
        """Until cancelled: names that have become devices get what was kept of them, and what is a day old goes."""
        while True:
            if is_open():
                try:
                    await self.look()
                except (TrackerError, *AWAY) as error:
                    seldom.warning("names that sources say are not looked at", error=repr(error))
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        async with borrow(self.pool) as conn:
            await prune_unknown(conn)
            names = await select_all_unknown(conn)
        for source, name in names:
            await self.adopt(source, name)


def make_kept_frames(device: int, app: str, kept: Sequence[UnknownFix]) -> list[Frame]:
    """One for each dialect; a backlog, for they are older than what comes now."""
    now, found = now_us(), dict[int, list[Fix]]()
    for each in kept:
        found.setdefault(each.dialect, []).append(each.fix)
    return [
        Frame(device, -1, now, list(fixes), True, app=App(Dialect(dialect), app)) for dialect, fixes in found.items()
    ]


def find_stored(frame: Frame, outcome: Outcome) -> set[Kept]:
    """Which of them are, now or before; without those that are kept in quarantine."""
    refused = {refusal.index for refusal in outcome.refusals}
    fixes = [] if -1 in refused else frame.entries
    return {
        (fix.at, fix.lon_e7, fix.lat_e7)
        for index, fix in enumerate(fixes)
        if isinstance(fix, Fix) and index not in refused
    }


def cut(values: Sequence[V]) -> Iterator[list[V]]:
    rest = iter(values)
    while part := list(islice(rest, AT_ONCE)):
        yield part
