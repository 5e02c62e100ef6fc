"""The numberer: gives what batches told its numbers, after their commit, and with it to alerts and to the bus.

writer --has_told--> numberer --[one transaction: events, head, outbox]--> bus

There is one in each process that writes, and one of them has the duty; see store/duties.py. What it is told by the bus
is only that there is something to do: it looks each second all the same, and a start numbers what waits.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg
import msgspec
import structlog

from tracker.alerts.matching import Subscriptions, load_subscriptions, write_outbox
from tracker.live.bus import Bus
from tracker.logs import Seldom
from tracker.metrics import Metrics
from tracker.model.event import Event
from tracker.model.moment import now_us
from tracker.model.sight import EVERYTHING
from tracker.model.update import Update
from tracker.store.duties import NUMBERING, end_duty, take_duty
from tracker.store.events import select_events, select_head
from tracker.store.pool import AWAY, BAD_DATA, answering, open_connection
from tracker.store.refused_events import count_refused, insert_refused, select_told
from tracker.store.rights import select_rights_revision
from tracker.store.subscriptions import select_subscription_revision
from tracker.store.unnumbered import (
    Numbered,
    number,
    number_if_unmoved,
    number_one,
    select_oldest_unnumbered,
)

logger = structlog.get_logger()
seldom = Seldom(logger)

MOST: Final = 1_000  # events in one transaction: some 30 ms
LOOK: Final = 1.0  # s between looks where nobody woke us
REST: Final = 0.2  # s at least between two looks of one that does not have the duty: whoever has it was told, too
AGAIN: Final = 0.25  # s to the next attempt after a failure
STALLED: Final = 5.0  # s for which the same waits: then whoever has the duty hangs
ANSWER: Final = 20.0  # s for one transaction
FOR_GOOD: Final = 3  # times that one by itself is refused until it is set aside, with a look between


class Numberer:
    """`last`: the newest number that was published, or that this process found; -1: not known yet. `most`: how many the
    next transaction takes; fewer after each failure, so that what is refused or slow holds up only what is behind it.
    """

    def __init__(self, url: str, bus: Bus, metrics: Metrics) -> None:
        self.url = url
        self.bus = bus
        self.metrics = metrics
        self.subscriptions = Subscriptions()
        self.told = asyncio.Event()
        self.idle = asyncio.Event()  # nothing waited that could be numbered, when it was looked last
        self.idle.set()
        self.conn: asyncpg.Connection | None = None
        self.has_duty = False
        self.last = -1
        self.may_number: Callable[[], bool] = lambda: True  # whether others could hear of it
        self.most = MOST
        self.first: int | None = None  # the id of what waited longest when one was tried by itself
        self.refused: tuple[int | None, int] = None, 0  # what was refused by itself, and how often in a row
        self.waiting: tuple[int, float] | None = None  # what waits longest for who has the duty, and since when

    def deliver(self, update: Update) -> None:
        """Take what was committed, as the bus brings it."""
        if update.has_told:
            self.idle.clear()
            self.told.set()

    async def run(self) -> None:
        """Until cancelled. While the database is away, or refuses an event, they wait where they are."""
        try:
            while True:
                self.told.clear()
                if not await self.attempt():
                    await self.pause()
        finally:
            self.leave()

    async def attempt(self) -> bool:
        """Whether to try again at once."""
        most = min(self.most, MOST)
        self.most = max(most // 2, 1)  # until it went well
        try:
            is_more = await self.turn(most)
        except BAD_DATA as error:
            return most > 1 or await self.bear(error)
        except AWAY as error:
            seldom.warning("events wait for the database", error=repr(error))
            self.leave()
            await asyncio.sleep(AGAIN)
            return True
        except (asyncpg.PostgresError, msgspec.MsgspecError) as error:  # a table or a value as nobody expects it
            self.leave()
            return self.set_idle("events wait: they cannot be numbered", error)
        self.most = min(most * 2, MOST)
        return is_more

    async def bear(self, error: Exception) -> bool:
        """One by itself was refused by what it holds. What is refused again and again always will be, and what was told
        after it is not to wait for that. Whether to try again at once."""
        again = self.refused[1] + 1 if self.refused[0] == self.first else 1
        self.refused = self.first, again
        if again < FOR_GOOD or self.conn is None or self.first is None:
            return self.set_idle("events wait: refused by the database", error)
        self.refused = None, 0
        try:
            async with answering(self.conn, ANSWER):
                return await self.set_aside(self.conn, self.first, error)
        except (*AWAY, *BAD_DATA, asyncpg.PostgresError) as worse:
            self.leave()
            return self.set_idle("events wait: what is refused cannot be set aside", worse)

    async def set_aside(self, conn: asyncpg.Connection, id: int, error: Exception) -> bool:
        """Without its alerts, where those are what is refused; else altogether. By its id: what was committed since may
        have a lower one, and is to be told with its alerts."""
        events, rights = list[Event](), 0
        async with conn.transaction():
            if (told := await select_told(conn, id)) is None:
                return False
            with suppress(*BAD_DATA):
                async with conn.transaction():
                    if (numbered := await number_one(conn, id)) is not None:
                        events, rights = numbered.events, numbered.rights
            await insert_refused(conn, told, events[0].id if events else None, repr(error))
        await self.count_refused(conn)
        logger.error("an event was refused by the database for good, and is set aside", id=id, error=repr(error))
        if events:
            self.publish(events, rights, has_messages=True)
        return True

    async def count_refused(self, conn: asyncpg.Connection) -> None:
        self.metrics.refused_events.set(await count_refused(conn))

    def set_idle(self, what: str, error: Exception) -> bool:
        """Nothing more can be done at once."""
        seldom.error(what, error=repr(error), first=self.first)
        self.idle.set()
        return False

    async def pause(self) -> None:
        if not self.has_duty:
            await asyncio.sleep(REST)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK):
                await self.told.wait()

    async def drain(self) -> None:
        """Wait until what was told so far has its numbers."""
        await self.idle.wait()

    def leave(self) -> None:
        """The duty goes with the session, whenever PostgreSQL notices its end."""
        if self.conn is not None:
            self.conn.terminate()
        self.conn, self.has_duty, self.waiting = None, False, None

    async def turn(self, most: int) -> bool:
        """Number what waits, where this process has the duty. Whether there may be more."""
        if not self.may_number():
            self.leave()
            return False
        if self.conn is None:
            self.conn = await open_connection(self.url)
        async with answering(self.conn, ANSWER):
            if not self.has_duty and not await self.take_over(self.conn):
                return False
            if most == 1:
                self.first = await select_oldest_unnumbered(self.conn)
            events = await self.number(self.conn, most)
        if len(events) < most and not self.told.is_set():
            self.idle.set()
        return len(events) == most

    async def number(self, conn: asyncpg.Connection, most: int) -> list[Event]:
        known = self.subscriptions
        if known.enabled or known.revision < 0:
            numbered = await self.number_for_alerts(conn, most)
        else:
            # Nobody wishes for alerts, so the numbers are all there is to write. Begin and commit would each wait for
            # an answer, and whoever looks on would wait for both.
            numbered = await number_if_unmoved(conn, most, known.revision)
            if numbered is None and await select_subscription_revision(conn) != known.revision:
                numbered = await self.number_for_alerts(conn, most)
        if numbered is None:
            return []
        self.metrics.events.inc(len(numbered.events))
        # A call for help can be told now, with its event.
        self.publish(numbered.events, numbered.rights, any(event.type == "sos" for event in numbered.events))
        return numbered.events

    async def number_for_alerts(self, conn: asyncpg.Connection, most: int) -> Numbered | None:
        async with conn.transaction():
            numbered = await number(conn, most)
            if numbered is not None:
                self.subscriptions = await load_subscriptions(conn, self.subscriptions, numbered.subscriptions)
                await write_outbox(conn, numbered.events, self.subscriptions)
        return numbered

    def publish(self, events: list[Event], rights: int, has_messages: bool) -> None:
        self.last = events[-1].id
        self.bus.publish(Update([], events, now_us(), has_messages, rights))

    async def take_over(self, conn: asyncpg.Connection) -> bool:
        """Whether the duty is ours. Who had it may have ended before it could publish what it had numbered: so the end
        of that is published once more, by which everybody sees whether something is missing: in a process that is new,
        too, for the others may have missed it."""
        self.has_duty = await take_duty(conn, NUMBERING)
        if not self.has_duty:
            await self.look_after(conn)
            return False
        await self.count_refused(conn)
        head = await select_head(conn)
        if head > self.last:
            await self.publish_newest(conn, head)
        self.last = head
        return True

    async def publish_newest(self, conn: asyncpg.Connection, head: int) -> None:
        rights = await select_rights_revision(conn)
        if events := await select_events(conn, EVERYTHING, after=head - 1, limit=1):
            self.publish(events, rights, has_messages=True)  # a call for help may be among what was not published

    async def look_after(self, conn: asyncpg.Connection) -> None:
        """What waits for too long waits for one that hangs."""
        oldest, now = await select_oldest_unnumbered(conn), asyncio.get_running_loop().time()
        if oldest is None:
            self.idle.set()
            self.waiting = None
        elif self.waiting is None or self.waiting[0] != oldest:
            self.waiting = oldest, now
        elif now - self.waiting[1] > STALLED:
            logger.warning("who numbers the events hangs, and is ended")
            await end_duty(conn, NUMBERING)
