"""Dispatcher: takes what is due and sends it, many at a time, few to each endpoint.

Any number of processes may run one: a message that is taken is taken for `LEASE` seconds. It survives PostgreSQL going
away; what it could not note is sent again, so a receiver may get a message twice, and never not at all.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Collection, Sequence
from time import monotonic
from typing import Final, TypeVar

import asyncpg
import msgspec
import structlog

from tracker.alerts.allowed import NO_LONGER, find_sight, keep_allowed
from tracker.alerts.breaker import AT_ONCE, PLACES, SPACING, Breaker, Health
from tracker.alerts.carriers.carrier import Carriers
from tracker.alerts.carriers.notice import Notice
from tracker.alerts.carriers.verdict import Verdict, VerdictKind, explain_failure
from tracker.alerts.schedule import SCHEDULE, next_wait
from tracker.alerts.unpacking import unpack
from tracker.errors import TrackerError
from tracker.geo.towns import Towns
from tracker.logs import Seldom
from tracker.metrics import AlertMetrics
from tracker.model.delivery import Attempt, Delivery, DeliveryState
from tracker.model.moment import now_ms
from tracker.model.names import Names
from tracker.model.subscription import Subscription
from tracker.store.deliveries import (
    claim_deliveries,
    hasten_retries,
    select_due,
    update_delivery_skipped,
    update_delivery_tried,
)
from tracker.store.delivery_upkeep import bury_unnoted, prune_deliveries, select_backlog
from tracker.store.installation import select_installation
from tracker.store.names import select_names
from tracker.store.pool import AWAY, borrow
from tracker.store.rights import Rights, select_rights, select_rights_revision
from tracker.store.subscriptions import (
    disable_subscription,
    select_enabled_subscriptions,
    select_subscription_revision,
)

logger = structlog.get_logger()
seldom = Seldom(logger)
T = TypeVar("T")

LOOK: Final = 1.0  # s between looks where nobody woke us: other processes write outboxes too
LEASE: Final = 40.0  # s; longer than any carrier's deadline, so nobody else sends what is under way
TEND: Final = 60.0  # s
RELOAD: Final = 30.0  # s: a secret that was replaced ends without a change of the table
HASTEN: Final = 5.0  # s over which the retries of a receiver that is back are spread
UNNOTED: Final = "tried often, and what became of it could not be noted"
ENDS: Final[dict[VerdictKind, DeliveryState]] = {"sent": "sent", "dead": "dead", "gone": "dead"}


class Dispatcher:
    def __init__(
        self,
        pool: asyncpg.Pool,
        carriers: Carriers,
        metrics: AlertMetrics,
        *,
        page: str = "",
        towns: Towns | None = None,
    ) -> None:
        """`page`: where a browser finds us; `towns`: what places are near."""
        self.pool = pool
        self.carriers = carriers
        self.metrics = metrics
        self.page = page
        self.towns = towns
        self.awake = asyncio.Event()
        self.subscriptions: dict[int, Subscription] = {}  # the enabled ones, by key, as of `revision`
        self.revision = -1
        self.rights = Rights()
        self.loaded = self.tended = float("-inf")  # monotonic s
        self.installation = ""
        self.breakers: defaultdict[str, Breaker] = defaultdict(Breaker)  # by endpoint
        self.under_way: Counter[Health] = Counter()  # by the health its endpoint had when it was sent

    def wake(self) -> None:
        """There are new events."""
        self.awake.set()

    async def run(self) -> None:
        """Until cancelled; what is under way then is sent again after its lease."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self.awake.clear()
                before = self.under_way.total()
                if (error := await venture(self.turn(tasks))) is not None:
                    complain(error)
                    await asyncio.sleep(LOOK)
                await asyncio.sleep(SPACING)
                if self.under_way.total() == before == 0:
                    await self.pause()

    async def pause(self) -> None:
        try:
            async with asyncio.timeout(LOOK):
                await self.awake.wait()
        except TimeoutError:
            return

    async def turn(self, tasks: asyncio.TaskGroup) -> None:
        """From the outbox into deliveries, and what is due on its way: those of the last minutes first."""
        async with borrow(self.pool) as conn:
            if await unpack(conn):
                self.wake()
            await self.load(conn)
            await self.tend(conn)
            for fresh in (True, False):
                due = await select_due(conn, self.subscriptions, fresh=fresh)
                if not (slots := self.slots(due)):
                    continue
                claimed = await self.keep_allowed(conn, await claim_deliveries(conn, slots, lease_s=LEASE, fresh=fresh))
                names = await self.names(conn, claimed)
                for each in claimed:
                    self.start(each, names, tasks)

    async def load(self, conn: asyncpg.Connection) -> None:
        if not self.installation:
            self.installation = await select_installation(conn)
        revision = await select_subscription_revision(conn)
        if revision != self.revision or monotonic() - self.loaded > RELOAD:
            self.subscriptions = {each.key: each for each in await select_enabled_subscriptions(conn)}
            self.revision, self.loaded = revision, monotonic()
            used = {self.endpoint(each) for each in self.subscriptions.values()}
            for endpoint in [name for name, each in self.breakers.items() if name not in used and not each.under_way]:
                del self.breakers[endpoint]

    def endpoint(self, subscription: Subscription) -> str:
        return self.carriers.of(subscription.channel).endpoint(subscription.channel)

    async def tend(self, conn: asyncpg.Connection) -> None:
        if monotonic() - self.tended < TEND:
            return
        self.tended = monotonic()
        await prune_deliveries(conn)
        await bury_unnoted(conn, attempts=len(SCHEDULE) + 2, reason=UNNOTED)
        backlog = await select_backlog(conn)
        self.metrics.alerts_waiting.set(backlog.waiting)
        self.metrics.alerts_dead.set(backlog.dead)
        self.metrics.alerts_oldest.set(backlog.oldest)

    def slots(self, due: Collection[int]) -> dict[int, int]:
        """How many messages each of these subscriptions may have sent now; in changing order, for there may not be
        enough."""
        now, found = monotonic(), dict[int, int]()
        endpoints = {key: self.endpoint(self.subscriptions[key]) for key in due}
        left = {endpoint: self.breakers[endpoint].slots(now) for endpoint in endpoints.values()}
        places = {health: most - self.under_way[health] for health, most in PLACES.items()}
        for key in random.sample(list(due), len(due)):
            endpoint = endpoints[key]
            health = self.breakers[endpoint].health
            if left[endpoint] > 0 and places[health] > 0:
                found[key] = min(AT_ONCE if health == "well" else 1, places[health])
                left[endpoint] -= found[key]
                places[health] -= found[key]
        return found

    async def keep_allowed(self, conn: asyncpg.Connection, claimed: Sequence[Delivery]) -> list[Delivery]:
        """What may still be told, by the rights of now; a message of which nothing may ends here."""
        if claimed and await select_rights_revision(conn) != self.rights.revision:
            self.rights = await select_rights(conn)
        kept = []
        for each in claimed:
            if (
                allowed := keep_allowed(find_sight(self.rights, self.subscriptions[each.subscription]), each)
            ) is not None:
                kept.append(allowed)
            else:
                await update_delivery_skipped(conn, each, NO_LONGER)
        return kept

    async def names(self, conn: asyncpg.Connection, claimed: Sequence[Delivery]) -> Names:
        """Of what is to be told to people; as they are now, for that is how people know them."""
        channels = {each.id: self.subscriptions[each.subscription].channel for each in claimed}
        telling = [id for id, channel in channels.items() if self.carriers.need_names(channel)]
        return await select_names(conn, telling) if telling else Names()

    def start(self, delivery: Delivery, names: Names, tasks: asyncio.TaskGroup) -> None:
        subscription = self.subscriptions[delivery.subscription]
        message = Notice(delivery, subscription, self.installation, names, self.page, self.towns)
        breaker = self.breakers[self.endpoint(message.subscription)]
        health = breaker.health
        self.under_way[health] += 1
        breaker.start(monotonic())
        tasks.create_task(self.deliver(message, breaker, health))

    async def deliver(self, message: Notice, breaker: Breaker, health: Health) -> None:
        """One attempt, and the note of what became of it: whatever a carrier does, it is one that counts."""
        delivery, at, began = message.delivery, now_ms(), monotonic()
        verdict = Verdict("failed", error="the server ended")
        try:
            verdict = await self.attempt(message)
        finally:
            self.under_way[health] -= 1
            is_back = breaker.settle(monotonic(), verdict.is_well, verdict.retry_after)
        attempt = Attempt(delivery.attempts, at, round((monotonic() - began) * 1000), verdict.status, verdict.told)
        error = await venture(self.note(delivery, attempt, verdict))
        if error is not None and not isinstance(error, AWAY):  # the next try to note it must not fail by the same word
            complain(error)
            told = f"what became of it could not be noted: {type(error).__name__}"
            error = await venture(self.note(delivery, msgspec.structs.replace(attempt, error=told), verdict))
        if error is None and is_back:
            error = await venture(self.hasten(self.endpoint(message.subscription)))
        if error is not None:  # its lease ends, and it is sent again: better twice than never
            complain(error)
        self.wake()  # the next of its lane is due

    async def attempt(self, message: Notice) -> Verdict:
        channel = message.subscription.channel
        verdict = await venture(self.carriers.of(channel).send(channel, message))
        if isinstance(verdict, Exception):
            logger.error("a carrier failed", kind=type(channel).__name__, exc_info=verdict)
            return explain_failure(verdict)
        return verdict

    async def note(self, delivery: Delivery, attempt: Attempt, verdict: Verdict) -> None:
        wait = next_wait(delivery.attempts, random.random(), verdict.retry_after)
        state = ENDS.get(verdict.result, "dead" if wait is None else "waiting")
        async with borrow(self.pool) as conn:
            await update_delivery_tried(conn, delivery, attempt, state, None if state != "waiting" else wait)
            if verdict.result == "gone":
                await disable_subscription(conn, delivery.subscription, attempt.error or "its receiver is gone")
        self.metrics.alerts.labels("failed" if state == "waiting" else state).inc()

    async def hasten(self, endpoint: str) -> None:
        """An endpoint is back: nobody waits hours for the next try of its schedule."""
        keys = [each.key for each in self.subscriptions.values() if self.endpoint(each) == endpoint]
        async with borrow(self.pool) as conn:
            await hasten_retries(conn, keys, within_s=HASTEN, after_s=LEASE)


async def venture(work: Awaitable[T]) -> T | Exception:
    """What it gives, or the error it raised. The border of the alerts: a carrier talks to strangers, and whatever that
    brings is an answer to go on with, not the end of all others."""
    try:
        return await work
    except Exception as error:
        return error


def complain(error: Exception) -> None:
    if isinstance(error, (TrackerError, *AWAY)):
        seldom.warning("alerts wait for the database", error=repr(error))
    else:
        seldom.error("alerts failed", exc_info=error)
