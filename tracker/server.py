"""The composition root: everything is made here, given what it needs, started in one TaskGroup, and ended in order."""

import asyncio
import gc
import os
import socket
from collections.abc import Callable
from typing import Final

import asyncpg
import structlog

from tracker import posts
from tracker.access.addresses import Addresses
from tracker.access.bounds import make_bounds
from tracker.access.gate import Gate
from tracker.alerts.carriers.carrier import Carriers
from tracker.api.app import Parts, build_app
from tracker.app_answers import AppAnswers
from tracker.clock import find_fault
from tracker.errors import StorageDown, TrackerError
from tracker.ingest.log import Log
from tracker.ingest.numberer import Numberer
from tracker.ingest.owner import LocalOwner
from tracker.ingest.posts import Posts
from tracker.ingest.roster import Roster
from tracker.ingest.session import Reception
from tracker.ingest.writer import Writer
from tracker.links.rooms import Rooms
from tracker.live.hub import Hub
from tracker.live.memory import MemoryBus
from tracker.live.newest import Newest
from tracker.live.table import Table
from tracker.logs import Seldom
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.moment import datetime_to_micros, now_us
from tracker.model.sight import EVERYTHING
from tracker.page import make_page
from tracker.processes.assignment import Assignment, Listening
from tracker.processes.ending import close
from tracker.processes.lookups import Asker
from tracker.processes.prepare import API_ANSWER, prepare
from tracker.processes.sibling import NUDGE, Ear, Sibling, SiblingCounts
from tracker.processes.upkeep import forget, keep_up, learn, sweep
from tracker.remotes import make_feed, make_postbox, make_provider
from tracker.settings import Settings
from tracker.sockets import blueprint, make_admit
from tracker.sources.sources import Sources
from tracker.store.alarms import select_seen
from tracker.store.devices import select_device_by_key, select_devices
from tracker.store.events import select_head, select_oldest
from tracker.store.installation import select_epoch
from tracker.store.nudges import Channel, listen
from tracker.store.ownership import select_newest_checkpoint
from tracker.store.pool import AWAY, answering, borrow, open_pool
from tracker.store.rhythms import select_rhythm
from tracker.store.sessions import select_ended
from tracker.store.tokens import select_revoked
from tracker.websocket import Endpoint, Shutdown, serve

logger = structlog.get_logger()
seldom = Seldom(logger)

GRACE: Final = 10.0  # s from the signal to the end
RECONNECT_MS: Final = 1_500  # what devices are told to wait; they add jitter
DOOR_CONNECTIONS: Final = 4  # of their own, so that a crowd of history queries keeps no device out
AGAIN: Final = 1.0  # s to the next attempt to own the log
# How many new objects bring a collection of garbage, and how many of each kind bring the next larger. With Python's own
# 700 a herd that connects has all of itself looked through again and again, a fifth of a second each time; with many
# times more the smaller collections take long. What is made for a fix goes without any.
GARBAGE: Final = (10_000, 3, 20)
ASK: Final = 2.0  # s the database has to answer a readiness probe


