"""What an application may rely on, over every way in."""

import time
from collections.abc import Iterator

import pytest

from .conftest import WAYS, started
from .raw import BINARY, CLOSE, CONTINUATION, LATE_S, PING, PONG, TEXT, frame, upgrade
from .server import Server


@pytest.fixture(scope="module", params=WAYS)
def server(request: pytest.FixtureRequest, identity: dict[str, str]) -> Iterator[Server]:
    """On asyncio's own loop as well."""
    with started(WAYS[request.param], identity, limits={"first_message_s": None}) as running:
        yield running


@pytest.mark.parametrize("payload", [b"", b"x", b"x" * 125, b"x" * 126, b"x" * 65535, b"x" * 65536])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_messages_come_back_as_they_went(server: Server, opcode: int, payload: bytes) -> None:
    client = server.open()
    client.send(opcode, payload)
    assert client.receive() == (opcode, payload)
    client.close()


def test_text_is_text_beyond_ascii(server: Server) -> None:
    client = server.open()
    text = "Größe 位置 🛰".encode()
    client.send(TEXT, text)
    assert client.receive() == (TEXT, text)
    client.close()


def test_fragments_become_one_message_even_around_a_ping_and_inside_a_letter(server: Server) -> None:
    client = server.open()
    text = "é".encode()
    client.send(TEXT, b"a" + text[:1], fin=False)
    client.send(PING, b"?")
    client.send(CONTINUATION, b"", fin=False)
    client.send(CONTINUATION, text[1:] + b"z")
    assert client.receive() == (PONG, b"?")
    assert client.receive() == (TEXT, b"a" + text + b"z")
    client.close()


def test_many_messages_in_one_write_come_back_in_order(server: Server) -> None:
    client = server.open()
    wanted = [str(number).encode() for number in range(500)]
    client.sock.sendall(b"".join(frame(TEXT, payload) for payload in wanted))
    assert [client.receive() for _ in wanted] == [(TEXT, payload) for payload in wanted]
    client.close()


@pytest.mark.parametrize("sizes", [[0], [0, 1], [125, 126, 5000], [3, 16_384, 3], [3, 20_000, 3]])
def test_texts_in_one_write_are_messages_of_their_own_in_order(server: Server, sizes: list[int]) -> None:
    client = server.open("/apart")
    texts = [("é" * size).encode() for size in sizes]
    client.send(TEXT, b"|".join(texts))
    assert [client.receive() for _ in range(len(texts) + 2)] == [
        (TEXT, text) for text in (b"the parts of", *texts, b"|".join(texts))
    ]
    client.close()


def test_a_frame_may_come_byte_by_byte(server: Server) -> None:
    client = server.open()
    for byte in frame(TEXT, b"slow"):
        client.sock.sendall(bytes([byte]))
    assert client.receive() == (TEXT, b"slow")
    client.close()


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_the_peer_closes_and_is_answered(server: Server, code: int) -> None:
    before = server.stats()["closed"].get(str(code), 0)
    client = server.open()
    client.send(CLOSE, code.to_bytes(2, "big") + b"bye")
    assert client.close_code() == code
    assert client.gone_after() < LATE_S
    client.close()
    server.until("closed", lambda now: now["closed"].get(str(code), 0) == before + 1)


def test_the_application_closes_and_sends_nothing_more(server: Server) -> None:
    client = server.open("/close")
    client.send(TEXT, b"4503")
    opcode, payload = client.receive()
    assert (opcode, payload) == (CLOSE, (4503).to_bytes(2, "big") + b"as you wish")
    client.send(CLOSE, payload)
    assert client.gone_after() < LATE_S
    client.close()


def test_a_peer_that_just_goes_is_told_to_the_application_once(server: Server) -> None:
    before = server.stats()["closed"].get("1006", 0)
    client = server.open()
    client.send(TEXT, b"x")
    client.receive()
    client.close()
    server.until("closed", lambda now: now["closed"].get("1006", 0) == before + 1)


def test_messages_before_a_close_are_received(server: Server) -> None:
    before = server.stats()["counted"]
    client = server.open("/count")
    client.sock.sendall(frame(TEXT, b"x") * 5 + frame(CLOSE, b"\x03\xe8"))
    assert client.close_code() == 1000
    client.close()
    server.until("counted", lambda now: now["counted"] == before + 5)


def test_reading_can_be_paused(server: Server) -> None:
    client = server.open("/paused")
    start = time.monotonic()
    client.send(TEXT, b"x")
    assert client.receive() == (TEXT, b"x")
    assert 0.7 < time.monotonic() - start < LATE_S
    client.close()


def test_one_frame_is_pushed_to_many(server: Server) -> None:
    clients = [server.open("/push") for _ in range(20)]
    for client in clients:
        assert client.receive() == (BINARY, b"x" * 1024)
        client.close()


def test_the_route_can_refuse_before_the_upgrade(server: Server) -> None:
    client = server.open("/echo")
    client.close()
    sock = server.address.connect()
    sock.sendall(upgrade("/refuse"))
    assert sock.recv(4096).startswith(b"HTTP/1.1 403")
    sock.close()


def test_deflate_is_never_negotiated(server: Server) -> None:
    client = server.open(extra="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
    assert b"extensions" not in client.head.lower()
    client.send(TEXT, b"plain")
    assert client.receive() == (TEXT, b"plain")
    client.close()


def test_http_and_its_bodies_still_work(server: Server) -> None:
    sock = server.address.connect()
    body = b"\r\n\r\nUpgrade: websocket\r\n\r\n" * 20_000
    for _ in range(2):
        sock.sendall(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        answer = b""
        while not answer.endswith(str(len(body)).encode()):
            answer += sock.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
    sock.close()
