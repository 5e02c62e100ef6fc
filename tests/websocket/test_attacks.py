"""Attacks on the wire, each beside a bystander and under the laws. W numbers are those of the catalogue in the docs."""

import os
import random
import socket
import struct
import time

import pytest

from .raw import BINARY, CLOSE, CONTINUATION, LATE_S, PING, PONG, TEXT, Client, declared, frame, upgrade
from .server import Server

FUZZED = int(os.environ.get("TRACKER_TEST_FUZZ", "100"))
"""Connections the fuzzer opens; 10,000 for a long night."""

TEN_S_OF_FRAMES = 2_000 * 12
TEN_S_OF_PINGS = 20 * 30

BROKEN = {
    "W6 not UTF-8": (frame(TEXT, b"\xff"), 1007),
    "W6 a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "W6 cut inside a letter": (frame(TEXT, b"\xc3"), 1007),
    "W6 bad in the second fragment": (frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"\xff", fin=False), 1007),
    "W6 ends inside a letter": (frame(TEXT, b"a\xc3", fin=False) + frame(CONTINUATION), 1007),
    "W8 one byte too many": (frame(BINARY, b"x" * 65_537), 1009),
    "W12 a compressed frame": (frame(TEXT, b"x", rsv=4), 1002),
    "W13 reserved bits": (frame(BINARY, b"x", rsv=3), 1002),
    "W13 a reserved opcode": (frame(3, b"x"), 1002),
    "W13 a reserved control opcode": (frame(11, b""), 1002),
    "W13 not masked": (frame(TEXT, b"x", mask=False), 1002),
    "W13 a long ping": (frame(PING, b"x" * 126), 1002),
    "W13 a fragmented ping": (frame(PING, b"x", fin=False), 1002),
    "W13 a continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "W13 a message inside a message": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"), 1002),
    "W13 a close frame of one byte": (frame(CLOSE, b"\x03"), 1002),
    "W13 close code 0": (frame(CLOSE, b"\x00\x00"), 1002),
    "W13 close code 1005": (frame(CLOSE, b"\x03\xed"), 1002),
    "W13 close code 1006": (frame(CLOSE, b"\x03\xee"), 1002),
    "W13 close code 2999": (frame(CLOSE, (2999).to_bytes(2, "big")), 1002),
    "W13 close code 5000": (frame(CLOSE, (5000).to_bytes(2, "big")), 1002),
    "W13 a close reason that is not UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_protocol_is_closed_with_the_right_code(server: Server, name: str) -> None:
    broken, code = BROKEN[name]
    client = server.open()
    client.send(TEXT, b"good")
    assert client.receive() == (TEXT, b"good")
    client.sock.sendall(broken)
    assert client.close_code() == code
    assert client.gone_after() < LATE_S
    client.close()


def test_after_all_of_these_the_laws_hold(server: Server) -> None:
    with server.laws():
        for broken, _ in BROKEN.values():
            client = server.open()
            client.flood(broken)
            client.close()


@pytest.mark.parametrize("size", [2**20, 2**30, 2**62])
def test_w8_a_declared_giant_is_refused_when_it_begins(server: Server, size: int) -> None:
    before = server.stats()["violations"].get("1009", 0)
    with server.laws(growth=2 * 2**20):
        client = server.open()
        client.flood(declared(BINARY, size) + b"x" * 70_000)
        start = time.monotonic()
        assert client.close_code() in (1009, 1006)  # a reset may overtake the goodbye
        client.flood(b"x" * 2**22)
        assert time.monotonic() - start + client.gone_after() < LATE_S
        client.close()
    assert server.stats()["violations"]["1009"] == before + 1


def test_w9_an_endless_message_ends_at_the_limit(server: Server) -> None:
    with server.laws():
        client = server.open()
        client.flood(frame(BINARY, b"x" * 1000, fin=False))
        client.flood(frame(CONTINUATION, b"x" * 1000, fin=False) * 5_000)
        assert client.close_code() in (1009, 1006)  # a reset may overtake the goodbye
        client.close()


