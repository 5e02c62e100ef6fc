"""A connection that one process gives to another goes on there, from its first byte; one that it cannot give stays."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.patience import PATIENCE_S
from tracker.websocket.usher import Usher, open_usher

HEAD = b"GET / HTTP/1.1\r\n\r\n"
MANY = 20_000  # more than any socket keeps


@pytest.fixture
def ways() -> Iterator[tuple[socket.socket, socket.socket]]:
    own, theirs = open_usher()
    yield own, theirs
    own.close()
    theirs.close()


@pytest.fixture
async def connected() -> AsyncIterator[tuple[socket.socket, socket.socket]]:
    """The peer's end, and ours."""
    listener = socket.create_server(("127.0.0.1", 0))
    peer = socket.create_connection(listener.getsockname())
    ours, _ = listener.accept()
    yield peer, ours
    for each in (peer, ours, listener):
        each.close()


async def test_a_given_connection_goes_on_and_the_peer_sees_nothing_of_it(
    ways: tuple[socket.socket, socket.socket], connected: tuple[socket.socket, socket.socket]
) -> None:
    taken: asyncio.Queue[tuple[socket.socket, str, bytes]] = asyncio.Queue()
    (own, theirs), (peer, ours) = ways, connected
    usher = Usher(own, [theirs])
    usher.begin(lambda *given: taken.put_nowait(given))
    peer.sendall(b"behind")
    assert usher.give(0, ours.fileno(), "2001:db8::1", HEAD)
    ours.close()
    async with asyncio.timeout(PATIENCE_S):
        arrived, address, early = await taken.get()
    usher.shut()
    with arrived:
        assert (address, early) == ("2001:db8::1", HEAD)
        assert arrived.recv(100) == b"behind"
        arrived.sendall(b"hello")
        assert peer.recv(100) == b"hello"


async def test_what_nobody_can_take_stays(
    ways: tuple[socket.socket, socket.socket], connected: tuple[socket.socket, socket.socket]
) -> None:
    (own, theirs), (peer, ours) = ways, connected
    usher = Usher(own, [theirs])
    assert not usher.give(1, ours.fileno(), "127.0.0.1", HEAD)  # there is no such process
    assert not usher.give(0, ours.fileno(), "127.0.0.1", HEAD * 1000)
    given = sum(usher.give(0, ours.fileno(), "127.0.0.1", HEAD) for _ in range(MANY))
    assert 0 < given < MANY  # nobody takes them
    own.close()
    assert not usher.give(0, ours.fileno(), "127.0.0.1", HEAD)
    ours.sendall(b"here")
    assert peer.recv(100) == b"here"
