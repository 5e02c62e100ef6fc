"""Several processes of one installation: any of them may be killed, stopped or cut off, and nothing is lost or told
twice."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from tests.alerts.conftest import until
from tests.faults.cluster import Patient
from tests.faults.fleet import Fleet, fleet
from tests.faults.watching import LONG_S, Watcher, all_serve, ask_ready, check, watching
from tests.patience import soon
from tests.running import RunningServer, children_of, command_of, running
from tracker.model.moment import format_ms, now_ms
from tracker.store.ownership import STRANDS

PROCESSES = 3
DEVICES = 30
VIEWERS = 6
ENDED_S = 1.0
REPLACED = 4509
TRY_AGAIN = 1013


@pytest.fixture
def served(database_url: str) -> Iterator[RunningServer]:
    with running(database_url, TRACKER_PROCESSES=str(PROCESSES)) as server:
        yield server


def find_servers(server: RunningServer) -> list[int]:
    return [pid for pid in children_of(server.process.pid) if command_of(pid)[-1:] == ["server"]]


def find_nats(server: RunningServer) -> int:
    return next(pid for pid in children_of(server.process.pid) if "nats-server" in " ".join(command_of(pid)[:1]))


async def find_owners(conn: asyncpg.Connection) -> dict[int, int]:
    """By pid: how many strands of the log it owns."""
    rows = await conn.fetch(
        """select o.name, count(distinct l.partition % $1) as strands from lease l join owner o on o.id = l.owner
           where not o.fenced group by o.name""",
        STRANDS,
    )
    return {int(row["name"].split()[-1]): row["strands"] for row in rows}


async def all_own(conn: asyncpg.Connection, server: RunningServer) -> dict[int, int]:
    """Each its share, and nobody else anything."""
    found = dict[int, int]()

    async def are_fair() -> bool:
        found.clear()
        found.update(await find_owners(conn))
        shares = sorted(found.values())
        return found.keys() == set(find_servers(server)) and sum(shares) == STRANDS and shares[-1] - shares[0] <= 1

    await until(are_fair, LONG_S)
    return found


async def test_a_bad_day(served: RunningServer, conn: asyncpg.Connection) -> None:
    """One server for all of it, for its processes take their time to start."""
    await all_serve(served, PROCESSES)
    async with fleet(served, DEVICES, most_fixes=5, pause_s=0.05) as driving, watching([served], VIEWERS) as watchers:
        await driving.more_acks(2 * DEVICES)
        await all_own(conn, served)
        await start_anew(served, driving, watchers)
        await kill_some(served, conn, driving)
        await hang_nats(served, driving)
        await check(conn, driving, watchers)
        await check_newest_wins(served)
        await check_homes(served, conn)
        await check_meeting(served)
        check_counts(served)
    children = children_of(served.process.pid)
    served.process.kill()
    served.process.wait()
    began = time.monotonic()
    while any(command_of(pid) for pid in children):
        assert time.monotonic() - began < soon(ENDED_S)
        await asyncio.sleep(0.01)


async def start_anew(server: RunningServer, driving: Fleet, watchers: list[Watcher]) -> None:
    """Nobody is sent away twice."""
    before = set(find_servers(server))
    server.process.send_signal(signal.SIGUSR2)
    await until(lambda: "all servers were started anew" in server.text(), LONG_S)
    assert len(now := set(find_servers(server))) == PROCESSES and not now & before
    await driving.more_acks(2 * DEVICES, within=LONG_S)
    await all_serve(server, PROCESSES)
    assert max(each.welcomes for each in driving.devices) <= 2 and max(each.opened for each in watchers) <= 2


async def kill_some(server: RunningServer, conn: asyncpg.Connection, driving: Fleet) -> None:
    one, two, _ = await all_own(conn, server)
    os.kill(one, signal.SIGKILL)
    await driving.more_acks(2 * DEVICES, within=LONG_S)
    os.kill(find_nats(server), signal.SIGKILL)
    await driving.more_acks(2 * DEVICES, within=LONG_S)
    await all_serve(server, PROCESSES)
    os.kill(two, signal.SIGKILL)
    await driving.more_acks(4 * DEVICES, within=LONG_S)
    assert (await all_own(conn, server)).keys().isdisjoint({one, two})
    await all_serve(server, PROCESSES)


async def hang_nats(server: RunningServer, driving: Fleet) -> None:
    """Everybody is cut off from the others, and sends all away."""
    token = await asyncio.to_thread(server.new_device, "bus")
    async with server.device("bus", token) as device, server.viewer() as viewer:
        nats = find_nats(server)
        os.kill(nats, signal.SIGSTOP)
        assert {await device.closed(), await viewer.closed()} <= {TRY_AGAIN, 1006}
    await until(partial(is_cut_off, server), LONG_S)
    os.kill(nats, signal.SIGCONT)
    await all_serve(server, PROCESSES)
    await driving.more_acks(2 * DEVICES, within=LONG_S)


async def is_cut_off(server: RunningServer) -> bool:
    """Whichever process is asked, several times: each finds out by itself, and not at once."""
    for _ in range(3 * PROCESSES):
        answer = await ask_ready(server)
        if answer is not None and not (answer.status_code == 503 and "process" in answer.text):
            return False
    return True


async def check_newest_wins(server: RunningServer) -> None:
    """Whichever of the processes each connection comes to."""
    token = await asyncio.to_thread(server.new_device, "taxi")
    async with AsyncExitStack() as stack:
        before = None
        for number in range(2 * PROCESSES):
            talk = await stack.enter_async_context(server.device("taxi", token, boot=str(number)))
            assert before is None or await before.closed() == REPLACED
            before = talk


async def check_homes(server: RunningServer, conn: asyncpg.Connection) -> None:
    """A device whose token is shown at the door is served where it is owned, whoever accepted it: three connections of
    each, for a third of them would be there by chance."""
    await all_own(conn, server)
    owners = {
        strand: int(name.split()[-1])
        for strand, name in await conn.fetch(
            "select distinct l.partition % $1, o.name from lease l join owner o on o.id = l.owner where not o.fenced",
            STRANDS,
        )
    }
    for number in range(STRANDS):
        token = await asyncio.to_thread(server.new_device, f"home-{number}")
        key = await conn.fetchval("select key from device where id = $1", f"home-{number}")
        for boot in "abc":
            async with server.device(f"home-{number}", token, boot=boot) as talk:
                await until(
                    lambda port=talk.ws.local_address[1], owner=owners[key % STRANDS]: (
                        find_holders(server, port) == {owner}
                    ),
                    LONG_S,
                )


def find_holders(server: RunningServer, port: int) -> set[int]:
    """The servers that have the connection from this port of ours."""
    here = server.address.rpartition(":")[2]
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {  # a set: what is read while sockets come and go may name one twice
        row[9] for row in rows if (row[1][-4:], row[2][-4:]) == (f"{int(here):04X}", f"{port:04X}") and row[3] == "01"
    }
    (inode,) = inodes
    return {pid for pid in find_servers(server) if f"socket:[{inode}]" in list_descriptors(pid)}


def list_descriptors(pid: int) -> list[str]:
    found = list[str]()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            found.append(os.readlink(each))
    return found


async def check_meeting(server: RunningServer) -> None:
    """Two devices meet whose fixes come to different owners."""
    made = [(f"tram-{n}", await asyncio.to_thread(server.new_device, f"tram-{n}")) for n in range(STRANDS)]
    one, two = made[0], made[1]
    with server.api() as api:
        pair = {"id": "two", "devices": [one[0], two[0]], "distance": 100, "preset": "strict"}
        assert api.post("/api/pairs", json=pair).status_code == 201
    at = now_ms() - 60_000
    async with (
        server.viewer(events={"after": 0, "devices": [one[0]], "types": ["near", "apart"]}) as viewer,
        server.device(*one) as first,
        server.device(*two) as second,
    ):
        for seq, (lat, kind) in enumerate(((50.0, "near"), (50.003, "apart"), (50.0, "near")), start=1):
            await first.fixes(seq, {"at": format_ms(at + seq * 1000), "lon": 0.0, "lat": 50.0})
            await second.fixes(seq, {"at": format_ms(at + seq * 1000), "lon": 0.0, "lat": lat})
            event = (await viewer.hear("event"))["event"]
            assert (event["type"], {event["device"], event["evidence"]["other"]}) == (kind, {one[0], two[0]})


def check_counts(server: RunningServer) -> None:
    """Any of them shows what all count."""
    with server.api() as api:
        text = api.get("/metrics").text
    assert len(set(re.findall(r'tracker_device_connections\{process="([^"]+)"\}', text))) == PROCESSES
    assert text.count("# TYPE tracker_fixes_total counter") == 1


@pytest.mark.long
async def test_an_owner_that_hangs_is_replaced(served: RunningServer, conn: asyncpg.Connection) -> None:
    await all_serve(served, PROCESSES)
    async with fleet(served, DEVICES, most_fixes=5, pause_s=0.05) as driving, watching([served], VIEWERS) as watchers:
        await driving.more_acks(2 * DEVICES)
        owner, *_ = await all_own(conn, served)
        os.kill(owner, signal.SIGSTOP)

        async def is_replaced() -> bool:
            found = await find_owners(conn)
            return owner not in found and sum(found.values()) == STRANDS

        await until(is_replaced, LONG_S)
        os.kill(owner, signal.SIGCONT)
        await driving.more_acks(4 * DEVICES, within=LONG_S)
        await check(conn, driving, watchers)


@pytest.mark.long
async def test_a_database_that_dies_is_waited_for(durable: Patient, durable_url: str) -> None:
    with running(durable_url, TRACKER_PROCESSES=str(PROCESSES)) as server:
        await all_serve(server, PROCESSES)
        async with (
            fleet(server, DEVICES, most_fixes=5, pause_s=0.05) as driving,
            watching([server], VIEWERS) as watchers,
        ):
            await driving.more_acks(2 * DEVICES)
            await asyncio.to_thread(durable.stop_at_once)
            await durable.start()
            await driving.more_acks(4 * DEVICES, within=LONG_S)
            conn = await asyncpg.connect(durable_url)
            await check(conn, driving, watchers)
            await conn.close()
