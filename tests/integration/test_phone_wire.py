"""A phone's post in whatever clothes HTTP has for it: each is answered 200, and its fix is there."""

import gzip
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.integration.test_plain_posts import hear
from tests.patience import PATIENCE_S
from tests.phone_samples import AT, LAT, LON, encode, owntracks
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms

CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def path(shared: RunningServer) -> str:
    shared.new_device("wire")
    with shared.api() as api:
        return str(api.get("/api/devices/wire").json()["ingest_url"]).partition(shared.address)[2]


@pytest.fixture
def wire(shared: RunningServer) -> Iterator[socket.socket]:
    host, _, port = shared.address.rpartition(":")
    with closing(socket.create_connection((host, int(port)), timeout=PATIENCE_S)) as wire:
        yield wire


def post(path: str, body: bytes, more: str = "", version: str = "1.1", method: str = "POST") -> bytes:
    length = "" if CHUNKED in more else f"Content-Length: {len(body)}\r\n"
    head = f"{method} {path} HTTP/{version}\r\nHost: a.example\r\n{length}{more}\r\n"
    data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if CHUNKED in more else body
    return head.encode() + data


def query(at: int) -> str:
    return f"id=1&lat={LAT}&lon={LON}&timestamp={at // 1000}"


def body(at: int) -> bytes:
    return encode(owntracks(at))


WAYS: list[tuple[str, Callable[[str, int], bytes]]] = [
    ("get", lambda path, at: post(f"{path}?{query(at)}", b"", method="GET")),
    ("patch", lambda path, at: post(path, body(at), method="PATCH")),
    ("slash", lambda path, at: post(f"{path}/?{query(at)}", b"")),
    ("raw letters", lambda path, at: post(f"{path}?{query(at)}&name=Zoë", b"")),
    ("letters, basic", lambda path, at: post(f"{path}?{query(at)}&n=Zoë", b"", "Authorization: Basic YTpi\r\n")),
    ("letters, cookie", lambda path, at: post(f"{path}?{query(at)}&n=Zoë", b"", "Cookie: a=b\r\n")),
    ("letters, unknown header", lambda path, at: post(f"{path}?{query(at)}&n=Zoë", b"", "X-Of-App: a\r\n")),
    ("letters, put", lambda path, at: post(f"{path}?{query(at)}&n=Zoë", b"", method="PUT")),
    ("absolute", lambda path, at: post(f"http://a.example{path}", body(at))),
    ("chunked", lambda path, at: post(path, body(at), CHUNKED)),
    ("http/1.0", lambda path, at: post(path, body(at), "Connection: keep-alive\r\n", version="1.0")),
    ("gzip", lambda path, at: post(path, gzip.compress(body(at)), "Content-Encoding: gzip\r\n")),
    ("gzip that is none", lambda path, at: post(path, body(at), "Content-Encoding: gzip\r\n")),
    ("br that is none", lambda path, at: post(path, body(at), "Content-Encoding: br\r\n")),
    ("bearer", lambda path, at: post(path, body(at), "Authorization: Bearer of-the-app\r\n")),
    ("basic", lambda path, at: post(path, body(at), "Authorization: Basic amFuZTpzZWNyZXQ=\r\n")),
    ("cookie", lambda path, at: post(path, body(at), "Cookie: a=b\r\n")),
    ("web view", lambda path, at: post(path, body(at), "Origin: null\r\n")),
    ("other page", lambda path, at: post(path, body(at), "Origin: https://a.example.org\r\n")),
    ("multipart without a boundary", lambda path, at: post(path, body(at), "Content-Type: multipart/form-data\r\n")),
    ("odd charset", lambda path, at: post(path, body(at), "Content-Type: application/json; charset=klingon\r\n")),
    ("form", lambda path, at: post(path, body(at), "Content-Type: application/x-www-form-urlencoded\r\n")),
]


@pytest.mark.parametrize(("name", "make"), WAYS, ids=[name for name, _ in WAYS])
def test_it_is_taken(
    shared: RunningServer, wire: socket.socket, path: str, name: str, make: Callable[[str, int], bytes]
) -> None:
    at = AT - 1000 * (1 + [each for each, _ in WAYS].index(name))
    wire.sendall(make(path, at))
    assert hear(wire)[0] == "200"
    with shared.api() as api:
        window = {"from": format_ms(at), "to": format_ms(at + 1), "format": "csv"}
        track = api.get("/api/devices/wire/track", params=window).raise_for_status().text
    assert format_ms(at) in track


def test_letters_that_nobody_encoded_come_again_on_the_same_connection(wire: socket.socket, path: str) -> None:
    for number in range(3):
        asked = f"{path}?{query(AT - 500_000 - 1000 * number)}&n=Zoë"
        wire.sendall(post(asked, b"", "Cookie: a=b\r\n" if number % 2 else "X-Of-App: a\r\n"))
        assert hear(wire)[0] == "200"


def test_who_asks_first_whether_it_may_send_is_told_so(wire: socket.socket, path: str) -> None:
    asked = post(path, body(now_ms()), "Expect: 100-continue\r\n")
    size = asked.index(b"\r\n\r\n") + 4
    wire.sendall(asked[:size])
    assert wire.recv(100).startswith(b"HTTP/1.1 100")
    wire.sendall(asked[size:])
    assert hear(wire)[0] == "200"
