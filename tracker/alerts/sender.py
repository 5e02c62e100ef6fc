"""Sender: takes what is due and sends it, many at a time, few to each endpoint.

Any number of processes may run one: a message that is taken is taken for `LEASE` seconds. It survives PostgreSQL going
away; what it could not note is sent again, so a receiver may get a message twice, and never not at all.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Collection, Coroutine, Sequence
from time import monotonic
from typing import Any, Final

import asyncpg
import structlog

from tracker.alerts.breaker import AT_ONCE, SPACING, Breaker
from tracker.alerts.carriers.carrier import Carriers
from tracker.alerts.carriers.message import Message
from tracker.alerts.carriers.outcome import Outcome, Result
from tracker.alerts.schedule import next_wait
from tracker.alerts.unpacking import unpack
from tracker.errors import TrackerError
from tracker.metrics import Metrics
from tracker.model.delivery import Attempt, Delivery, DeliveryState
from tracker.model.moment import now_ms
from tracker.model.names import Names
from tracker.model.subscription import Subscription
from tracker.store.deliveries import claim_deliveries, hasten_retries, select_due, update_delivery_tried
from tracker.store.delivery_upkeep import prune_deliveries, select_backlog
from tracker.store.installation import select_installation
from tracker.store.names import select_names
from tracker.store.pool import AWAY, borrow
from tracker.store.subscriptions import (
    disable_subscription,
    select_enabled_subscriptions,
    select_subscription_revision,
)

logger = structlog.get_logger()

LOOK: Final = 1.0  # s between looks where nobody woke us: other processes write outboxes too
LEASE: Final = 40.0  # s; longer than any carrier's deadline, so nobody else sends what is under way
UNDER_WAY: Final = 16 * AT_ONCE  # messages at once
TEND: Final = 60.0  # s
RELOAD: Final = 30.0  # s: a secret that was replaced ends without a change of the table
HASTEN: Final = 5.0  # s over which the retries of a receiver that is back are spread
ENDS: Final[dict[Result, DeliveryState]] = {"sent": "sent", "dead": "dead", "gone": "dead"}


class Sender:
    def __init__(self, pool: asyncpg.Pool, carriers: Carriers, metrics: Metrics) -> None:
        self.pool = pool
        self.carriers = carriers
        self.metrics = metrics
        self.awake = asyncio.Event()
        self.subscriptions: dict[int, Subscription] = {}  # the enabled ones, by key, as of `revision`
        self.revision = -1
        self.loaded = self.tended = float("-inf")  # monotonic s
        self.installation = ""
        self.breakers: defaultdict[str, Breaker] = defaultdict(Breaker)  # by endpoint
        self.under_way = 0

    def wake(self) -> None:
        """There are new events."""
        self.awake.set()

    async def run(self) -> None:
        """Until cancelled; what is under way then is sent again after its lease."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self.awake.clear()
                before = self.under_way
                await self.guarded(self.turn(tasks))
                await asyncio.sleep(SPACING)
                if self.under_way == before == 0:
                    await self.pause()

    async def pause(self) -> None:
        try:
            async with asyncio.timeout(LOOK):
                await self.awake.wait()
        except TimeoutError:
            return

    async def guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """The border of the alerts: whatever happens behind it, fixes are stored and positions shown."""
        try:
            await work
        except (TrackerError, *AWAY) as error:
            logger.warning("alerts wait for the database", error=repr(error))
            await asyncio.sleep(LOOK)
        except Exception:
            logger.exception("an alert failed")
            await asyncio.sleep(LOOK)

    async def turn(self, tasks: asyncio.TaskGroup) -> None:
        """From the outbox into deliveries, and what is due on its way: those of the last minutes first."""
        async with borrow(self.pool) as conn:
            if await unpack(conn):
                self.wake()
            await self.load(conn)
            await self.tend(conn)
            for fresh in (True, False):
                due = await select_due(conn, self.subscriptions, fresh=fresh)
                slots, most = self.slots(due), UNDER_WAY - self.under_way
                if not slots or most <= 0:
                    continue
                claimed = await claim_deliveries(conn, slots, most=most, lease_s=LEASE, fresh=fresh)
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
        for key in random.sample(list(due), len(due)):
            if (endpoint := endpoints[key]) and left[endpoint] > 0:
                found[key] = 1 if self.breakers[endpoint].failures else AT_ONCE
                left[endpoint] -= found[key]
        return found

    async def names(self, conn: asyncpg.Connection, claimed: Sequence[Delivery]) -> Names:
        """Of what is to be told to people; as they are now, for that is how people know them."""
        channels = {each.id: self.subscriptions[each.subscription].channel for each in claimed}
        telling = [id for id, channel in channels.items() if self.carriers.of(channel).is_for_people]
        return await select_names(conn, telling) if telling else Names()

    def start(self, delivery: Delivery, names: Names, tasks: asyncio.TaskGroup) -> None:
        subscription = self.subscriptions[delivery.subscription]
        self.under_way += 1
        self.breakers[self.endpoint(subscription)].started(monotonic())
        tasks.create_task(self.guarded(self.deliver(Message(delivery, subscription, self.installation, names))))

    async def deliver(self, message: Message) -> None:
        """One attempt, and the note of what became of it."""
        delivery, channel = message.delivery, message.subscription.channel
        breaker = self.breakers[self.endpoint(message.subscription)]
        at, began = now_ms(), monotonic()
        outcome = Outcome("failed", error="the server ended")
        try:
            outcome = await self.carriers.of(channel).send(channel, message)
        finally:
            self.under_way -= 1
            is_back = breaker.settled(monotonic(), outcome.is_well, outcome.retry_after)
        attempt = Attempt(delivery.attempts, at, round((monotonic() - began) * 1000), outcome.status, outcome.error)
        await self.note(delivery, attempt, outcome)
        if is_back:
            await self.hasten(self.endpoint(message.subscription))
        self.wake()  # the next of its lane is due

    async def note(self, delivery: Delivery, attempt: Attempt, outcome: Outcome) -> None:
        wait = next_wait(delivery.attempts, random.random(), outcome.retry_after)
        state = ENDS.get(outcome.result, "dead" if wait is None else "waiting")
        self.metrics.alerts.labels("failed" if state == "waiting" else state).inc()
        async with borrow(self.pool) as conn:
            await update_delivery_tried(conn, delivery, attempt, state, None if state != "waiting" else wait)
            if outcome.result == "gone":
                await disable_subscription(conn, delivery.subscription, outcome.error or "its receiver is gone")

    async def hasten(self, endpoint: str) -> None:
        """An endpoint is back: nobody waits hours for the next try of its schedule."""
        keys = [each.key for each in self.subscriptions.values() if self.endpoint(each) == endpoint]
        async with borrow(self.pool) as conn:
            await hasten_retries(conn, keys, within_s=HASTEN, after_s=LEASE)
