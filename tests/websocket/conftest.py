"""The same server over every way a WebSocket can come in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.patience import WHERE_BUSY

from .raw import OPEN
from .server import Server

WAYS: dict[str, dict[str, Any]] = {
    "handed over": {"shortcut": True},
    "handed over, asyncio": {"loop": "asyncio"},
    "handed over, TLS": {"tls": True},
    "plain ASGI": {"hand_over": False},
}


@pytest.fixture(autouse=True)
def closed_sockets() -> Iterator[None]:
    """A client ends with its test, whether that passed or failed."""
    yield
    for sock in tuple(OPEN):
        sock.close()


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A certificate for localhost that signs itself, and its key."""
    folder: Path = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "certificate.pem").write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    return {
        "certificate": str(folder / "certificate.pem"),
        "key": str(folder / "key.pem"),
        "authority": str(folder / "authority.pem"),
    }


def started(way: dict[str, Any], identity: dict[str, str], **more: Any) -> Server:
    """A server that is reached this way."""
    way = dict(way)
    return Server(**(way | identity if way.pop("tls", False) else way), **more)


@pytest.fixture(scope="module", params=[way for way in WAYS if "asyncio" not in way])
def server(request: pytest.FixtureRequest, identity: dict[str, str]) -> Iterator[Server]:
    """With the limits it ships with, but for silence."""
    with started(WAYS[request.param], identity, limits={"first_message_s": None, "close_s": 0.5}) as running:
        yield running


HASTY = {
    "handshake_s": 0.6,
    "first_message_s": 0.6,
    "ping_s": 0.6,
    "pong_s": 0.4,
    "write_s": 0.6,
    "close_s": 0.4,
    "keep_alive_s": 0.6,
    "answer_s": 0.6,
}


@pytest.fixture(scope="module", params=[way for way in WAYS if "asyncio" not in way])
def hasty(request: pytest.FixtureRequest, identity: dict[str, str]) -> Iterator[Server]:
    """With deadlines a test can wait for; what honest peers have to keep is longer, for others may begin to compute at
    any time."""
    longer = {name: WHERE_BUSY * HASTY[name] for name in ("pong_s", "write_s")}
    with started(WAYS[request.param], identity, limits=HASTY | longer) as running:
        yield running
