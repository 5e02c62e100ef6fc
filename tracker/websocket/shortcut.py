"""The short way in: a handshake that is plain, and welcome, is answered without Hypercorn and Quart.

A crowd that comes back after a restart shows thousands of handshakes that differ in a token and a key. HTTP in full
takes most of a millisecond for each, to read the few lines that matter a tenth of that. The route stays the definition
of who may come in and why not: what is not plain, or not welcome, goes to it whole, as if nobody had looked.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from .http1 import is_key
from .limits import Limits
from .socket import Conversation

_LONGEST: Final = 4 * 1024
_HEAD: Final = re.compile(rb"GET (/[\w/]*) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+: ?[\x21-\x7e]+(?: [\x21-\x7e]+)*\r\n)+)\r\n")
_LINE: Final = re.compile(rb"([A-Za-z0-9-]+): ?([^\r]+)")
_HOST: Final = re.compile(rb"[\w.-]+(?::\d{1,5})?")
_NEEDED: Final = frozenset((b"host", b"upgrade", b"connection", b"sec-websocket-version", b"sec-websocket-key"))
_KNOWN: Final = _NEEDED | {
    *(b"authorization", b"user-agent", b"origin", b"pragma", b"cache-control", b"sec-websocket-protocol"),
    *(b"sec-websocket-extensions", b"accept", b"accept-encoding", b"accept-language"),
    *(b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip"),
}
_CONNECTIONS: Final = (b"upgrade", b"keep-alive, upgrade")


@dataclass(frozen=True, slots=True)
class Handshake:
    """One that is plain: it asks for a WebSocket, says nothing twice, nothing in two ways, and brings no cookie."""

    size: int
    """Bytes of its head; what follows are frames already."""
    path: str
    key: str
    protocol: str | None
    authorization: str | None


Give = Callable[[int, str, bytes], bool]
"""Give a connection (its descriptor, its peer's address, what was read of it) to another process; False: it stays."""


class Admission(NamedTuple):
    """`give`: where another process is the better one to talk to it."""

    conversation: Conversation
    limits: Limits
    give: Give | None = None


Admit = Callable[[Handshake], Awaitable[Admission | None]]
"""Who may come in without further questions, and what then talks there. None: ask the route."""


def read_handshake(data: bytes) -> Handshake | None:
    """None where its head is not there in one piece, or is anything but plain."""
    found = _HEAD.match(data, 0, _LONGEST)
    if found is None:
        return None
    lines = _LINE.findall(found[2])
    said = {name.lower(): value for name, value in lines}
    if len(said) < len(lines) or not _NEEDED <= said.keys() <= _KNOWN or not is_upgrade(said):
        return None
    protocol, authorization = said.get(b"sec-websocket-protocol"), said.get(b"authorization")
    return Handshake(
        found.end(),
        found[1].decode(),
        said[b"sec-websocket-key"].decode(),
        None if protocol is None else protocol.decode(),
        None if authorization is None else authorization.decode(),
    )


def is_upgrade(said: dict[bytes, bytes]) -> bool:
    return (
        said[b"upgrade"].lower() == b"websocket"
        and said[b"connection"].lower() in _CONNECTIONS
        and said[b"sec-websocket-version"] == b"13"
        and is_key(said[b"sec-websocket-key"])
        and _HOST.fullmatch(said[b"host"]) is not None
    )
