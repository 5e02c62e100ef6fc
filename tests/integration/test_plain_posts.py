"""What a phone posts is answered the same by the short way and by the route; what is not plain finds the route."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.patience import PATIENCE_S
from tests.phone_samples import AT, SAMPLES, Sample, encode, owntracks, traccar_query
from tests.running import RunningServer
from tracker.model.dialect import Dialect

DATED = [each for each in SAMPLES if each.dialect not in (Dialect.HOME_ASSISTANT, Dialect.UNKNOWN)]
COOKIE = "Cookie: a=b\r\n"  # not plain: it goes by the route


@pytest.fixture(scope="module")
def path(lodging: RunningServer) -> str:
    lodging.new_device("plain")
    with lodging.api() as api:
        address: str = api.get("/api/devices/plain").json()["ingest_url"]
    return address.partition(lodging.address)[2]


@pytest.fixture
def wire(lodging: RunningServer) -> Iterator[socket.socket]:
    host, _, port = lodging.address.rpartition(":")
    with closing(socket.create_connection((host, int(port)), timeout=PATIENCE_S)) as wire:
        yield wire


def write(path: str, body: bytes = b"", query: str = "", more: str = "") -> bytes:
    head = f"POST {path}?{query} HTTP/1.1\r\nHost: a.example\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def hear(wire: socket.socket) -> tuple[str, dict[str, str], bytes]:
    """Status, headers, body."""
    reading = wire.makefile("rb")
    status, headers = reading.readline().decode().split()[1], {}
    while line := reading.readline().decode().strip():
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return status, headers, reading.read(int(headers["content-length"]))


@pytest.mark.parametrize("sample", DATED, ids=lambda sample: sample.name)
def test_both_ways_say_the_same(wire: socket.socket, path: str, sample: Sample) -> None:
    answers = []
    for more in ("", COOKIE):
        wire.sendall(write(path, sample.body, sample.query, more))
        status, headers, body = hear(wire)
        answers.append((status, body, headers.get("content-type", "").partition(";")[0] if body else ""))
    assert answers[0] == answers[1] and answers[0][0] == "200"


def test_an_answer_costs_few_bytes(wire: socket.socket, path: str) -> None:
    for more, most in (("", 90), (COOKIE, 170)):
        wire.sendall(write(path, b"", traccar_query(), more))
        answer = wire.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200") and len(answer) <= most, answer


def test_a_body_may_come_behind_its_head_and_requests_behind_each_other(wire: socket.socket, path: str) -> None:
    asked = write(path, encode(owntracks()))
    size = asked.index(b"\r\n\r\n") + 4
    for piece in (asked[:size], asked[size : size + 10], asked[size + 10 :]):
        wire.sendall(piece)
    assert hear(wire)[2] == b"[]"
    wire.sendall(asked + write(path, b"", traccar_query()) + asked)
    heard = b""
    while heard.count(b"HTTP/1.1 200") < 3 or not heard.endswith(b"[]"):
        heard += wire.recv(4096)
    assert heard.count(b"HTTP/1.1") == 3


def test_a_body_that_does_not_come_is_waited_for_by_the_route(wire: socket.socket, path: str) -> None:
    asked = write(path, encode(owntracks(AT - 1000)))
    wire.sendall(asked[:-5])
    wire.settimeout(1.5)
    with pytest.raises(TimeoutError):
        wire.recv(1)
    wire.settimeout(PATIENCE_S)
    wire.sendall(asked[-5:])
    assert hear(wire)[2] == b"[]"


def test_the_last_request_ends_the_connection(wire: socket.socket, path: str) -> None:
    wire.sendall(write(path, encode(owntracks()), more="Connection: close\r\n"))
    heard = b""
    while piece := wire.recv(4096):
        heard += piece
    assert heard.startswith(b"HTTP/1.1 200") and b"connection: close" in heard and heard.endswith(b"[]")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("end", ["", "/"])
def test_each_method_is_taken_and_a_slash_behind_the_key(wire: socket.socket, path: str, method: str, end: str) -> None:
    for body, query in ((b"", traccar_query()), (traccar_query().encode(), ""), (encode(owntracks()), "")):
        wire.sendall(write(path + end, body, query).replace(b"POST", method.encode(), 1))
        assert hear(wire)[0] == "200"


def test_a_stranger_is_told_by_the_route(wire: socket.socket, path: str) -> None:
    wire.sendall(write(f"{path}x", encode(owntracks())))
    status, headers, _ = hear(wire)
    assert status == "404" and headers["content-type"] == "application/problem+json"
    wire.sendall(write(path, encode(owntracks())))
    assert hear(wire)[2] == b"[]"