@pytest.mark.parametrize(
    "flood",
    [
        frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * TEN_S_OF_FRAMES,
        frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * TEN_S_OF_FRAMES,
        frame(BINARY, b"") * TEN_S_OF_FRAMES,
        frame(PING, b"x" * 125) * TEN_S_OF_PINGS,
        frame(PING) * TEN_S_OF_PINGS,
        frame(PONG) * TEN_S_OF_PINGS,
    ],
    ids=["W10 empty", "W10 one byte", "W25 messages", "W11 pings", "W11 empty pings", "W11 pongs"],
)
def test_floods_are_cut_and_nobody_waits(server: Server, flood: bytes) -> None:
    with server.laws():
        clients = [server.open("/count") for _ in range(3)]
        for client in clients:
            client.flood(flood)
        for client in clients:
            assert client.close_code() in (1008, 1006)
            client.close()


def test_w11_pings_whose_answers_are_not_read_cost_nothing(server: Server) -> None:
    with server.laws():
        client = server.open(rcvbuf=4096)
        for _ in range(10):
            client.flood(frame(PING, b"x" * 125) * 20)
        client.close()


@pytest.mark.parametrize("attempts", [100])
def test_w16_early_data_leaves_nothing(server: Server, attempts: int) -> None:
    with server.laws():
        for number in range(attempts):
            path = "/late" if number % 20 == 0 else "/echo" if number % 3 else "/refuse"
            client = Client.open(server.address, path, behind=frame(TEXT, b"early"))
            assert client.status in (101, 400, 403)
            if client.status == 101 and number % 2:
                assert client.receive() == (TEXT, b"early")
            client.close()


def test_w16_early_data_of_every_size_is_received_or_refused(server: Server) -> None:
    with server.laws():
        for size in (1, 10, 1_000, 20_000, 65_000):
            client = Client.open(server.address, "/late", behind=frame(BINARY, b"x" * size) * 2)
            if client.status == 101:
                assert client.receive() == (BINARY, b"x" * size)
                assert client.receive() == (BINARY, b"x" * size)
            else:
                assert client.status == 400
            client.close()


HEADS = {
    "W22 a long header": ((upgrade(extra=f"X: {'x' * 40_000}\r\n"), 400), (431,)),
    "W22 a header that comes at once": ((upgrade(extra=f"X: {'x' * 17_000}\r\n"), 400), (431,)),
    "W22 a long address": ((upgrade("/echo?" + "x" * 17_000), 400), (431,)),
    "W22 many headers": ((upgrade(extra="".join(f"X-{n}: 1\r\n" for n in range(1500))), 400), (431,)),
    "W22 no host": ((upgrade().replace(b"Host: x\r\n", b""), 400), (400,)),
    "W22 two hosts": ((upgrade(extra="Host: y\r\n"), 400), (400,)),
    "W22 two lengths": (
        (b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0),
        (400,),
    ),
    "W22 a folded header": ((upgrade(extra="X: 1\r\n 2\r\n"), 0), (101, 400)),
    "W22 a bad chunk": ((b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 0), (400, 0)),
    "W22 not HTTP": ((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50) + b"\r\n\r\n", 0), (400, 0)),
    "W23 h2c": (
        (
            b"GET /stats HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            0,
        ),
        (200,),
    ),
    "W23 HTTP/2 without TLS": ((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0), (400,)),
    "W24 a junk extension": (
        (upgrade(extra="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=abc\r\n"), 0),
        (101,),
    ),
    "W24 a junk protocol": ((upgrade(extra="Sec-WebSocket-Protocol: \xe9, \xff\r\n"), 0), (101,)),
    "W24 no key": ((upgrade(key=None), 0), (400,)),
    "W24 a short key": ((upgrade(key="c2hvcnQ="), 0), (400,)),
    "W24 a key that is not base64": ((upgrade(key="\xff" * 24), 0), (400,)),
    "W24 version 8": ((upgrade(version="8"), 0), (426,)),
    "W24 HTTP/1.0": ((upgrade().replace(b"HTTP/1.1", b"HTTP/1.0"), 0), (400, 426)),
}


