"""What a handshake may look like, over each way a WebSocket can come in."""

from collections.abc import Iterator

import pytest

from .conftest import WAYS, started
from .raw import KEY, TEXT, Client
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