class Server:
    """One process: owns the log, or stands by until it may. `ready` turns true when it owns all partitions."""

    def __init__(
        self,
        url: str,
        pool: asyncpg.Pool,
        doors: asyncpg.Pool,
        tasks: asyncio.TaskGroup,
        settings: Settings,
        carriers: Carriers,
    ) -> None:
        self.url = url
        self.pool = pool
        self.tasks = tasks
        self.settings = settings
        self.find_trouble: Callable[[], str | None] = lambda: None  # what the keeper of the database knows of it
        self.wake_carriers: Callable[[], None] = lambda: None
        self.metrics = Metrics()
        self.table = Table()
        self.bus = MemoryBus()
        self.log = Log(url, f"{socket.gethostname()} {os.getpid()}")
        self.writer, self.numberer = Writer(self.log, self.bus, self.metrics), Numberer(url, self.bus, self.metrics)
        bounds = make_bounds(settings.reader_streams, settings.reader_sessions, settings.reader_tracks)
        self.gate = Gate(doors, settings.admin_token, settings.origins, bounds=bounds)
        self.roster = Roster(self.metrics)
        owner = LocalOwner(self.writer)
        self.reception = Reception(self.roster, owner, self.gate, doors, tasks)
        self.posts, self.answers = Posts(owner), AppAnswers(doors)
        self.hub = Hub(self.gate, doors, tasks, self.metrics, self.table)
        self.links = self.hub.links = Rooms(doors, self.gate.sights, self.hub.attempt)
        self.links.show_cells = self.hub.show_cells
        self.is_owner = self.is_ending = False
        self.clock_fault: str | None = None  # why nobody is listened to yet
        self.carriers = carriers
        self.newest = Newest()
        self.addresses = Addresses(doors)
        self.sources = Sources(doors, self.addresses, self.posts)
        self.feed = make_feed(settings, self.sources, self.roster.by_device.__contains__)
        self.postbox = make_postbox(settings)
        parts = Parts(
            gate=self.gate,
            table=self.table,
            metrics=self.metrics,
            ready=self.find_reasons,
            pool=pool,
            database_url=url,
            addresses=self.addresses,
            count_repeats=lambda device: self.writer.repeats.count(device, now_us()),
            carriers=self.carriers,
            newest=self.newest,
            postbox=self.postbox,
            links=self.links,
            metrics_token=settings.metrics_token,
            guises=self.hub.guises,
            provider=make_provider(settings),
            bind=settings.bind,
            adopt=self.sources.adopt,
        )
        self.app = build_app(parts, make_page(settings))
        self.app.register_blueprint(blueprint(self.reception, self.hub, self.links, self.is_open))
        office = posts.PostOffice(self.sources, self.answers, self.gate, self.is_open, lambda: self.hub.head.epoch)
        self.app.register_blueprint(posts.blueprint(office))

    def is_open(self) -> bool:
        return self.is_owner and not self.is_ending

    async def find_reasons(self) -> list[str]:
        """Why it is not ready; none: it is."""
        found = []
        if self.is_ending:
            found.append("the server is shutting down")
        if self.clock_fault is not None:
            found.append(self.clock_fault)
        elif not self.is_owner:
            found.append("another server owns the partitions; standing by")
        elif not self.writer.is_storing:
            found.append("the writer has lost the database")
        try:
            async with borrow(self.pool, wait=ASK) as conn, answering(conn, ASK):
                await conn.fetchval("select 1")
        except (TrackerError, *AWAY):
            trouble = self.find_trouble()
            found.append(f"the database does not answer: {trouble}" if trouble else "the database does not answer")
        return found

    async def own(self) -> None:
        """Wait until no other process owns the log, then fold until cancelled."""
        await self.take_over()
        for deliver in (self.hub.deliver, self.newest.deliver, self.numberer.deliver):
            self.bus.subscribe(deliver)
        self.is_owner = True
        logger.info("owner of all partitions", epoch=self.log.epoch, devices=len(self.log.states))
        # What is here now stays; a full collection that looked through it again would hold up every fix for 30 ms.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.numberer.run(), name="numberer")
            await self.writer.run()

    async def take_over(self) -> None:
        """A database that goes away meanwhile ends the attempt, not the server."""
        while True:
            try:
                await self.wait_for_clock()
                await self.log.open()
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
        async with borrow(self.pool) as conn:
            self.hub.head.epoch = await select_epoch(conn)
            self.hub.head.event = await select_head(conn)
            self.hub.head.oldest = await select_oldest(conn)
        self.table.put(self.log.memory.find_shown(self.log.states), now_us())

    async def nudge(self, channel: Channel, number: int) -> None:
        if channel == "tracker_revoked":
            self.roster.revoke(number)
            self.hub.revoke(number)
        elif channel == "tracker_session":
            self.hub.end_session(number)
        elif channel == "tracker_command":
            self.roster.send_commands(number)
            self.answers.notice(number)
            if self.feed is not None:
                self.feed.send_commands(number)
        elif channel == "tracker_message":
            self.hub.notice_message(number)
        elif channel == "tracker_seen":
            await self.refresh_seen(number)
        elif channel == "tracker_events_cut":
            await self.refresh_oldest()
        elif channel == "tracker_rights":
            self.hub.rights_moved.set()
            self.addresses.forget_names()
        elif channel == "tracker_geofences":
            self.writer.notice_change()
        else:
            await self.refresh_device(number)

    async def refresh_oldest(self) -> None:
        """Viewers that come back are told from it whether anything they missed is gone."""
        async with borrow(self.pool) as conn:
            self.hub.head.oldest = await select_oldest(conn)

    async def refresh_device(self, key: int) -> None:
        async with borrow(self.pool) as conn:
            device, rhythm = await select_device_by_key(conn, key), await select_rhythm(conn, key)
        self.know(key, device)
        if device is not None:
            self.log.silences.learn(device, rhythm, self.log.states[key])

    def know(self, key: int, device: Device | None) -> None:
        """A device as it is now in the table; None: it was deleted, and nothing more of it may be stored."""
        self.hub.change_device(key, device)
        self.addresses.forget(key)
        if device is None:
            self.writer.forget(key)
        else:
            self.log.know(device)

    async def look(self) -> None:
        """After a time without nudges: all devices, open tokens and sessions, commands, geofences, the oldest event."""
        async with borrow(self.pool) as conn:
            devices = {device.key: device for device in await select_devices(conn, EVERYTHING)}
            callers = [each.token for each in self.roster.members] + [each.token for each in self.hub.viewers]
            tokens = {token.id for token in callers if token}
            revoked = await select_revoked(conn, tokens)
            ended = await select_ended(conn, {token.session for token in callers if token and token.session})
        self.addresses.forget_all()
        self.answers.notice_all()
        for key in devices.keys() | self.table.devices.keys():
            if devices.get(key) != self.table.devices.get(key):
                self.know(key, devices.get(key))
        for token in revoked:
            await self.nudge("tracker_revoked", token)
        for session in ended:
            self.hub.end_session(session)
        for device in list(self.roster.by_device):
            self.roster.send_commands(device)
        self.hub.notice_message(None)
        self.writer.notice_change()
        await self.refresh_oldest()

    async def refresh_seen(self, event: int) -> None:
        async with borrow(self.pool) as conn:
            self.roster.tell_seen(await select_seen(conn, event=event))

    async def farewell(self) -> None:
        """What was received is stored and acked, then everybody is told."""
        self.newest.end()
        self.roster.hold()
        if self.is_owner:
            await self.writer.drain()
        self.roster.dismiss(RECONNECT_MS)
        await self.numberer.drain()


