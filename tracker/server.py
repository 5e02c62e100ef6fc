"""The composition root: everything is made here, given what it needs, started in one TaskGroup, and ended in order."""

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import asyncpg
import structlog

from tracker import posts
from tracker.access import failures
from tracker.access.addresses import Addresses
from tracker.access.bounds import make_bounds
from tracker.access.gate import Gate
from tracker.access.passwords import Passwords
from tracker.alerts.carriers.carrier import Carriers
from tracker.api.app import Parts, build_app
from tracker.api.positions import wait_for_nothing
from tracker.app_answers import AppAnswers
from tracker.clock import find_fault
from tracker.errors import CutOff, StorageDown, TrackerError
from tracker.ingest.log import Log
from tracker.ingest.numberer import Numberer
from tracker.ingest.owner import LocalOwner, Owner
from tracker.ingest.posts import Posts
from tracker.ingest.refresh import Drawn
from tracker.ingest.repeats import Repeats
from tracker.ingest.roster import Roster
from tracker.ingest.session import Reception
from tracker.ingest.writer import STEP, Writer
from tracker.links.rooms import Rooms
from tracker.live.bus import Bus, Publishing
from tracker.live.hub import Hub
from tracker.live.memory import MemoryBus
from tracker.live.newest import Newest
from tracker.live.table import Table
from tracker.logs import Seldom
from tracker.metrics import Metrics
from tracker.model.moment import datetime_to_micros, now_us
from tracker.model.update import Update
from tracker.page import make_page
from tracker.remotes import make_feed, make_postbox, make_provider
from tracker.settings import Settings
from tracker.sockets import blueprint
from tracker.sources.sources import Sources
from tracker.spread.holding import Holding
from tracker.spread.spread import Spread
from tracker.spread.strand import Strand
from tracker.store.events import select_head, select_oldest
from tracker.store.installation import select_epoch
from tracker.store.ownership import ALL, find_strand, list_strand, select_newest_checkpoint
from tracker.store.pool import AWAY, answering, borrow
from tracker.store.refused_events import count_refused

logger = structlog.get_logger()
seldom = Seldom(logger)

RECONNECT_MS: Final = 1_500  # what devices are told to wait; they add jitter
AGAIN: Final = 1.0  # s to the next attempt to own the log
# How many new objects bring a collection of garbage, and how many of each kind bring the next larger. With Python's own
# 700 a herd that connects has all of itself looked through again and again, a fifth of a second each time; with many
# times more the smaller collections take long. What is made for a fix goes without any.
GARBAGE: Final = (10_000, 3, 20)
ASK: Final = 2.0  # s the database has to answer a readiness probe


class Outside(NamedTuple):
    """What a server is given of the world outside of its process. `spread`: the other processes of its installation,
    None where it is the only one; `key`: what all of them know and nobody else."""

    carriers: Carriers
    spread: Spread | None = None
    key: bytes | None = None


