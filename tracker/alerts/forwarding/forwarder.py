"""Forwarder: brings what devices sent to other servers, a batch at a time, at least once.

A cursor over the log for each device says how far it came, so nothing is queued, and a server that was away for a week
is brought up to date from where it left. Any number of processes may run one: a forward that is taken is leased.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

import asyncpg
import structlog

from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.dispatcher import complain, venture
from tracker.alerts.forwarding.outlet import Outlet, Sent, may_go_on
from tracker.model.fix import Row
from tracker.model.forward import Forward, ForwardRow
from tracker.store.forwards import (
    claim_forwards,
    select_forward_rows,
    update_forward_failed,
    update_forward_sent,
)
from tracker.store.installation import select_epoch
from tracker.store.pool import borrow

logger = structlog.get_logger()

LOOK: Final = 1.0  # s between looks
BATCH: Final = 100  # fixes of one device at a time: within the lease even where each is a request
AT_ONCE: Final = 16  # devices
IDLE: Final = 30.0  # s that a connection is kept without anything to send
LONGEST_WAIT: Final = 300.0  # s to the next attempt

Kept = tuple[int, Outlet, float]  # the wish's number; when it was used last (monotonic s)


class Forwarder:
    def __init__(self, pool: asyncpg.Pool, dialer: Dialer) -> None:
        self.pool = pool
        self.dialer = dialer
        self.own = ""  # what we are called among the servers that a fix came through
        self.busy: set[int] = set()  # keys of devices; bound: AT_ONCE
        self.outlets: dict[int, Kept] = {}  # by device; bound: those used within IDLE

    async def run(self) -> None:
        """Until cancelled; what is under way then is sent again after its lease."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                if (error := await venture(self.turn(tasks))) is not None:
                    complain(error)
                self.prune()
                await asyncio.sleep(LOOK)

    async def turn(self, tasks: asyncio.TaskGroup) -> None:
        async with borrow(self.pool) as conn:
            self.own = self.own or await select_epoch(conn)
            claimed = await claim_forwards(conn, self.busy, limit=AT_ONCE - len(self.busy))
        for each in claimed:
            self.busy.add(each.device)
            tasks.create_task(self.carry(each, tasks))

    async def carry(self, forward: Forward, tasks: asyncio.TaskGroup) -> None:
        """One batch, and the note of what became of it."""
        try:
            if (error := await venture(self.bring(forward, lambda: self.find_outlet(forward, tasks)))) is not None:
                complain(error)  # its lease ends, and it is sent again: better twice than never
                self.drop(forward.device)
        finally:
            self.busy.discard(forward.device)

    async def bring(self, forward: Forward, find: Callable[[], Outlet]) -> None:
        async with borrow(self.pool) as conn:
            found = await select_forward_rows(conn, forward, limit=BATCH)
        wanted = [each.row for each in found if each.is_open and may_go_on(each.row.fix, self.own)]
        sent = await find().send(wanted) if wanted else Sent(0)
        reached = find_reached(forward, found, wanted, sent.count)
        async with borrow(self.pool) as conn:
            if sent.error is None:
                await update_forward_sent(conn, forward, reached, sent=sent.count)
                return
            wait = choose_wait(forward.failures, sent.retry_after)
            await update_forward_failed(conn, forward, reached, sent.error, sent=sent.count, wait=wait)
        self.drop(forward.device)
        logger.info("a device could not be sent on", device=forward.device, reason=sent.error)

    def find_outlet(self, forward: Forward, tasks: asyncio.TaskGroup) -> Outlet:
        kept = self.outlets.get(forward.device)
        if kept is None or kept[0] != forward.number:
            self.drop(forward.device)
            outlet = self.make_outlet(forward, tasks)
        else:
            outlet = kept[1]
        self.outlets[forward.device] = (forward.number, outlet, monotonic())
        return outlet

    def make_outlet(self, forward: Forward, tasks: asyncio.TaskGroup) -> Outlet:
        """Imported here, where somebody wants devices to be sent on: it is a third of what this process imports, and a
        few have any use for it."""
        if forward.kind == "owntracks":
            from tracker.alerts.forwarding.owntracks_outlet import OwnTracksOutlet

            return OwnTracksOutlet(self.dialer, forward, self.own)
        from tracker.alerts.forwarding.stream_outlet import StreamOutlet

        return StreamOutlet(self.dialer, forward, self.own, tasks, BATCH)

    def drop(self, device: int) -> None:
        if (kept := self.outlets.pop(device, None)) is not None:
            kept[1].close()

    def prune(self) -> None:
        since = monotonic() - IDLE
        for device, (_, _, used) in list(self.outlets.items()):
            if used < since and device not in self.busy:
                self.drop(device)


def find_reached(forward: Forward, found: Sequence[ForwardRow], wanted: Sequence[Row], count: int) -> int:
    """The stamp until which nothing is left to send, where `count` of the wanted are there. What is not to go on counts
    as gone."""
    if count == len(wanted):
        return found[-1].row.received_at if found else forward.reached
    return wanted[count - 1].received_at if count else forward.reached


def choose_wait(failures: int, retry_after: float | None) -> float:
    """s to the next attempt, more from one to the next."""
    return max(retry_after or 0.0, min(LONGEST_WAIT, 2.0 ** min(failures, 16)) * random.uniform(0.5, 1.0))
