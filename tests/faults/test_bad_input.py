"""Nothing a client sends ends the server, fills its memory, or costs another client its service."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.faults.flood import memory_of
from tests.patience import PATIENCE_S, soon
from tests.running import RunningServer, Talk
from tracker.model.moment import format_ms, now_ms

MB = 2**20
WORST_S = 2.5  # this process shares its two cores with the attacker and the server
GROWTH = 60 * MB


@pytest.fixture
async def other(shared_url: str) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(shared_url)
    yield conn
    await conn.close()


class Bystander:
    """A device that sends a fix at a time, and a viewer that watches it."""

    def __init__(self) -> None:
        self.slowest = 0.0
        self.shown = 0
        self.sent = 0

    async def send(self, device: Talk) -> None:
        while True:
            self.sent += 1
            began = time.monotonic()
            fix = {"at": format_ms(now_ms()), "lon": 24.9 + self.sent / 1e5, "lat": 60.2}
            assert (await device.fixes(self.sent, fix))["stored"] == 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            await asyncio.sleep(0.05)

    async def watch(self, viewer: Talk) -> None:
        while True:
            await viewer.hear("positions")
            self.shown += 1


@asynccontextmanager
async def bystander(server: RunningServer) -> AsyncIterator[Bystander]:
    """Served before, meanwhile and after."""
    id = f"bystander-{random.randrange(10**9)}"
    token = await asyncio.to_thread(server.new_device, id)
    witness = Bystander()
    async with server.device(id, token) as device, server.viewer(viewport=None, devices=[id]) as viewer:
        tasks = [asyncio.ensure_future(witness.send(device)), asyncio.ensure_future(witness.watch(viewer))]
        try:
            await progress(witness)
            yield witness
            await progress(witness)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results), results


async def progress(witness: Bystander) -> None:
    sent, shown = witness.sent + 3, witness.shown + 3
    async with asyncio.timeout(PATIENCE_S):
        while witness.sent < sent or witness.shown < shown:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


Attack = Callable[[RunningServer, str, str], Awaitable[None]]


async def nul_in_hello(server: RunningServer, id: str, token: str) -> None:
    async with server.socket("/ws/device", token) as talk:
        await talk.say(type="hello", device=id, boot="\0")
        assert (await talk.hear())["type"] == "error"
        assert await talk.closed() == 4502


async def nul_in_result(server: RunningServer, id: str, token: str) -> None:
    async with server.device(id, token) as talk:
        await talk.say(type="result", id="c\0", ok=True)
        assert (await talk.hear())["type"] == "error"
        await talk.say(type="result", id="c", ok=True, detail="\0")
        assert (await talk.hear())["type"] == "error"
        assert (await talk.fixes(1, {"at": format_ms(now_ms()), "lon": 1, "lat": 1}))["stored"] == 1


async def nul_in_subscribe(server: RunningServer, id: str, token: str) -> None:
    async with server.viewer(events={"after": 0, "devices": ["\0"]}) as talk:
        assert (await talk.hear())["type"] == "error"


async def noise(server: RunningServer, id: str, token: str) -> None:
    """Bytes and text without sense, as fast as they go; the socket is closed after ten, and comes back."""
    rng = random.Random(1)
    for _ in range(20):
        with suppress(ConnectionClosed):
            async with server.device(id, token) as talk:
                for _ in range(15):
                    data = rng.randbytes(rng.randrange(1, 2_000))
                    await talk.send(data if rng.random() < 0.5 else data.decode("latin-1"))
                    await talk.hear()


async def heavy_frames_of_bad_fixes(server: RunningServer, id: str, token: str) -> None:
    bad = {"at": "yesterday", "lon": [[]], "lat": "x" * 60}
    async with server.device(id, token) as talk:
        for seq in range(1, 41):
            answer = await talk.fixes(seq, *[bad] * 500)
            assert len(answer["quarantined"]) == 500


async def heavy_attributes(server: RunningServer, id: str, token: str) -> None:
    now = now_ms()
    async with server.device(id, token) as talk:
        for seq in range(1, 41):
            times = range(now - 40_000_000 + seq * 100_000, now)[:30]
            fixes = [{"at": format_ms(at), "lon": 1, "lat": 1, "attributes": {"a": "x" * 1_900}} for at in times]
            assert (await talk.fixes(seq, *fixes))["stored"] == 30


async def deep_nesting(server: RunningServer, id: str, token: str) -> None:
    async with server.device(id, token) as talk:
        for seq in range(1, 9):
            deep = "[" * 30_000
            await talk.send(f'{{"type":"fixes","seq":{seq},"fixes":[{{"attributes":{{"a":{deep}')
            assert (await talk.hear())["seq"] == seq


async def flood_of_results(server: RunningServer, id: str, token: str) -> None:
    """Each one asks the database."""
    with suppress(ConnectionClosed):
        async with server.device(id, token) as talk:
            for n in range(4_000):
                await talk.say(type="result", id=f"c-{n}", ok=True)
            await talk.closed(within=PATIENCE_S)


async def flood_of_frames(server: RunningServer, id: str, token: str) -> None:
    frame = msgspec.json.encode({"type": "fixes", "seq": 1, "fixes": [{"at": format_ms(now_ms()), "lon": 1, "lat": 1}]})
    for _ in range(10):
        with suppress(ConnectionClosed):
            async with server.device(id, token) as talk:
                for _ in range(500):
                    await talk.send(frame.decode())
                assert await talk.closed() == 4503


async def flood_of_wishes(server: RunningServer, id: str, token: str) -> None:
    with suppress(ConnectionClosed):
        async with server.viewer() as talk:
            for _ in range(600):
                await talk.say(type="subscribe", viewport=[-180, -90, 180, 90], rate=50, events={"after": 0})


async def every_day_since_2000(server: RunningServer, id: str, token: str) -> None:
    now = now_ms()
    days = [now - n * 86_400_000 for n in range(1, 9_800, 20)]
    async with server.device(id, token) as talk:
        answer = await talk.fixes(1, *[{"at": format_ms(at), "lon": 1, "lat": 1} for at in days])
        assert answer["stored"] == len(days)


async def someone_elses_name(server: RunningServer, id: str, token: str) -> None:
    for _ in range(20):
        async with server.socket("/ws/device", token) as talk:
            await talk.say(type="hello", device="bystander", boot="b")
            assert await talk.closed() == 4504
    for _ in range(20):
        with pytest.raises(InvalidStatus):
            async with server.socket("/ws/live", token):
                pass


ATTACKS: tuple[Attack, ...] = (
    nul_in_hello,
    nul_in_result,
    nul_in_subscribe,
    noise,
    heavy_frames_of_bad_fixes,
    heavy_attributes,
    deep_nesting,
    flood_of_results,
    flood_of_frames,
    flood_of_wishes,
    every_day_since_2000,
    someone_elses_name,
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_an_attack_costs_nobody_else(shared: RunningServer, attack: Attack) -> None:
    id = f"attacker-{ATTACKS.index(attack)}"
    token = await asyncio.to_thread(shared.new_device, id)
    async with bystander(shared) as witness:
        before = memory_of(shared.pid)
        witness.slowest = 0.0
        async with asyncio.timeout(2 * PATIENCE_S):
            await attack(shared, id, token)
        grown = memory_of(shared.pid) - before
    print(f"{attack.__name__}: slowest ack {witness.slowest * 1000:.0f} ms, memory {grown / MB:+.1f} MB")
    assert shared.process.poll() is None, shared.text()
    assert witness.slowest < soon(WORST_S)
    assert grown < GROWTH
    assert "Traceback" not in shared.text(), shared.text()


async def test_a_device_being_deleted_holds_up_nobody(shared: RunningServer, other: asyncpg.Connection) -> None:
    """Deleting years of fixes takes minutes: here, as long as somebody else holds one of them."""
    token = await asyncio.to_thread(shared.new_device, "doomed")
    fix = {"at": format_ms(now_ms()), "lon": 1, "lat": 1}
    async with bystander(shared) as witness, shared.device("doomed", token) as doomed:
        await doomed.fixes(1, fix)
        async with other.transaction():
            await other.execute(HOLD)
            deleting = asyncio.ensure_future(asyncio.to_thread(delete, shared, "doomed"))
            with suppress(ConnectionClosed):
                for seq in range(2, 40):
                    await doomed.say(type="fixes", seq=seq, fixes=[{"at": "never"}, fix])
                    await asyncio.sleep(0.05)
            await progress(witness)
            assert not deleting.done()
        assert await deleting == 204
        assert witness.slowest < soon(WORST_S)


HOLD = "select from fix where device = (select key from device where id = 'doomed') for update"


def delete(server: RunningServer, device: str) -> int:
    with server.api() as api:
        return api.delete(f"/api/devices/{device}").status_code
