"""Many at once: bursts, stalled crowds, caps, and the end of the descriptors.

The sizes are those a small machine does in seconds; TRACKER_TEST_CROWD=5000 asks for the real ones.
"""

import os
import selectors
import socket
import time
from collections.abc import Iterator
from typing import cast

import pytest

from bench.websocket import idle
from tests.patience import PATIENCE_S

from .raw import TEXT, Address, Client, upgrade
from .server import Server

CROWD = int(os.environ.get("TRACKER_TEST_CROWD", "800"))


@pytest.fixture(scope="module")
def crowded() -> Iterator[Server]:
    limits = {"first_message_s": None, "write_s": 1.5, "ping_s": 60, "connections_per_address": 20_000}
    with Server(limits=limits) as running:
        yield running


def burst(address: Address, number: int, path: str = "/echo", rcvbuf: int | None = None) -> list[Client]:
    """All connect in one go, without waiting for one another; then each wants its 101."""
    waiting = selectors.DefaultSelector()
    for index in range(number):
        sock = socket.socket()
        if rcvbuf is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.setblocking(False)
        sock.bind((f"127.0.{1 + index // 20_000}.1", 0))
        sock.connect_ex(("127.0.0.1", address.port))
        waiting.register(sock, selectors.EVENT_WRITE)
    clients, end = [], time.monotonic() + 60
    while waiting.get_map() and time.monotonic() < end:
        for key, event in waiting.select(1.0):
            sock = cast(socket.socket, key.fileobj)
            if event & selectors.EVENT_WRITE:
                sock.sendall(upgrade(path))
                waiting.modify(sock, selectors.EVENT_READ)
            else:
                waiting.unregister(sock)
                sock.settimeout(PATIENCE_S)
                client = Client(sock)
                client.read_head()
                clients.append(client)
    assert not waiting.get_map(), f"{len(waiting.get_map())} had no answer within a minute"
    waiting.close()
    return clients


def test_l4_a_burst_of_connects_all_get_in_and_nobody_waits(crowded: Server) -> None:
    with crowded.laws(growth=20 * 2**20 + CROWD * 12 * 1024):
        clients = burst(crowded.address, CROWD)
        assert [client.status for client in clients] == [101] * CROWD
        for client in clients:
            client.close()


def test_l3_a_herd_that_is_cut_at_once_comes_back(crowded: Server) -> None:
    with crowded.laws(growth=20 * 2**20 + CROWD * 12 * 1024):
        for _ in range(2):
            clients = burst(crowded.address, CROWD // 2)
            for client in clients:
                assert client.status == 101
                client.close()


def test_l2_a_crowd_of_stalled_viewers_is_bounded_and_cut(crowded: Server) -> None:
    """None of them reads; each gets 1 KB fifty times a second for as long as it is not cut."""
    number = CROWD // 4
    with crowded.laws(growth=20 * 2**20 + number * 20 * 1024):
        clients = burst(crowded.address, number, "/push", rcvbuf=4096)
        for client in clients:
            client.send(TEXT, b"x")
        crowded.until("cut", lambda now: now["viewers"] == 0, timeout=PATIENCE_S / 2)
        for client in clients:
            client.close()


def test_more_connections_than_allowed_are_told_so() -> None:
    """In total 503, from one address 429; and there is room again as soon as one leaves."""
    limits = {"first_message_s": None, "connections": 30, "connections_per_address": 10}
    with Server(limits=limits) as server:
        inside = [open_from(server, "127.0.0.2") for _ in range(10)]
        assert [client.status for client in inside] == [101] * 10
        assert open_from(server, "127.0.0.2").status == 429
        inside += [open_from(server, "127.0.0.1") for _ in range(20)]
        assert open_from(server, "127.0.0.3").status == 503
        for client in inside:
            client.close()
        server.until("empty again", lambda now: now["total"] <= 1)
        late = open_from(server, "127.0.0.2")
        assert late.status == 101
        late.close()


def open_from(server: Server, source: str) -> Client:
    client = Client(server.address.connect(source=source))
    client.flood(upgrade())
    client.read_head()
    if client.status != 101:
        client.close()
    return client


def test_l20_descriptors_never_run_out() -> None:
    """A process with 200 descriptors refuses the 120th connection; it does not try until it has none left."""
    limits = {"first_message_s": None, "spare_descriptors": 80}
    with Server(descriptors=200, limits=limits) as server, server.laws(growth=20 * 2**20):
        clients = burst(server.address, 400)
        statuses = [client.status for client in clients]
        assert statuses.count(101) >= 100
        assert statuses.count(101) + statuses.count(503) + statuses.count(0) == 400  # 0: a reset overtook the 503
        assert server.log().count("\n") < 5
        for client in clients:
            client.close()


def test_l5_a_client_that_reconnects_without_end_leaves_nothing(crowded: Server) -> None:
    with crowded.laws():
        for _ in range(200):
            crowded.open().close()


def test_an_idle_connection_takes_little() -> None:
    """KiB of resident memory: some 8; 12 where what HTTP needed of each waits for a collection of garbage."""
    assert idle("ours", 1_000) <= 10
