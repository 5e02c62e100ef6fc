"""A subprotocol is chosen where it is one of ours, over each way a WebSocket can come in."""

from collections.abc import Iterator

import pytest

from .conftest import WAYS, started
from .raw import TEXT, Client
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
