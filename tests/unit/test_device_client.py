"""A device client against a server that says exactly what the test wants, over a real socket."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.patience import PATIENCE_S
from tracker.client import backoff, link
from tracker.client.backoff import Ending, choose_wait, read_status
from tracker.client.buffer import Buffer
from tracker.client.device import DeviceClient, Disobeyed, TurnedAway
from tracker.client.messages import Command
from tracker.model.fix import Fix

Script = Callable[[ServerConnection], Awaitable[None]]
WELCOME = {"type": "welcome", "device": "van", "acked": 0, "window": 4, "max_fixes": 500, "max_bytes": 65536}
WELCOME |= {"heartbeat": 20, "server_time": "2026-11-23T10:00:00.000Z"}


@asynccontextmanager
async def server(*scripts: Script, **options: Any) -> AsyncIterator[str]:
    """Plays the scripts, one for each connection; a failed assertion in a script fails the test."""
    waiting, failures = list(scripts), list[BaseException]()

    async def play(socket: ServerConnection) -> None:
        try:
            await waiting.pop(0)(socket)
        except ConnectionClosed:
            pass
        except BaseException as failure:
            failures.append(failure)

    async with serve(play, "127.0.0.1", 0, ping_interval=None, **options) as listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/ws/device"
    if failures:
        raise failures[0]


@asynccontextmanager
async def running(client: DeviceClient) -> AsyncIterator[None]:
    task = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def device(url: str, *, lanes: bool = True, **options: Any) -> DeviceClient:
    return DeviceClient(url, "van", "secret", Buffer(1000, lanes=lanes), **options)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  # what it waits for has no event
        await asyncio.sleep(0.01)


def fix(at: int) -> Fix:
    return Fix(at=at, lon_e7=74246000, lat_e7=437384000)


async def say(socket: ServerConnection, **message: object) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ServerConnection) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(await socket.recv())
    return heard


async def welcome(socket: ServerConnection, **changes: object) -> dict[str, Any]:
    hello = await hear(socket)
    await say(socket, **(WELCOME | changes))
    return hello


async def ack_all(socket: ServerConnection) -> None:
    await welcome(socket)
    async for message in socket:
        frame = json.loads(message)
        await say(socket, type="ack", seq=frame["seq"], stored=len(frame["fixes"]), duplicate=0, quarantined=[])


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_S", 0.02)


async def test_a_connection_lost_in_the_handshake_is_tried_again() -> None:
    begun: list[ServerConnection] = []

    async def break_the_first(socket: ServerConnection, request: Request) -> None:
        begun.append(socket)
        if len(begun) == 1:
            socket.transport.abort()

    async with server(ack_all, process_request=break_the_first) as url:
        client = device(url)
        client.put(fix(1000))
        async with running(client):
            await client.until_empty()
    assert (client.tally.lost[1006], client.tally.stored) == (1, 1)


async def test_a_server_that_never_welcomes_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "UNWELCOMED_S", 0.05)

    came_back = asyncio.Event()

    async def is_gone(socket: ServerConnection) -> None:
        socket.transport.pause_reading()  # as one whose network is away
        await came_back.wait()
        socket.transport.abort()

    async def is_back(socket: ServerConnection) -> None:
        came_back.set()
        await ack_all(socket)

    async with server(is_gone, is_back) as url:
        client = device(url)
        client.put(fix(1000))
        async with running(client):
            await client.until_empty()
    assert client.tally.stored == 1 and 4001 in client.tally.lost


async def test_it_says_hello_and_keeps_what_is_not_acked() -> None:
    hellos = []

    async def drops_it(socket: ServerConnection) -> None:
        assert socket.request is not None and socket.request.headers["Authorization"] == "Bearer secret"
        hellos.append(await welcome(socket))
        frames.append(await hear(socket))
        await socket.close(1012)

    async def takes_it(socket: ServerConnection) -> None:
        hellos.append(await welcome(socket))
        frames.append(await hear(socket))
        await say(socket, type="ack", seq=1, stored=0, duplicate=2, quarantined=[])
        await socket.wait_closed()

    frames: list[dict[str, Any]] = []
    async with server(drops_it, takes_it) as url:
        client = device(url, lanes=False)
        client.put(fix(1), fix(2))
        async with running(client):
            await client.until_empty()
    hello = {"type": "hello", "device": "van", "boot": client.boot, "binary": False, "version": 1}
    assert hellos == [hello, hello]
    assert frames[0] == frames[1]
    assert (client.tally.duplicate, client.tally.lost) == (2, {1012: 1})


async def test_it_never_has_more_than_the_window_unacked() -> None:
    async def slow(socket: ServerConnection) -> None:
        await welcome(socket, window=2, max_fixes=1)
        await hear(socket), await hear(socket)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.1)
        await say(socket, type="ack", seq=1, stored=1, duplicate=0, quarantined=[{"index": 0, "reason": "future"}])
        assert (await hear(socket))["seq"] == 3
        await say(socket, type="ack", seq=2, stored=1, duplicate=0, quarantined=[])
        await say(socket, type="ack", seq=3, stored=1, duplicate=0, quarantined=[])
        await socket.wait_closed()

    async with server(slow) as url:
        client = device(url)
        client.put(fix(1), fix(2), fix(3))
        async with running(client):
            await client.until_empty()
    assert client.tally.quarantined == {"future": 1}


async def test_what_the_welcome_acks_is_not_sent_again() -> None:
    async def forgets_to_ack(socket: ServerConnection) -> None:
        await welcome(socket, max_fixes=1)
        await hear(socket), await hear(socket)

    async def knows(socket: ServerConnection) -> None:
        await welcome(socket, acked=1)
        frame = await hear(socket)
        assert frame["seq"] == 2
        await say(socket, type="ack", seq=2, stored=1, duplicate=0, quarantined=[])
        await socket.wait_closed()

    async with server(forgets_to_ack, knows) as url:
        client = device(url, lanes=False)
        client.put(fix(1), fix(2))
        async with running(client):
            await client.until_empty()
    assert (client.tally.known, client.tally.stored, client.tally.answered) == (1, 1, 2)


async def test_a_frame_that_can_never_be_accepted_is_dropped() -> None:
    async def picky(socket: ServerConnection) -> None:
        await welcome(socket)
        await hear(socket)
        await say(socket, type="something_new", seq=1)
        await say(socket, type="error", code="bad_frame", message="no", seq=1)
        await socket.wait_closed()

    async with server(picky) as url:
        client = device(url)
        client.put(fix(1))
        async with running(client):
            await client.until_empty()
    assert client.tally.refused == 1


@pytest.mark.parametrize("code", [4501, 4502, 4503, 4504, 4509])
async def test_it_does_not_come_back_when_told_not_to(code: int) -> None:
    async def closes(socket: ServerConnection) -> None:
        await socket.close(code, "because")

    async with server(closes) as url:
        client = device(url)
        client.put(fix(1))
        async with running(client):
            with pytest.raises(TurnedAway, match=f"van: {code} because"):
                await client.until_empty()


async def test_a_refused_handshake() -> None:
    def refuse(socket: ServerConnection, request: Request) -> Response:
        return socket.respond(401, "who?")

    async with serve(ack_all, "127.0.0.1", 0, process_request=refuse) as listening:
        client = device(f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/ws/device")
        client.put(fix(1))
        async with running(client):
            with pytest.raises(TurnedAway, match="4501 HTTP 401"):
                await client.until_empty()


async def test_going_away_says_when_to_come_back() -> None:
    async def goes(socket: ServerConnection) -> None:
        await welcome(socket)
        left.append(asyncio.get_running_loop().time())
        await say(socket, type="going_away", after_ms=300)
        await socket.close(1012)

    async def returns(socket: ServerConnection) -> None:
        left.append(asyncio.get_running_loop().time())
        await ack_all(socket)

    left: list[float] = []
    async with server(goes, returns) as url:
        client = device(url)
        async with running(client):
            client.put(fix(1))
            await client.until_empty()
    assert left[1] - left[0] >= 0.29


async def test_commands_are_obeyed_once_and_answered_each_time() -> None:
    async def commands(socket: ServerConnection) -> None:
        await welcome(socket)
        command = {"type": "command", "id": "c-1", "name": "honk", "args": {"times": 2}, "expires": "2030-01-01T00:00Z"}
        for _ in range(2):
            await say(socket, **command)
            assert await hear(socket) == {"type": "result", "id": "c-1", "ok": True, "detail": "honked"}
        await say(socket, **(command | {"id": "c-2", "name": "fly"}))
        assert await hear(socket) == {"type": "result", "id": "c-2", "ok": False, "detail": "no wings"}
        heard.set()
        await socket.wait_closed()

    def obey(command: Command) -> str | None:
        if command.name == "fly":
            raise Disobeyed("no wings")
        obeyed.append(bytes(command.args))
        return "honked"

    heard, obeyed = asyncio.Event(), list[bytes]()
    async with server(commands) as url, running(device(url, obey=obey)):
        await heard.wait()
    assert obeyed == [b'{"times": 2}']


async def test_a_silent_server_is_asked_and_then_left() -> None:
    async def deaf(socket: ServerConnection) -> None:
        await welcome(socket, heartbeat=0.1)
        socket.transport.pause_reading()  # neither pong nor anything else
        await left.wait()
        socket.transport.resume_reading()

    left = asyncio.Event()
    async with server(deaf, ack_all) as url:
        client = device(url)
        async with running(client):
            await until(lambda: client.tally.lost)
            left.set()
            await until(lambda: client.tally.connected)
            client.put(fix(1))
            await client.until_empty()
    assert client.tally.lost == {4001: 1}


async def test_a_server_that_pings_is_answered_and_not_left() -> None:
    async def pings(socket: ServerConnection) -> None:
        await welcome(socket, heartbeat=0.4)
        for _ in range(5):
            await asyncio.wait_for(await socket.ping(), PATIENCE_S)
            await asyncio.sleep(0.2)
        alive.set()
        await socket.wait_closed()

    alive = asyncio.Event()
    async with server(pings) as url:
        client = device(url)
        async with running(client):
            await alive.wait()
    assert not client.tally.lost


async def test_what_a_full_buffer_drops_and_what_never_fits_is_counted() -> None:
    async with server(ack_all) as url:
        client = DeviceClient(url, "van", "secret", Buffer(2))
        client.put(fix(1), fix(2), fix(3), Fix(at=4, lon_e7=0, lat_e7=0, attributes=b'{"a":"%s"}' % (b"x" * 70_000)))
        assert client.tally.dropped == 2
        async with running(client):
            await client.until_empty()
    assert (client.tally.put, client.tally.stored, client.tally.dropped) == (4, 1, 3)


async def test_a_tunnel_loses_nothing() -> None:
    async with server(ack_all, ack_all) as url:
        client = device(url)
        async with running(client):
            client.put(fix(1))
            await client.until_empty()
            client.go_offline()
            client.put(fix(2), fix(3))
            client.go_online()
            await client.until_empty()
    assert (client.tally.stored, client.tally.lost) == (3, {1006: 1})


async def test_a_reconnect_with_no_server_there_keeps_trying() -> None:
    async with serve(ack_all, "127.0.0.1", 0) as gone:
        port = gone.sockets[0].getsockname()[1]
    client = device(f"ws://127.0.0.1:{port}/ws/device")
    client.put(fix(1))
    async with running(client):
        await until(lambda: client.tally.lost[1006] >= 2)
        async with serve(ack_all, "127.0.0.1", port):
            await client.until_empty()
            client.go_offline()


def test_waits_are_jittered_grow_and_end() -> None:
    rng = random.Random(1)
    for failures in range(30):
        waits = [choose_wait(Ending(1006), failures, rng) for _ in range(50)]
        longest = min(30.0, 0.02 * 2**failures)
        assert 0 <= min(waits) <= 0.2 * longest and 0.8 * longest <= max(waits) <= longest


@pytest.mark.parametrize(
    ("status", "retry_after", "code", "after_ms"),
    [(401, None, 4501, 0), (403, None, 4504, 0), (404, None, 4504, 0), (429, "3", 4029, 3000), (503, None, 1006, 0)],
)
def test_a_refused_handshake_in_close_codes(status: int, retry_after: str | None, code: int, after_ms: int) -> None:
    ending = read_status(status, retry_after)
    assert (ending.code, ending.after_ms) == (code, after_ms)
