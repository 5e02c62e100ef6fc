"""What a handshake may look like, over each way a WebSocket can come in."""

from collections.abc import Iterator

import pytest

from .conftest import WAYS, started
from .raw import KEY, TEXT, Client, frame
from .server import Server


@pytest.fixture(scope="module", params=["handed over", "plain ASGI"])
def speaking(request: pytest.FixtureRequest, identity: dict[str, str]) -> Iterator[Server]:
    with started(WAYS[request.param], identity, limits={"subprotocols": ["tracker.v1"]}) as running:
        yield running


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("tracker.v1", True),
        ("x, tracker.v1", True),
        ("x\r\nSec-WebSocket-Protocol: tracker.v1", True),
        ("x", False),
        ("tracker.v11", False),
        (None, False),
    ],
)
def test_ours_is_chosen_and_no_other(speaking: Server, offered: str | None, chosen: bool) -> None:
    extra = f"Sec-WebSocket-Protocol: {offered}\r\n" if offered else ""
    client = Client.open(speaking.address, "/echo", extra)
    assert client.status == 101
    assert (b"sec-websocket-protocol: tracker.v1" in client.head.lower()) is chosen
    assert client.head.lower().count(b"sec-websocket-protocol") == chosen
    client.send(TEXT, b"x")
    assert client.receive() == (TEXT, b"x")
    client.close()


UPGRADES = {
    "a list": ["Upgrade: h2c, websocket", "Connection: Upgrade"],
    "a list, the other way round": ["Upgrade: WebSocket , h2c", "Connection: Upgrade"],
    "two lines": ["Upgrade: websocket", "Upgrade: h2c", "Connection: keep-alive, Upgrade"],
    "two lines of Connection": ["Upgrade: websocket", "Connection: upgrade", "Connection: keep-alive"],
    "empty places": ["Upgrade: , websocket,", "Connection: ,Upgrade,"],
}
NO_UPGRADES = {
    "another protocol": ["Upgrade: websockets", "Connection: Upgrade"],
    "no Connection": ["Upgrade: websocket", "Connection: keep-alive"],
    "h2c alone": ["Upgrade: h2c", "Connection: Upgrade"],
}


