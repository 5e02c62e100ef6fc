"""The carriers: the one process that talks to strangers. Whatever they answer, the live path is elsewhere."""

import asyncio
import resource
import socket
from pathlib import Path
from typing import Final

import asyncpg
import structlog

import tracker
from tracker.alerts.carriers.build import build_carriers
from tracker.alerts.carriers.carrier import Carriers
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.vapid import Vapid, new_key
from tracker.alerts.dispatcher import Dispatcher
from tracker.alerts.forwarding.forwarder import Forwarder
from tracker.geo.towns import Towns
from tracker.logs import Seldom
from tracker.metrics import AlertMetrics
from tracker.processes.assignment import Assignment
from tracker.processes.lookups import Answerer
from tracker.processes.sibling import NUDGE, QUESTION, Sibling
from tracker.settings import Settings
from tracker.start import EVERYWHERE, base_url
from tracker.store.installation import upsert_push_key
from tracker.store.pool import AWAY, borrow, open_pool

CONNECTIONS: Final = 5  # one of them is kept by who tells Home Assistant
ANSWER: Final = 15.0  # s for one statement
AGAIN: Final = 1.0  # s to the next attempt to reach the database
REPORT: Final = 1.0  # s
TILES: Final = Path(tracker.__file__).parent.parent / "web" / "dist" / "tiles"  # of the page, with the names of towns
FILES: Final = 4096  # a socket for each message under way, and some

logger = structlog.get_logger()
seldom = Seldom(logger)


async def work(assignment: Assignment, shutdown: asyncio.Event) -> None:
    """Until `shutdown`; what is under way then is sent again after its lease."""
    raise_limit()
    metrics = AlertMetrics()
    pool = await open_pool(assignment.database_url, min_size=0, max_size=CONNECTIONS, answer_s=ANSWER, wipes=False)
    try:
        async with asyncio.TaskGroup() as tasks:
            carrying = tasks.create_task(carry(pool, assignment, metrics), name="alerts")
            await shutdown.wait()
            carrying.cancel()
    finally:
        pool.terminate()


async def carry(pool: asyncpg.Pool, assignment: Assignment, metrics: AlertMetrics) -> None:
    """Until cancelled."""
    dialer = Dialer(assignment.settings.private_receivers)
    carriers = await reach(pool, assignment.settings, dialer)
    dispatcher = Dispatcher(pool, carriers, metrics, page=find_page(assignment.settings), towns=Towns(TILES))
    siblings: list[Sibling] = []
    try:
        async with asyncio.TaskGroup() as tasks:
            siblings += [meet(end, dispatcher, dialer, tasks) for end in assignment.inherited]
            tasks.create_task(dispatcher.run(), name="dispatcher")
            tasks.create_task(Forwarder(pool, dialer).run(), name="forwarder")
            if (settings := assignment.settings).home_assistant and settings.mqtt:
                from tracker.alerts.home_assistant.announcer import Announcer  # only where it is wanted: it speaks MQTT

                announcer = Announcer(pool, settings.mqtt, settings.home_assistant)
                tasks.create_task(announcer.run(), name="home assistant")
            tasks.create_task(report(siblings[0], metrics), name="report")  # which shows it
    finally:
        for sibling in siblings:
            sibling.close()
        await carriers.close()


def meet(end: int, dispatcher: Dispatcher, dialer: Dialer, tasks: asyncio.TaskGroup) -> Sibling:
    """A server of this machine, who nudges us and asks for addresses."""
    sibling = Sibling(socket.socket(fileno=end), lambda message: hear(message, dispatcher, answerer))
    answerer = Answerer(dialer.resolve, sibling.tell, tasks)
    return sibling


def find_page(settings: Settings) -> str:
    """What links in alerts begin with: what the operator says; nothing where that is no address to go to."""
    host, _, port = settings.bind.rpartition(":")
    if not settings.origins and (host in EVERYWHERE or port == "0"):
        return ""
    return base_url(settings).rstrip("/")


def hear(message: bytes, dispatcher: Dispatcher, answerer: Answerer) -> None:
    """What the server tells us."""
    if message == NUDGE:
        dispatcher.wake()
    elif message.startswith(QUESTION):
        answerer.hear(message)


async def reach(pool: asyncpg.Pool, settings: Settings, dialer: Dialer) -> Carriers:
    """As soon as the database answers."""
    while True:
        try:
            return await make_carriers(pool, settings, dialer)
        except AWAY as error:
            seldom.warning("alerts wait for the database", error=repr(error))
            await asyncio.sleep(AGAIN)


async def make_carriers(pool: asyncpg.Pool, settings: Settings, dialer: Dialer) -> Carriers:
    """What alerts leave by, with the key that this installation has kept since its first start."""
    async with borrow(pool) as conn:
        key = await upsert_push_key(conn, new_key())
    return build_carriers(
        dialer,
        Vapid(key, settings.push_contact),
        smtp=settings.smtp,
        smtp_from=settings.smtp_from,
        mqtt=settings.mqtt,
    )


async def report(sibling: Sibling, metrics: AlertMetrics) -> None:
    """Until cancelled: the server's /metrics shows what we count."""
    while True:
        sibling.tell(metrics.text())
        await asyncio.sleep(REPORT)


def raise_limit() -> None:
    """Of open files, as far as this system lets us: the usual 1,024 are fewer than the places there are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