async def work(assignment: Assignment, shutdown: asyncio.Event) -> None:
    """Serve until `shutdown` is set; our parent is told once we take connections. Raises what ended it, if not that."""
    url, settings = assignment.database_url, assignment.settings
    listener, end = assignment.inherited
    report = SiblingCounts()
    asker = Asker(lambda message: sibling.tell(message))
    ear = Ear(report, asker.hear)
    sibling = Sibling(socket.socket(fileno=end), ear.hear)
    pool, carriers, code = await prepare(url, settings, shutdown, asker.addresses)
    doors = await open_pool(url, min_size=0, max_size=DOOR_CONNECTIONS, answer_s=API_ANSWER, wipes=False)
    try:
        async with asyncio.TaskGroup() as tasks:
            server = Server(url, pool, doors, tasks, settings, carriers)
            server.find_trouble = ear.find_trouble
            server.wake_carriers = lambda: sibling.tell(NUDGE)
            server.metrics.registry.register(report)
            server.bus.subscribe(lambda update: sibling.tell(NUDGE) if update.events else None)
            await run_on(server, tasks, listener, shutdown, lambda addresses: Listening(addresses, code).say())
    finally:
        sibling.close()
        pool.terminate()
        doors.terminate()


async def run_on(
    server: Server,
    tasks: asyncio.TaskGroup,
    listener: int,
    shutdown: asyncio.Event,
    started: Callable[[list[str]], None],
) -> None:
    running = [
        tasks.create_task(server.own(), name="writer"),
        tasks.create_task(server.hub.run(), name="hub"),
        tasks.create_task(server.links.run(), name="links"),
        tasks.create_task(listen(server.url, server.nudge, server.look), name="nudges"),
        tasks.create_task(sweep(server.pool), name="sweep"),
        tasks.create_task(forget(server.pool), name="erasures"),
        tasks.create_task(learn(server.pool), name="rhythms"),
        tasks.create_task(keep_up(server.pool, server.hub.notice_message, server.wake_carriers), name="upkeep"),
        tasks.create_task(notice(shutdown, server), name="shutdown"),
    ]
    running.append(tasks.create_task(server.sources.run(server.is_open), name="sources"))
    if server.feed is not None:
        running.append(tasks.create_task(server.feed.run(server.is_open), name="broker"))
    if server.postbox is not None:
        running.append(tasks.create_task(server.postbox.run(), name="postbox"))
    settings, admit = server.settings, make_admit(server.reception, server.is_open)
    endpoint = Endpoint((f"fd://{listener}",), settings.tls_certificate, settings.tls_key, admit=admit)
    await serve(server.app, endpoint, Shutdown(shutdown, server.farewell, GRACE), ready=started)
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    if server.is_owner:
        await close(server.log)


async def notice(shutdown: asyncio.Event, server: Server) -> None:
    """From the signal on /readyz says no and no socket is opened."""
    await shutdown.wait()
    server.is_ending = True
