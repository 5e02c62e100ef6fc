"""Names that strangers choose are looked up by the carriers; the server only waits for their answer. What many ask the
database at once is one question."""

import asyncio
import os
import signal
from collections.abc import Collection

import asyncpg
import httpx2
import pytest

from tests.databases import Databases, copied
from tests.running import RunningServer, running
from tracker.access.lookup import Lookup
from tracker.processes.lookups import MOST, Answerer, Asker

PRIVATE = {"TRACKER_PRIVATE_RECEIVERS": "127.0.0.0/8,::1/128"}


def subscribe(server: RunningServer, host: str) -> httpx2.Response:
    with server.api() as api:
        channel = {"kind": "webhook", "url": f"http://{host}:9/x"}
        return api.post("/api/subscriptions", json={"name": "a", "channel": channel, "events": ["enter"]})


def test_the_carriers_look_names_up_for_the_server(databases: Databases) -> None:
    with copied(databases) as url, running(url, **PRIVATE) as server:
        server.wait_for(lambda: subscribe(server, "localhost").is_success)  # the carriers take their time to start
        unknown = subscribe(server, "no-such-name.invalid")
        assert unknown.status_code == 422 and "no-such-name.invalid" in unknown.json()["detail"]
        carriers = server.pids()["carriers"]
        os.kill(carriers, signal.SIGSTOP)
        try:
            stuck = subscribe(server, "localhost")
            assert stuck.status_code == 422 and "could not be looked up in time" in stuck.json()["detail"]
            assert subscribe(server, "127.0.0.1").status_code == 201, "an address is asked of nobody"
        finally:
            os.kill(carriers, signal.SIGCONT)


async def test_answers_find_their_questions_whatever_their_order() -> None:
    asked: list[bytes] = []
    asker = Asker(asked.append)
    async with asyncio.TaskGroup() as tasks:

        async def resolve(host: str, port: int) -> list[str]:
            if host == "hangs.example":
                raise TimeoutError
            if host == "none.example":
                raise OSError
            return [f"192.0.2.{port}"]

        answerer = Answerer(resolve, asker.hear, tasks)
        waiting = [tasks.create_task(asker.addresses(f"a{port}.example", port)) for port in range(1, 9)]
        bad = [asyncio.ensure_future(asker.addresses(host, 1)) for host in ("hangs.example", "none.example")]
        await asyncio.sleep(0)
        for message in reversed(asked):
            answerer.hear(message)
    assert [task.result() for task in waiting] == [[f"192.0.2.{port}"] for port in range(1, 9)]
    with pytest.raises(TimeoutError):
        await bad[0]
    with pytest.raises(OSError, match="no address"):
        await bad[1]
    for message in asked:
        async with asyncio.TaskGroup() as tasks:
            Answerer(resolve, asker.hear, tasks).hear(message)  # again, and nobody asks any more
    assert not asker.waiting
    assert await asker.addresses("192.0.2.7", 80) == ["192.0.2.7"]


async def test_questions_are_bounded() -> None:
    asker = Asker(lambda message: None)
    waiting = [asyncio.ensure_future(asker.addresses(f"a{number}.example", 1)) for number in range(MOST)]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="too many"):
        await asker.addresses("one.example", 1)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not asker.waiting


async def test_all_of_a_question_are_answered_at_once(pool: asyncpg.Pool) -> None:
    """And not one with each turn of the loop, in which others have theirs, too: a herd would wait for all of these."""
    asked: list[set[int]] = []
    turn = 0

    async def select(conn: asyncpg.Connection, shown: Collection[int]) -> dict[int, int]:
        asked.append(set(shown))
        await conn.fetchval("select 1")
        return {each: each for each in shown if each % 2}

    async def find(number: int) -> tuple[int | None, int]:
        return await lookup.find(pool, number), turn

    async def count() -> None:
        nonlocal turn
        while True:
            await asyncio.sleep(0)
            turn += 1

    lookup = Lookup(select)
    counting = asyncio.create_task(count())
    found = await asyncio.gather(*map(find, range(500)))
    counting.cancel()
    assert asked == [{0}, set(range(1, 500))]
    assert [each for each, _ in found] == [number if number % 2 else None for number in range(500)]
    turns = [at for _, at in found[1:]]
    assert max(turns) - min(turns) <= 2


async def test_who_was_to_ask_and_left_is_replaced(pool: asyncpg.Pool) -> None:
    asked = asyncio.Queue[set[str]]()
    may_answer = [asyncio.Event() for _ in range(2)]

    async def select(conn: asyncpg.Connection, shown: Collection[str]) -> dict[str, str]:
        asked.put_nowait(set(shown))
        if waits:
            await waits.pop(0).wait()
        return dict.fromkeys(shown, "found")

    waits = list(may_answer)
    lookup = Lookup(select)
    first = asyncio.create_task(lookup.find(pool, "a"))
    assert await asked.get() == {"a"}
    second, third = (asyncio.create_task(lookup.find(pool, each)) for each in "bc")
    await asyncio.sleep(0)  # both are waiting
    may_answer[0].set()
    assert await first == "found"
    assert await asked.get() == {"b", "c"}
    second.cancel()
    assert await asked.get() == {"b", "c"}
    assert await third == "found"
    with pytest.raises(asyncio.CancelledError):
        await second
