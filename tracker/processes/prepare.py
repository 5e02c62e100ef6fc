"""What has to be there before a server can serve anybody: a database that answers and is up to date."""

import asyncio
from typing import Final, NamedTuple

import asyncpg
import structlog

from tracker.access.links import make_first_link
from tracker.alerts.carriers.carrier import Carriers
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.resolver import Resolve
from tracker.errors import DatabaseAway, StorageDown
from tracker.logs import Seldom
from tracker.processes.carriers import make_carriers
from tracker.settings import Settings
from tracker.store.pool import AWAY, borrow, open_pool
from tracker.store.reach import bring_up_to_date

logger = structlog.get_logger()
seldom = Seldom(logger)

API_CONNECTIONS: Final = 8
API_ANSWER: Final = 15.0  # s for one statement; then 503, for a person has given up by then
AGAIN: Final = 1.0  # s to the next attempt


class Prepared(NamedTuple):
    """What has to be there before anybody can be served. `code`: of the first sign-in link."""

    pool: asyncpg.Pool
    carriers: Carriers
    code: str | None


async def prepare(url: str, settings: Settings, shutdown: asyncio.Event, resolve: Resolve) -> Prepared:
    """On a database that is up to date. The private one is waited for: its disk may be full, and what keeps it looks
    after it. That another one is away is told to who named it."""
    while True:
        try:
            return await begin_with(url, settings, resolve)
        except (StorageDown, DatabaseAway, *AWAY) as error:
            if settings.database_url is not None or shutdown.is_set():
                raise
            seldom.warning("cannot begin yet", error=repr(error))
            await asyncio.sleep(AGAIN)


async def begin_with(url: str, settings: Settings, resolve: Resolve) -> Prepared:
    for name in await bring_up_to_date(url):
        logger.info("migrated", file=name)
    pool = await open_pool(url, min_size=1, max_size=API_CONNECTIONS, answer_s=API_ANSWER, wipes=False)
    try:
        carriers = await make_carriers(pool, settings, Dialer(settings.private_receivers, resolve))
        return Prepared(pool, carriers, await first_link(pool, settings))
    except BaseException:
        pool.terminate()
        raise


async def first_link(pool: asyncpg.Pool, settings: Settings) -> str | None:
    """None where there is a way in already: somebody used it, or the operator set a token."""
    if settings.admin_token is not None:
        return None
    async with borrow(pool) as conn:
        return await make_first_link(conn)
