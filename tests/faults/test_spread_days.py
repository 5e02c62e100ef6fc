"""Bad days of an installation on three machines, as data: what is done to which of them, and for how long. At the end
of each every acked fix is there once, and everybody was told the same.

The clock of the second machine is a minute ahead, whatever else happens.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

import asyncpg
import httpx2
import pytest

from tests.alerts.conftest import until
from tests.databases import Databases, copied
from tests.faults.fleet import Fleet, fleet
from tests.faults.machines import Machine, find_owner, machines
from tests.faults.watching import LONG_S, Watcher, ask_ready, check, watching
from tests.patience import PATIENCE_S, is_busy
from tests.running import CERTIFICATES
from tracker.access.guesses import FREE

AHEAD: Final = (0, 1, 0)  # minutes
HEARD: Final = 0.02  # s, for what one process tells the others to come there
HOUR: Final = float(os.environ.get("TRACKER_TEST_HOUR_S", "3600"))


class Size(NamedTuple):
    """How many drive and look, and how long a device pauses between two frames."""

    devices: int
    viewers: int
    pause_s: float


SHORT: Final = Size(18, 6, 0.05)
LARGE: Final = Size(300, 20, 2.0)


@dataclass
class Stage:
    machines: list[Machine]
    driving: Fleet
    conn: asyncpg.Connection

    async def sort(self) -> list[Machine]:
        """The owner first."""
        owner = await find_owner(self.conn, self.machines) or 0
        return [self.machines[owner], *(each for n, each in enumerate(self.machines) if n != owner)]

    async def more_acks(self, of: list[Machine] | None = None) -> None:
        """At these machines, each of their devices twice, more or less."""
        for each in self.machines if of is None else of:
            part = self.driving.part(each.server.address)
            await part.more_acks(2 * len(part.devices), within=LONG_S)

    async def all_serve(self) -> None:
        for each in self.machines:
            await until(lambda each=each: answers(each, 200), LONG_S)


async def answers(machine: Machine, status: int) -> bool:
    answer = await ask_ready(machine.server)
    return answer is not None and answer.status_code == status


async def kill(stage: Stage, hurt: list[Machine], seconds: float) -> None:
    """kill -9 of what serves, at once."""
    for pid in [each.server.pid for each in hurt]:
        os.kill(pid, signal.SIGKILL)


async def stop(stage: Stage, hurt: list[Machine], seconds: float) -> None:
    """Stopped for so long, and continued; whoever was taken for dead may be gone by then."""
    pids = [each.server.pid for each in hurt]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def cut(stage: Stage, hurt: list[Machine], wire: str) -> None:
    """Until the one that is cut off says so, and the others go on."""
    for each in hurt:
        each.cut(wire)
    try:
        for each in hurt:
            await until(lambda each=each: is_out(each), LONG_S)
        await stage.more_acks([each for each in stage.machines if each not in hurt])
    finally:
        for each in hurt:
            each.mend(wire)


async def is_out(machine: Machine) -> bool:
    """It says that it is not ready, or is not there."""
    answer = await ask_ready(machine.server)
    return answer is None or answer.status_code == 503


async def cut_nats(stage: Stage, hurt: list[Machine], seconds: float) -> None:
    await cut(stage, hurt, "nats")


async def cut_database(stage: Stage, hurt: list[Machine], seconds: float) -> None:
    await cut(stage, hurt, "database")


async def end_machine(stage: Stage, hurt: list[Machine], seconds: float) -> None:
    """kill -9 of the parent: everything of the machine is gone, and the others go on without. It comes back."""
    for each in hurt:
        await asyncio.to_thread(each.server.kill)
    await stage.more_acks([each for each in stage.machines if each not in hurt])
    for each in hurt:
        await asyncio.to_thread(each.server.start, until_ready=False)


async def leave_and_join(stage: Stage, hurt: list[Machine], seconds: float) -> None:
    """One leaves in order and comes back at once, every three seconds, for so long."""
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        for each in hurt:
            await asyncio.to_thread(each.server.stop)
            await asyncio.to_thread(each.server.start, until_ready=False)
        if time.monotonic() >= end:
            return
        await asyncio.sleep(max(0.0, 3.0 - (time.monotonic() - began)))


Deed = Callable[[Stage, list[Machine], float], Awaitable[None]]


class Day(NamedTuple):
    """`hurt`: which machines, the owner being the first; `short`, `long`: seconds, of what takes any."""

    deed: Deed
    hurt: tuple[int, ...]
    short: float = 0.0
    long: float = 0.0


DAYS: Final = {
    "two are killed at once, the owner among them": Day(kill, (0, 1)),
    "two are killed at once that own nothing": Day(kill, (1, 2)),
    "the owner is killed": Day(kill, (0,)),
    "all are killed at once": Day(kill, (0, 1, 2)),
    "the owner is stopped and continued": Day(stop, (0,), short=2.5, long=15.0),
    "one is stopped and continued": Day(stop, (1,), short=2.5, long=15.0),
    "the owner is cut off from NATS": Day(cut_nats, (0,)),
    "one is cut off from NATS": Day(cut_nats, (1,)),
    "the owner is cut off from PostgreSQL": Day(cut_database, (0,)),
    "one is cut off from PostgreSQL": Day(cut_database, (1,)),
    "the owner's machine goes down": Day(end_machine, (0,)),
    "one leaves and joins": Day(leave_and_join, (1,), short=0.0, long=60.0),
    "the owner leaves and joins": Day(leave_and_join, (0,), short=0.0, long=60.0),
}
# What seconds are enough for; the others take a minute each, and are part of the hour.
IN_CI: Final = (
    "two are killed at once, the owner among them",
    "the owner is stopped and continued",
    "the owner is cut off from NATS",
    "one is cut off from PostgreSQL",
    "the owner's machine goes down",
    "one leaves and joins",
)


@pytest.fixture(scope="module")
def url(databases: Databases) -> Iterator[str]:
    with copied(databases) as url:
        yield url


@pytest.fixture(scope="module")
def three(url: str) -> Iterator[list[Machine]]:
    with machines(url, AHEAD) as three:
        yield three


async def live_through(stage: Stage, day: Day, seconds: float) -> None:
    await stage.more_acks()
    order = await stage.sort()
    await day.deed(stage, [order[n] for n in day.hurt], seconds)
    await stage.all_serve()
    await stage.more_acks()


@pytest.mark.parametrize("name", IN_CI)
async def test_a_bad_day(three: list[Machine], url: str, name: str) -> None:
    addresses, servers = [each.server.address for each in three], [each.server for each in three]
    conn = await asyncpg.connect(url)
    slug = f"d{IN_CI.index(name)}"
    async with (
        fleet(
            servers[0], SHORT.devices, addresses=addresses, name=slug, most_fixes=5, pause_s=SHORT.pause_s
        ) as driving,
        watching(servers, SHORT.viewers) as watchers,
    ):
        await live_through(Stage(three, driving, conn), DAYS[name], DAYS[name].short)
        await check(conn, driving, watchers)
    await conn.close()


async def test_failures_to_sign_in_count_wherever_they_were(three: list[Machine]) -> None:
    """Wrong tokens from one address, at one machine after the other: none is a way to have as many again."""
    statuses = Counter[int]()
    for n in range(3 * FREE):
        url = three[n % 3].server.url
        async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE_S, verify=CERTIFICATES) as http:
            answer = await http.get("/api/devices", headers={"Authorization": "Bearer wrong"})
        statuses[answer.status_code] += 1
        await asyncio.sleep(HEARD)
    assert statuses[401] < 2 * FREE and statuses[429] >= FREE


@pytest.mark.long
async def test_an_hour_of_bad_days(databases: Databases) -> None:
    """All of them, again and again, in another order each time."""
    with copied(databases) as url, machines(url, AHEAD) as three:
        addresses, servers = [each.server.address for each in three], [each.server for each in three]
        conn = await asyncpg.connect(url)
        async with (
            fleet(servers[0], LARGE.devices, addresses=addresses, most_fixes=5, pause_s=LARGE.pause_s) as driving,
            watching(servers, LARGE.viewers) as watchers,
        ):
            await keep_on(Stage(three, driving, conn), watchers)
        await conn.close()


async def keep_on(stage: Stage, watchers: list[Watcher]) -> None:
    seed = random.randrange(1_000_000)
    rng, end, survived = random.Random(seed), time.monotonic() + HOUR, 0
    print(f"seed {seed}, busy: {is_busy()}")
    while time.monotonic() < end:
        for name in rng.sample(sorted(DAYS), len(DAYS)):
            began = time.monotonic()
            print(name, flush=True)
            await live_through(stage, DAYS[name], DAYS[name].long)
            await check(stage.conn, stage.driving, watchers)
            stage.driving.go_on()
            survived += 1
            print(f"  {time.monotonic() - began:.1f} s, {survived} days so far", flush=True)
            if time.monotonic() >= end:
                break
