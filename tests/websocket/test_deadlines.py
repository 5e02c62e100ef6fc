"""Everything that waits, waits only so long; with deadlines a hundred times shorter than those it ships with."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import pytest

from tests.patience import PATIENCE_S, is_busy

from .raw import CLOSE, LATE_S, PING, PONG, TEXT, Client, frame, upgrade
from .server import Server

SLOW = int(os.environ.get("TRACKER_TEST_SLOW", "60"))
"""Slow connections at once; 1,000 for a long night."""
PEERS = 20
TRIES = 5


def test_w17_silent_connections_and_dribbled_heads_are_closed(hasty: Server) -> None:
    with hasty.laws():
        slow = [Client(hasty.address.connect()) for _ in range(SLOW)]
        for client in slow[::2]:
            client.flood(b"GET /echo HTTP/1.1\r\nHost: x\r\n")
        for byte in b"X: yy":
            for client in slow[::2]:
                client.flood(bytes([byte]))
            time.sleep(0.05)
        start = time.monotonic()
        hasty.open().close()  # an honest one is not kept waiting
        assert time.monotonic() - start < 0.5 or is_busy()
        for client in slow:
            assert client.gone_after() < LATE_S
            client.close()


def test_w17_a_dribbled_body_is_closed(hasty: Server) -> None:
    with hasty.laws():
        client = Client(hasty.address.connect())
        client.flood(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        start = time.monotonic()
        while time.monotonic() - start < LATE_S and client.gone_within(0.2) is False:
            client.flood(b"x")
        assert time.monotonic() - start < LATE_S
        client.close()


def test_an_upgrade_nobody_decides_is_closed(hasty: Server) -> None:
    with hasty.laws():
        client = Client(hasty.address.connect())
        client.flood(upgrade("/never"))
        assert client.gone_after() < LATE_S
        client.close()


def test_w18_who_says_nothing_is_closed_with_4501(hasty: Server) -> None:
    with hasty.laws():
        client = hasty.open()
        start = time.monotonic()
        assert client.close_code() == 4501
        assert 0.4 < time.monotonic() - start < LATE_S
        client.close()


def test_w19_half_a_frame_and_silence_is_closed_with_4001(hasty: Server) -> None:
    with hasty.laws():
        client = hasty.open()
        client.send(TEXT, b"x")
        client.flood(frame(TEXT, b"x" * 100)[:20])
        start = time.monotonic()
        assert client.close_code() == 4001
        assert 0.8 < time.monotonic() - start < LATE_S
        client.close()


def test_what_large_messages_needed_is_given_back(hasty: Server) -> None:
    """picows keeps its buffer as large as it ever was; a parser with a grown one is replaced in passing."""
    arrived, are_small = Semaphore(0), Event()

    def talk() -> None:
        client = hasty.open()
        client.echo(b"x" * 60_000)
        arrived.release()
        while not are_small.wait(0.1):
            client.echo(b"small")
        client.echo(b"y" * 60_000)
        client.close()

    with ThreadPoolExecutor(10) as pool:  # each by itself: of one loop for all, the last would be silent for too long
        talks = [pool.submit(talk) for _ in range(10)]
        end = time.monotonic() + PATIENCE_S
        try:
            assert all(arrived.acquire(timeout=PATIENCE_S) for _ in range(10))
            while hasty.stats()["read_buffers"] > 12 * 4096:
                assert time.monotonic() < end
                time.sleep(0.05)
        finally:
            are_small.set()
        for each in talks:
            each.result()


def test_half_a_frame_is_not_lost_to_it(hasty: Server) -> None:
    """The ping cannot be answered within a frame: who is late with the other half is cut, as others compute, and tries
    again."""
    for _ in range(TRIES):
        client = hasty.open()
        client.echo(b"x" * 60_000)
        data = frame(TEXT, b"z" * 50_000)
        client.flood(data[:40_000])
        assert client.receive()[0] == PING  # the wheel came by, and asked
        client.flood(data[40_000:])
        while (heard := client.receive())[0] == PING:
            pass
        client.close()
        if heard == (TEXT, b"z" * 50_000):
            return
        assert heard[0] in (-1, CLOSE) and is_busy(), heard[0]
    raise AssertionError("never")


def test_who_answers_pings_stays(hasty: Server) -> None:
    client = hasty.open()
    client.send(TEXT, b"x")
    pings = 0
    while pings < 2:
        opcode, payload = client.receive()
        assert opcode in (PING, TEXT)
        if opcode == PING:
            pings += 1
            client.send(PONG, payload)
    client.echo(b"still here")  # a third ping may come first
    client.close()


def test_a_peer_that_does_not_answer_a_close_is_cut(hasty: Server) -> None:
    with hasty.laws():
        client = hasty.open("/close")
        client.send(TEXT, b"4000")
        assert client.receive()[0] == CLOSE
        assert client.gone_after() < LATE_S
        client.close()


def test_l1_a_viewer_that_stops_reading_is_cut(hasty: Server) -> None:
    """Whether the application minds `buffered` or not."""
    before = hasty.stats()["closed"].get("4008", 0)
    with hasty.laws():
        clients = [hasty.open(path, rcvbuf=4096) for path in ("/push", "/stubborn", "/stubborn")]
        for client in clients:
            client.send(TEXT, b"x")
        after = hasty.until("cut", lambda now: now["viewers"] == 0, timeout=LATE_S)
        assert after["closed"].get("4008", 0) >= before + 2
        for client in clients:
            client.close()


def test_w28_a_slow_reader_that_goes_on_reading_stays(hasty: Server) -> None:
    """Twice the write deadline: it gets what it can, and is not cut. Neither is who takes one long message or one long
    answer, which no buffer holds, and of which the connection beneath TLS keeps more than is taken in that time."""
    dribbling, taking, loading = hasty.open("/push", rcvbuf=4096), hasty.open("/snapshot", rcvbuf=4096), load(hasty)
    for client in (dribbling, taking):
        client.send(TEXT, b"x")
    end = time.monotonic() + 2 * hasty.limits["write_s"]
    while time.monotonic() < end:
        for client, size in ((dribbling, 2048), (taking, 8192), (loading, 8192)):
            assert client.sock.recv(size)
        for client in (dribbling, taking):
            client.flood(frame(PONG))
        time.sleep(0.1)
    for client in (dribbling, taking, loading):
        client.close()


def test_who_takes_nothing_of_an_answer_is_cut(hasty: Server) -> None:
    with hasty.laws():
        clients = [load(hasty) for _ in range(5)]
        hasty.until("there", lambda now: now["wires"] >= 5)
        hasty.until("cut", lambda now: now["wires"] <= 2, timeout=LATE_S)  # the bystander, and who asks
        for client in clients:
            client.close()


def load(server: Server) -> Client:
    """A client that asked for a long answer over HTTP, and has not read any of it."""
    client = Client(server.address.connect(rcvbuf=4096))
    client.flood(b"GET /bulk HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


@pytest.mark.parametrize("pause_s", [float(os.environ.get("TRACKER_TEST_PAUSE_S", "2"))])
def test_l19_a_pause_of_the_server_disconnects_nobody(hasty: Server, pause_s: float) -> None:
    """The server is stopped for longer than ping and pong together; its peers answered as soon as it could hear."""
    pause_s = max(pause_s, 1.5 * (hasty.limits["ping_s"] + hasty.limits["pong_s"]))
    arrived, is_over = Semaphore(0), Event()

    def stay() -> None:
        """From the first on each answers pings: to open all of them may take longer than the first has to answer."""
        client = hasty.open()
        client.echo(b"x")
        arrived.release()
        while not is_over.is_set():
            client.answer_pings(for_s=0.05)
        client.echo(b"awake?")
        client.close()

    with ThreadPoolExecutor(PEERS) as pool:
        peers = [pool.submit(stay) for _ in range(PEERS)]
        try:
            assert all(arrived.acquire(timeout=PATIENCE_S) for _ in range(PEERS))
            hasty.process.send_signal(signal.SIGSTOP)
            time.sleep(pause_s)
        finally:
            is_over.set()
            hasty.process.send_signal(signal.SIGCONT)
        for peer in peers:
            peer.result()


def test_a_message_larger_than_the_buffer_is_taken_in_peace(hasty: Server) -> None:
    """A first snapshot may be megabytes; what is sent right behind it must not cut who is still taking it."""
    client = hasty.open("/snapshot", rcvbuf=65536)
    client.send(TEXT, b"x")
    sizes: list[int] = []
    while len(sizes) < 3:
        opcode, payload = client.receive()
        if opcode == PING:
            client.send(PONG, payload)
        else:
            assert opcode in (TEXT, 2), opcode
            sizes.append(len(payload))
    assert sizes == [4_000_000, 1024, 1024]
    client.close()
