"""A connection that one process gives to another goes on there, from its first byte; one that it cannot give stays."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S
from tracker.websocket.usher import Usher

HEAD = b"GET / HTTP/1.1\r\n\r\n"
MANY = 20_000  # more than any socket keeps
Taken = asyncio.Queue[tuple[socket.socket, str, bytes]]


@pytest.fixture
async def ends() -> AsyncIterator[tuple[socket.socket, socket.socket]]:
    """The peer's end of a connection, and ours."""
    listener = socket.create_server(("127.0.0.1", 0))
    peer = socket.create_connection(listener.getsockname())
    ours, _ = listener.accept()
    yield peer, ours
    for each in (peer, ours, listener):
        each.close()


async def take(taken: Taken) -> tuple[socket.socket, str, bytes]:
    async with asyncio.timeout(PATIENCE_S):
        return await taken.get()


async def test_a_given_connection_goes_on_and_the_peer_sees_nothing_of_it(
    tmp_path: Path, ends: tuple[socket.socket, socket.socket]
) -> None:
    (peer, ours), taken = ends, Taken()
    one, other = Usher(tmp_path, 0), Usher(tmp_path, 1)
    other.begin(lambda *given: taken.put_nowait(given))
    peer.sendall(b"behind")
    assert one.give(1, ours.fileno(), "2001:db8::1", HEAD)
    ours.close()
    arrived, address, early = await take(taken)
    one.shut()
    other.shut()
    assert not arrived.get_inheritable()  # a reader of strangers' files must not have it
    with arrived:
        assert (address, early) == ("2001:db8::1", HEAD)
        assert arrived.recv(100) == b"behind"
        arrived.sendall(b"hello")
        assert peer.recv(100) == b"hello"


async def test_what_nobody_can_take_stays(tmp_path: Path, ends: tuple[socket.socket, socket.socket]) -> None:
    (peer, ours), number = ends, ends[1].fileno()
    one, other = Usher(tmp_path, 0), Usher(tmp_path, 1)
    assert not one.give(1, number, "127.0.0.1", HEAD)  # it does not serve yet
    other.begin(lambda *given: None)
    assert not one.give(1, number, "127.0.0.1", HEAD * 1000)
    given = sum(one.give(1, number, "127.0.0.1", HEAD) for _ in range(MANY))
    assert 0 < given < MANY  # the loop has no turn in which they could be taken
    other.shut()
    assert not one.give(1, number, "127.0.0.1", HEAD)  # it is gone
    one.shut()
    ours.sendall(b"here")
    assert peer.recv(100) == b"here"


async def test_who_takes_a_place_takes_who_comes(tmp_path: Path, ends: tuple[socket.socket, socket.socket]) -> None:
    (_, ours), before, after = ends, Taken(), Taken()
    one, old, new = Usher(tmp_path, 0), Usher(tmp_path, 1), Usher(tmp_path, 1)
    old.begin(lambda *given: before.put_nowait(given))
    new.begin(lambda *given: after.put_nowait(given))
    assert one.give(1, ours.fileno(), "127.0.0.1", HEAD)
    arrived, _, _ = await take(after)
    arrived.close()
    old.shut()
    assert one.give(1, ours.fileno(), "127.0.0.1", HEAD)
    (await take(after))[0].close()
    assert before.empty()
    one.shut()
    new.shut()