class Server:
    """One process: owns the log, or stands by until it may. `ready` turns true when it owns all partitions."""

    def __init__(
        self,
        url: str,
        pool: asyncpg.Pool,
        doors: asyncpg.Pool,
        tasks: asyncio.TaskGroup,
        settings: Settings,
        outside: Outside,
    ) -> None:
        self.url = url
        self.pool = pool
        self.tasks = tasks
        self.settings = settings
        self.find_trouble: Callable[[], str | None] = lambda: None  # what the keeper of the database knows of it
        self.wake_carriers: Callable[[], None] = lambda: None
        self.metrics = Metrics()
        self.table = Table()
        self.spread, self.carriers, self.key = outside.spread, outside.carriers, outside.key
        self.bus: Bus = MemoryBus() if self.spread is None else self.spread.bus
        self.drawn, self.repeats = Drawn(), Repeats()
        self.writer, self.numberer = self.make_writer(ALL, self.bus), Numberer(url, self.bus, self.metrics)
        bounds = make_bounds(settings.reader_streams, settings.reader_sessions, settings.reader_tracks)
        self.gate = Gate(doors, settings.admin_token, settings.origins, bounds=bounds)
        self.roster = Roster(self.metrics) if self.spread is None else Roster(self.metrics, find_strand)
        self.owner: Owner = LocalOwner(self.writer) if self.spread is None else self.spread.owner
        self.reception = Reception(self.roster, self.owner, self.gate, doors, tasks)
        self.posts, self.answers = Posts(self.owner), AppAnswers(doors)
        self.hub = Hub(self.gate, doors, tasks, self.metrics, self.table)
        self.links = self.hub.links = Rooms(doors, self.gate.sights, self.hub.attempt)
        self.links.show_cells = self.hub.show_cells
        self.is_owner = self.is_ending = self.is_aside = False
        self.clock_fault: str | None = None  # why nobody is listened to yet
        self.newest = Newest()
        self.passwords = Passwords(pool)
        self.refused = 0  # events, when it was asked for last
        self.addresses = Addresses(doors)
        self.sources = Sources(doors, self.addresses, self.posts)
        if self.spread is not None:
            self.join(self.spread)
        self.feed = make_feed(settings, self.sources, self.is_connected)
        self.postbox = make_postbox(settings)
        self.app = build_app(self.make_parts(), make_page(settings))
        self.app.register_blueprint(blueprint(self.reception, self.hub, self.links, self.is_open))
        office = posts.PostOffice(self.sources, self.answers, self.gate, self.is_open, lambda: self.hub.head.epoch)
        self.app.register_blueprint(posts.blueprint(office))
        self.take = posts.make_take(office, self.metrics)

    def make_parts(self) -> Parts:
        return Parts(
            gate=self.gate,
            table=self.table,
            metrics=self.metrics,
            ready=self.find_reasons,
            notes=self.find_notes,
            pool=self.pool,
            database_url=self.url,
            addresses=self.addresses,
            count_repeats=lambda device: self.repeats.count(device, now_us()),
            carriers=self.carriers,
            newest=self.newest,
            passwords=self.passwords,
            postbox=self.postbox,
            links=self.links,
            metrics_token=self.settings.metrics_token,
            guises=self.hub.guises,
            provider=make_provider(self.settings),
            bind=self.settings.bind,
            adopt=self.sources.adopt,
            key=self.key,
            attend=wait_for_nothing if self.spread is None else self.spread.attention.wait,
        )

    def join(self, spread: Spread) -> None:
        """The other processes of this installation."""
        self.holding = Holding(spread, self.pool, self.read_head, self.show)
        spread.find_reasons, spread.cut_off = self.find_faults, self.part
        spread.hear_failure = failures.share(failures.list_counts(self.gate, self.passwords), spread.tell_failure)
        self.numberer.may_number = lambda: spread.is_heard
        spread.wants = lambda: self.holding.is_able and not self.is_aside and not self.is_ending
        spread.is_prepared = lambda: self.holding.is_prepared
        spread.attention.is_needed = self.needs_all
        self.metrics.hears.set_function(lambda: not spread.attention.is_resting)
        self.hub.look, self.hub.settle = spread.attention.call, spread.attention.settle
        spread.join(self.make_strand_writer, self.hub, self.newest, self.tasks, self.metrics)

    def needs_all(self) -> bool:
        """Whether what other processes tell of their devices is for this one: somebody looks, events are told by it,
        or a pair of devices has two owners."""
        paired = (each.log.memory.meetings.distant for each in self.find_owning())
        return bool(self.hub.viewers) or self.numberer.has_duty or any(paired)

    def make_writer(self, partitions: Sequence[int], bus: Publishing) -> Writer:
        log = Log(self.url, f"{socket.gethostname()} {os.getpid()}", partitions=partitions)
        log.drawn = self.drawn
        return Writer(log, bus, self.metrics, self.repeats)

    def make_strand_writer(self, strand: int, bus: Publishing) -> Writer:
        writer = self.make_writer(list_strand(strand), bus)
        writer.step = STEP
        return writer

    @property
    def writers(self) -> list[Writer]:
        """All that there may be in this process, whether they own anything or not."""
        return [self.writer] if self.spread is None else self.spread.writers

    def find_writer(self, device: int) -> Writer:
        return self.writer if self.spread is None else self.spread.find_writer(device)

    def find_owning(self) -> list[Writer]:
        """Those whose log is this process's."""
        if self.spread is None:
            return [self.writer] if self.is_owner else []
        return [each.writer for each in self.spread.owned]

    def is_open(self) -> bool:
        """Whether devices and viewers may come in."""
        return not self.is_ending and (self.is_owner if self.spread is None else self.spread.is_level)

    def may_act(self) -> bool:
        """Whether this is the one process that does what must happen once: with several it owns the first strand."""
        is_first = self.is_owner if self.spread is None else self.spread.strands[0].is_ours
        return is_first and not self.is_ending

    async def is_connected(self, device: int) -> bool:
        """Anywhere. Raises StorageDown where nobody says it now."""
        if device in self.roster.by_device:
            return True
        return self.spread is not None and await self.spread.is_connected(device)

    def part(self) -> None:
        """Cut off from the other processes: nobody is to believe that what is sent here is heard, or that what is shown
        here is all there is. What it owns of the log it gives up."""
        for member in tuple(self.roster.members):
            member.fail(CutOff())
        for viewers in (self.hub.viewers, *(room.viewers for room in self.links.rooms.values())):
            for viewer in tuple(viewers):
                viewer.fail(CutOff())
        self.tasks.create_task(self.holding.give_up_all(), name="give up")

    def find_faults(self) -> list[str]:
        """Why it is not ready, as far as it knows without asking the database."""
        found = ["the server is shutting down"] if self.is_ending else []
        if self.clock_fault is not None:
            found.append(self.clock_fault)
        elif not all(each.is_storing for each in self.find_owning()):
            found.append("the writer has lost the database")
        elif self.spread is not None:
            found += self.spread.find_trouble()
        elif not self.is_owner:
            found.append("another server owns the partitions; standing by")
        return found

    async def find_reasons(self) -> list[str]:
        """Why it is not ready; none: it is."""
        found = self.find_faults()
        try:
            async with borrow(self.pool, wait=ASK) as conn, answering(conn, ASK):
                self.refused = await count_refused(conn)
        except (TrackerError, *AWAY):
            trouble = self.find_trouble()
            found.append(f"the database does not answer: {trouble}" if trouble else "the database does not answer")
        return found

    def find_notes(self) -> list[str]:
        """What was found by `find_reasons` and is none."""
        return [f"events that the database refused were set aside: {self.refused}"] if self.refused else []

    async def own(self) -> None:
        """Wait until no other process owns the log, then fold until cancelled; with several processes what is ours of
        it."""
        await self.take_over()
        self.bus.subscribe(self.numberer.deliver)
        if self.spread is None:
            self.is_owner = True
            self.bus.subscribe(self.hub.deliver)
            self.bus.subscribe(self.newest.deliver)
            log = self.writer.log
            logger.info("owner of all partitions", epoch=log.epoch, devices=len(log.states))
        # What is here now stays; a full collection that looked through it again would hold up every fix for 30 ms.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.numberer.run(), name="numberer")
            await (self.writer.run() if self.spread is None else self.holding.run())

    async def take_over(self) -> None:
        """A database that goes away meanwhile ends the attempt, not the server."""
        while True:
            try:
                await self.wait_for_clock()
                if self.spread is None:
                    await self.writer.log.open()
                    await self.fill()
                return
            except (StorageDown, *AWAY) as error:
                seldom.warning("cannot take over yet", error=repr(error))
                await asyncio.sleep(AGAIN)

    async def wait_for_clock(self) -> None:
        async with borrow(self.pool) as conn:
            newest = await select_newest_checkpoint(conn)
        stamp = None if newest is None or self.settings.trust_clock else datetime_to_micros(newest)
        while (fault := find_fault(now_us(), stamp)) is not None:
            self.clock_fault = fault
            seldom.error("the clock is wrong, nothing is taken", reason=fault)
            await asyncio.sleep(AGAIN)
        self.clock_fault = None

    async def fill(self) -> None:
        """What viewers see before the first new fix."""
        await self.read_head()
        log = self.writer.log
        self.table.put(log.memory.find_shown(log.states), now_us())

    def show(self, strand: Strand) -> None:
        """Who is connected here already is shown what the owner before did last, which the bus may not have brought."""
        log = strand.writer.log
        self.hub.deliver(Update(log.memory.find_shown(log.states), [], now_us(), has_messages=True))
        self.hub.note_event(self.hub.head.event)
        self.newest.note(self.hub.head.event)

    async def read_head(self) -> None:
        async with borrow(self.pool) as conn:
            epoch, newest, oldest = await select_epoch(conn), await select_head(conn), await select_oldest(conn)
        # All at once: who goes on from where it was is judged by all three.
        head = self.hub.head
        head.epoch, head.oldest = epoch, oldest
        head.event = max(head.event, newest)  # the bus may have brought more meanwhile

    async def come_in(self, spread: Spread) -> None:
        """Serve before, and without, owning anything."""
        while not spread.is_filled:
            try:
                await self.read_head()
                spread.is_filled = True
            except (StorageDown, *AWAY) as error:
                seldom.warning("cannot begin yet", error=repr(error))
                await asyncio.sleep(AGAIN)
        await spread.run()

    async def farewell(self) -> None:
        """What was received is stored and acked, then everybody is told."""
        if self.spread is not None:
            self.spread.beat()  # it wants nothing more
            await self.holding.leave()
        self.newest.end()
        self.roster.hold()
        if self.spread is not None:
            await self.spread.owner.drain()
            await self.holding.end()
            self.spread.end()
        for writer in self.find_owning():
            await writer.drain()
        self.roster.dismiss(RECONNECT_MS)
        await self.numberer.drain()