@pytest.mark.parametrize("name", HEADS)
def test_strange_requests_get_an_answer(server: Server, name: str) -> None:
    (request, _), allowed = HEADS[name]
    client = Client(server.address.connect())
    client.flood(request)
    client.read_head()
    assert client.status in allowed, client.head
    assert b"permessage" not in client.head
    client.close()


@pytest.mark.parametrize("version", ["8", "14", "", "thirteen"])
def test_another_version_is_told_which_one_is_spoken(server: Server, version: str) -> None:
    client = Client(server.address.connect())
    client.flood(upgrade(version=version))
    client.read_head()
    head = client.head.lower()
    assert client.status == 426 and b"sec-websocket-version: 13" in head and b"\nupgrade: websocket" in head
    client.close()


def test_after_the_strange_requests_the_laws_hold(server: Server) -> None:
    with server.laws():
        for (request, _), _ in HEADS.values():
            client = Client(server.address.connect())
            client.flood(request)
            client.close()


def test_w29_noise_and_mutated_frames(server: Server) -> None:
    chance = random.Random(1)
    good = frame(TEXT, b"hello") + frame(PING, b"x") + frame(BINARY, b"x" * 300, fin=False) + frame(CONTINUATION, b"y")
    with server.laws():
        for number in range(FUZZED):
            client = server.open()
            data = bytearray(good * 3)
            for _ in range(chance.randrange(1, 8)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            client.flood(chance.randbytes(chance.randrange(1, 5000)) if number % 2 else bytes(data))
            client.close()


def test_connections_that_are_reset_at_once_are_no_failures(server: Server) -> None:
    """So many that some are gone before it is their turn: then nobody can be asked who it was."""
    with server.laws():
        for _ in range(20):
            clients = [server.address.connect() for _ in range(50)]
            for number, client in enumerate(clients):
                client.sendall(upgrade()[: 400 if number % 2 else 20])
            for client in clients:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()


@pytest.mark.parametrize("ahead", [1, 4])
def test_who_waits_for_its_answers_is_never_closed_for_being_fast(server: Server, ahead: int) -> None:
    """Twice what is read in a second: what is too fast is read later."""
    client = server.open()
    for _ in range(ahead):
        client.send(TEXT, b"x")
    for _ in range(4_500):
        assert client.receive() == (TEXT, b"x")
        client.send(TEXT, b"x")
    client.close()


@pytest.mark.parametrize("size", [300_000, 1_000_000, 5_000_000])
def test_who_sends_too_much_at_once_can_read_why(server: Server, size: int) -> None:
    """The whole of it is sent first, as most clients do."""
    for _ in range(5):
        client = server.open()
        client.sock.sendall(frame(BINARY, b"x" * size))
        assert client.close_code() == 1009
        client.close()


def test_who_floods_can_read_why(server: Server) -> None:
    for _ in range(5):
        client = server.open("/count")
        client.sock.sendall(frame(BINARY, b"") * 50_000)
        assert client.close_code() == 1008
        client.close()


def test_who_is_closed_by_the_application_can_read_why_while_it_sends(server: Server) -> None:
    client = server.open("/close")
    client.send(TEXT, b"4503")
    client.sock.sendall(frame(BINARY, b"x" * 1_000) * 2_000 + frame(BINARY, b"x" * 1_000_000))
    assert client.close_code() == 4503
    client.close()


def test_a_refusal_can_be_read_though_there_is_more_to_come(server: Server) -> None:
    client = Client(server.address.connect())
    client.sock.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n")
    client.read_head()
    assert client.status == 431
    client.close()


@pytest.mark.parametrize("late", [True, False])
def test_who_is_answered_before_all_was_sent_is_told_that_it_was_the_last(server: Server, late: bool) -> None:
    """A client that keeps its connections would send its next request into one that is gone."""
    head, body = b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"x" * 9
    client = Client(server.address.connect())
    client.sock.sendall(head if late else head + body)
    client.read_head()
    assert client.status == 405
    assert (b"connection: close" in client.head.lower()) is late
    client.close()


def test_an_exception_of_the_application_closes_with_1011(server: Server) -> None:
    client = server.open("/bomb")
    client.send(TEXT, b"x")
    assert client.close_code() in (1011, 1000)
    client.close()
    assert "on purpose" in server.log()