def ask(speaking: Server, lines: list[str]) -> Client:
    client = Client(speaking.address.connect())
    common = ["GET /echo HTTP/1.1", "Host: x", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13"]
    client.flood("\r\n".join([*common, *lines, "", ""]).encode())
    client.read_head()
    return client


@pytest.mark.parametrize("name", UPGRADES)
def test_upgrade_is_a_list(speaking: Server, name: str) -> None:
    client = ask(speaking, UPGRADES[name])
    assert client.status == 101
    client.send(TEXT, b"x")
    assert client.receive() == (TEXT, b"x")
    client.close()


@pytest.mark.parametrize("name", NO_UPGRADES)
def test_what_asks_for_no_websocket_gets_none(speaking: Server, name: str) -> None:
    client = ask(speaking, NO_UPGRADES[name])
    assert client.status == 400  # Quart's own answer to a plain request for a socket
    client.close()


PLAIN = (
    "Host: x",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {KEY}",
)
ODD: dict[str, tuple[str, ...]] = {
    "plain": PLAIN,
    "plain, with what browsers say": (
        *PLAIN,
        "User-Agent: Mozilla/5.0 (X11; Linux)",
        "Origin: http://x",
        "Pragma: no-cache",
    ),
    "plain, with an offer": (*PLAIN, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
    "ours": (*PLAIN, "Sec-WebSocket-Protocol: tracker.v1"),
    "another's": (*PLAIN, "Sec-WebSocket-Protocol: x"),
    "lower case": tuple(line.lower() if "Key" not in line else line for line in PLAIN),
    "no spaces": tuple(line.replace(": ", ":") for line in PLAIN),
    "spaces behind": tuple(f"{line}  " for line in PLAIN),
    "tabs": tuple(line.replace(": ", ":\t") for line in PLAIN),
    "no Host": PLAIN[1:],
    "two of Host": (*PLAIN, "Host: y"),
    "an empty Host": ("Host:", *PLAIN[1:]),
    "a Host that is none": ("Host: a b", *PLAIN[1:]),
    "two keys": (*PLAIN, PLAIN[-1]),
    "no key": PLAIN[:-1],
    "a short key": (*PLAIN[:-1], "Sec-WebSocket-Key: eA=="),
    "a key that is none": (*PLAIN[:-1], "Sec-WebSocket-Key: !" + KEY[1:]),
    "another version": (*PLAIN[:3], "Sec-WebSocket-Version: 8", PLAIN[4]),
    "two versions": (*PLAIN[:3], "Sec-WebSocket-Version: 13, 8", PLAIN[4]),
    "another upgrade": ("Host: x", "Upgrade: h2c", *PLAIN[2:]),
    "a body": (*PLAIN, "Content-Length: 3"),
    "a body in chunks": (*PLAIN, "Transfer-Encoding: chunked"),
    "two lengths": (*PLAIN, "Content-Length: 3", "Transfer-Encoding: chunked"),
    "a cookie": (*PLAIN, "Cookie: a=b"),
    "an empty line's worth": (*PLAIN, "User-Agent:"),
    "a space before the colon": (*PLAIN, "User-Agent : x"),
    "a folded line": (*PLAIN, "User-Agent: x", " y"),
    "no colon": (*PLAIN, "nonsense"),
    "not ASCII": (*PLAIN, "User-Agent: \xe9"),
    "a NUL": (*PLAIN, "User-Agent: a\0b"),
    "a bare line feed": (*PLAIN, "User-Agent: x\nConnection: close"),
    "a bare carriage return": (*PLAIN, "User-Agent: x\ry"),
    "unknown": (*PLAIN, "X-Something: x"),
    "very long": (*PLAIN, "User-Agent: " + "x" * 5_000),
}
FIRST = (
    *("GET /echo", "GET /echo?a=b", "GET /ec%68o", "GET http://x/echo", "GET //echo"),
    *("POST /echo", "GET  /echo", "get /echo", "GET /nowhere/at/all", "GET /refuse", "GET /late"),
)


@pytest.fixture(scope="module")
def ways(identity: dict[str, str]) -> Iterator[list[Server]]:
    """The route alone, and the short way before it."""
    limits = {"subprotocols": ["tracker.v1"], "first_message_s": None, "close_s": 0.5}
    with Server(limits=limits) as route, Server(limits=limits, shortcut=True) as short:
        yield [route, short]


def hear(server: Server, head: str) -> tuple[int, bytes, bytes]:
    """What a handshake is answered with, and what becomes of the frame right behind it."""
    client = Client(server.address.connect())
    client.flood(head.encode("latin-1") + frame(TEXT, b"x"))
    client.read_head()
    chosen = next((line for line in client.head.lower().split(b"\r\n") if line.startswith(b"sec-websocket-pro")), b"")
    answer = client.receive()[1] if client.status == 101 else b""
    client.close()
    return client.status, chosen, answer


@pytest.mark.parametrize("name", ODD)
def test_the_short_way_says_what_the_route_says(ways: list[Server], name: str) -> None:
    told = [hear(server, "\r\n".join(["GET /echo HTTP/1.1", *ODD[name], "", ""])) for server in ways]
    assert told[0] == told[1]
    assert (told[0][0] == 101) == (told[0][2] == b"x")


@pytest.mark.parametrize("first", [*(f"{first} HTTP/1.1" for first in FIRST), "GET /echo HTTP/1.0"])
def test_the_short_way_says_it_of_other_requests(ways: list[Server], first: str) -> None:
    told = [hear(server, "\r\n".join([first, *PLAIN, "", ""])) for server in ways]
    assert told[0] == told[1]


def test_a_head_that_comes_in_pieces_is_waited_for(ways: list[Server]) -> None:
    for server in ways:
        client = Client(server.address.connect())
        for line in ("GET /echo HTTP/1.1", *PLAIN, "", ""):
            client.sock.sendall(f"{line}\r\n".encode() if line else b"\r\n")
        client.read_head()
        assert client.status == 101
        client.close()
