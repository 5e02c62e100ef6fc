"""Rooms: the links of this process that somebody looks at. Once a second what came is read for all of them; whether
they still work is asked with the same breath, so that a link ends though every nudge is lost."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from functools import partial
from time import monotonic
from typing import Final

import asyncpg
import structlog

from tracker.access.sharing import GONE, find_shown
from tracker.access.sights import Sights
from tracker.errors import NotFound, NotSignedIn, TooMany, TrackerError
from tracker.links.room import LinkRoom, make_position
from tracker.links.veil import VAGUE, find_span, find_start, veil_way
from tracker.live.changes import Changes
from tracker.live.frames import Subscribe
from tracker.live.ticks import serve_in_ticks
from tracker.live.viewer import Viewer
from tracker.logs import Seldom
from tracker.model.moment import datetime_to_micros, micros_to_datetime, now_ms, now_us
from tracker.model.position import Position
from tracker.model.privacy import ALWAYS, Guise
from tracker.model.share import Glimpse, Share, Shared, Veil
from tracker.model.token import Token
from tracker.store.installation import select_veil_key
from tracker.store.pool import AWAY, answering, borrow
from tracker.store.share_rows import Wanted, select_before, select_newest, select_rows, select_way
from tracker.store.shares import Made, mark_arrivals, select_shares_by_key

seldom = Seldom(structlog.get_logger())

READ: Final = 0.8  # s between looks at the log and at the links
ANSWER: Final = 5.0  # s the database has for one
TICK: Final = 0.05  # s
KEPT: Final = 30.0  # s a room stays when nobody looks
MOST: Final = 1_000  # links that are looked at
LONGEST: Final = 20_000  # places of a way; of a longer one the first of so many seconds
Attempt = Callable[[Viewer, Callable[[], bool]], bool]


def try_plainly(viewer: Viewer, serve: Callable[[], bool]) -> bool:
    return serve()


class Rooms:
    """`attempt` keeps what goes wrong for one viewer from the others."""

    def __init__(self, pool: asyncpg.Pool, sights: Sights, attempt: Attempt = try_plainly) -> None:
        self.pool = pool
        self.sights = sights
        self.attempt = attempt
        self.rooms: dict[int, LinkRoom] = {}  # MOST at most; further links are told to come back
        self.changed = asyncio.Event()
        self._reading = asyncio.Lock()
        self._secret: bytes | None = None
        self.vague: LinkRoom | None = None  # of the devices that are vague to everybody
        self.show_cells: Callable[[Mapping[int, Position]], None] | None = None  # to whoever serves the live stream

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.read_on(), name="links")
            await serve_in_ticks(self.changed, self.serve, TICK)

    async def read_on(self) -> None:
        while True:
            await asyncio.sleep(READ)
            self.sweep(monotonic())
            try:
                await self.read(tuple(self.rooms))
            except (TrackerError, *AWAY) as error:
                seldom.warning("sharing links cannot be read", error=repr(error))

    def sweep(self, now: float) -> None:
        """Rooms that nobody needs go, and those whose time is over, also while the database is away."""
        for key, room in tuple(self.rooms.items()):
            if datetime_to_micros(room.share.until) <= now_us():
                self.end(key)
                continue
            room.end_expired(now_ms())
            if not room.viewers and room.used_at + KEPT < now:
                self.rooms.pop(key, None)

    def end(self, key: int) -> None:
        if (room := self.rooms.pop(key, None)) is not None:
            room.end()

    def serve(self, now: float) -> bool:
        """Send every viewer that is due its frame. True while there are some that were not served all."""
        is_behind = False
        for room in self.rooms.values():
            tick = room.table.next_tick()
            for viewer in tuple(room.viewers):
                if viewer.is_owed:
                    self.attempt(viewer, partial(viewer.pay, now))
                elif viewer.is_due(tick, now):
                    changes = Changes(room.table, room.table.find_changed_since(viewer.tick))
                    self.attempt(viewer, partial(viewer.update, changes, tick, now))
                is_behind = is_behind or viewer.is_behind(tick)
        return is_behind

    async def find(self, token: Token) -> LinkRoom:
        """The room of the link this bearer is of, as of now. NotFound where the link is over."""
        key = token.link or 0
        if (room := self.rooms.get(key)) is None or not room.viewers:
            if room is None and len(self.rooms) >= MOST:
                raise TooMany("too many links are looked at just now", retry_after=10.0)
            await self.read([key])  # with viewers it is read all the time
        if (room := self.rooms.get(key)) is None:
            raise NotFound(GONE)
        room.used_at = monotonic()
        return room

    async def make_viewer(self, token: Token) -> Viewer:
        room = await self.find(token)
        if room.is_full:
            raise TooMany("as many are looking at this link as may")
        return Viewer(room.table, room.head, room, token)

    async def take(self, viewer: Viewer, token: Token, wish: Subscribe) -> None:
        """A viewer that signed in by its first message."""
        try:
            room = await self.find(token)
        except NotFound as error:
            raise NotSignedIn(str(error)) from None
        viewer.table, viewer.head, viewer.host, viewer.token = room.table, room.head, room, token
        if not viewer.is_closed:
            room.add(viewer)
        if not viewer.is_closed:
            viewer.subscribe(wish)

    def count_viewers(self, share: int) -> int:
        room = self.rooms.get(share)
        return len(room.viewers) if room else 0

    async def read(self, keys: Collection[int], moment: int | None = None) -> None:
        """These links as they are now, with what came for them; `moment`: now, in microseconds."""
        if not keys and self.vague is None and not self.find_vague(now_us()):
            return
        async with self._reading, borrow(self.pool) as conn, answering(conn, ANSWER):
            now = now_us() if moment is None else moment
            await self.sights.refresh(conn)
            self._secret = self._secret or await select_veil_key(conn)
            await mark_arrivals(conn, keys, micros_to_datetime(now))
            found = await select_shares_by_key(conn, keys)
            for key in keys:
                self.adopt(key, found.get(key), self._secret)
            rooms = [each for key in keys if (each := self.rooms.get(key))]
            for by_minutes in (False, True):
                alike = [each for each in rooms if (each.veil.level is not None) == by_minutes]
                await self.fold(conn, alike, now, by_minutes=by_minutes)
            await self.read_cells(conn, now, self._secret)

    def find_vague(self, now: int) -> list[Guise]:
        guises = self.sights.rights.guises
        return [each for each in guises.values() if (mode := each.find(now)) is not None and mode.mode == "vague"]

    async def read_cells(self, conn: asyncpg.Connection, now: int, secret: bytes) -> None:
        """Where the devices that are vague are; folded as a link does that blurs as much, so that both say the same."""
        vague = self.find_vague(now)
        if not vague and self.vague is None:
            return
        room = self.vague or make_vague_room(secret)
        room.guises = self.sights.rights.guises
        room.change(room.share, [Shared(each.key, each.id, each.id, each.id) for each in vague])
        await self.fold(conn, [room], now, by_minutes=True)
        if self.show_cells is not None:
            given = {each: room.given.get(each.key) for each in vague}
            self.show_cells(
                {each.key: make_position(each.slot, found, is_exact=False) for each, found in given.items() if found}
            )
        self.vague = room if vague else None

    def adopt(self, key: int, made: Made | None, secret: bytes) -> None:
        shown = () if made is None else find_shown(self.sights, made)
        if made is None or not shown:
            self.end(key)
            return
        if key not in self.rooms:
            self.rooms[key] = LinkRoom(secret, made.share, self.changed.set)
            self.rooms[key].used_at = monotonic()
        self.rooms[key].guises = self.sights.rights.guises
        self.rooms[key].change(made.share, shown)

    async def fold(self, conn: asyncpg.Connection, rooms: Collection[LinkRoom], now: int, *, by_minutes: bool) -> None:
        """Rooms that all blur (they need the first row of each minute only), or all do not."""
        if not rooms:
            return
        wanted = [await self.begin(conn, room, now) + room.want(now) for room in rooms]
        found = iter(await select_rows(conn, [each for of_room in wanted for each in of_room], by_minutes=by_minutes))
        for room, of_room in zip(rooms, wanted, strict=True):
            room.fold({each.device: next(found) for each in of_room}, now)

    async def begin(self, conn: asyncpg.Connection, room: LinkRoom, now: int) -> list[Wanted]:
        """Of devices of which nothing is known yet: from where on they are to be folded."""
        asked = room.want_newest(now)
        if not asked:
            return []
        newest = await select_newest(conn, asked)
        known = [(each, at) for each, at in zip(asked, newest, strict=True) if at is not None]
        begins = [(each, room.find_begin(each.device, at)) for each, at in known]
        if room.veil.level is None and begins:
            # With the last one before, so that who comes now is shown what those who were there still see.
            ends = await select_before(conn, [Wanted(each.device, begin, each.moment) for each, begin in begins])
            begins = [(each, end) for (each, _), end in zip(begins, ends, strict=True)]
        return [Wanted(each.device, begin - 1, each.moment) for each, begin in begins]

    async def read_way(self, room: LinkRoom, shared: Shared, since: int | None, until: int | None) -> list[Glimpse]:
        """Where a device of a link was, as far as the link shows it now. `since` and `until` in ms."""
        moment, day = room.find_moment(now_us()), room.find_day(shared.key)
        first, last = find_span(room.veil, moment)
        first, last = max(first, since or first), min(last, until if until is not None else last)
        if first > last:
            return []
        begin = find_start(room.veil, day, first)
        step = 60 if room.veil.level is not None else max(0, (min(last, moment // 1000) - first) // 1000 // LONGEST)
        async with borrow(self.pool) as conn:
            wanted = Wanted(shared.key, max(begin - 1, 0), moment)
            rows = await select_way(conn, wanted, last, step=step, late=room.veil.level is None)
        rows = [each for each in rows if not room.keeps(each)]
        return await asyncio.to_thread(veil_way, room.veil, day, rows, first, moment)


def make_vague_room(secret: bytes) -> LinkRoom:
    """A link that nobody made and nobody has: what it would show is what others see of a device that is vague."""
    veil = Veil(since=0, until=ALWAYS // 1000, opens=True, level=VAGUE)
    moment = micros_to_datetime(now_us())
    share = Share(0, "", "", None, None, (), veil, made_at=moment, until=moment)
    return LinkRoom(secret, share, lambda: None)


def find_shared(room: LinkRoom, alias: str) -> Shared:
    """NotFound for what this link does not show."""
    shared = room.shown.get(alias)
    if shared is None:
        raise NotFound(f"there is no device {alias}")
    return shared
