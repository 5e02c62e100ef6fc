"""L15: SIGTERM ends everything in order and in time, also with viewers that do not read."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.patience import PATIENCE_S, soon

from .raw import CLOSE, LATE_S, TEXT, Client
from .raw import frame as masked
from .server import Server

GRACE_S = 4.0


def receive_all(client: Client) -> list[tuple[int, bytes]]:
    found = []
    while (frame := client.receive())[0] != -1:
        found.append(frame)
        if frame[0] == CLOSE:
            client.flood(masked(CLOSE, frame[1]))
    return found


def ended_at(client: Client) -> float:
    receive_all(client)
    client.close()
    return time.monotonic()


def until_shut(server: Server) -> None:
    """The door is shut at once, as soon as the server hears of its end."""
    end = time.monotonic() + PATIENCE_S
    with suppress(OSError):
        while True:
            server.address.connect().close()
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.mark.parametrize(("loop", "hand_over"), [("uvloop", True), ("asyncio", True), ("uvloop", False)])
def test_l15_everyone_is_told_and_the_stalled_are_cut(loop: str, hand_over: bool) -> None:
    limits = {"first_message_s": None, "write_s": 60, "buffered_bytes": 2**24}
    with Server(loop=loop, hand_over=hand_over, grace=GRACE_S, drain_s=0.3, limits=limits) as server:
        clients = [server.open() for _ in range(30)]
        stalled = [server.open("/stubborn", rcvbuf=4096) for _ in range(5)]
        mute = Client(server.address.connect())
        kept = Client(server.address.connect())
        kept.flood(b"GET /stats HTTP/1.1\r\nHost: x\r\n\r\n")
        kept.read_head()
        for client in clients:
            client.send(TEXT, b"x")
            assert client.receive() == (TEXT, b"x")
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        until_shut(server)
        clients[0].send(TEXT, b"still served while draining")
        for client in clients:
            frames = receive_all(client)
            assert frames[-2:] == [(TEXT, b"going away"), (CLOSE, (1012).to_bytes(2, "big") + b"restarting")]
            client.close()
        assert server.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - start < soon(GRACE_S)
        assert "Traceback" not in server.log(), server.log()
        for client in [*stalled, mute, kept]:
            client.close()


def test_closing_is_spread_over_a_fifth_of_the_grace() -> None:
    """Or all of them come back in the same moment."""
    with Server(grace=2 * GRACE_S, limits={"first_message_s": None}) as server:
        clients = [server.open() for _ in range(40)]
        server.process.send_signal(signal.SIGTERM)
        with ThreadPoolExecutor(len(clients)) as pool:
            times = list(pool.map(ended_at, clients))
        assert max(times) - min(times) > 2 * GRACE_S / 5 / 4
        assert server.process.wait(PATIENCE_S) == 0


def test_nothing_open_ends_at_once() -> None:
    with Server(grace=30) as server:
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - start < LATE_S
