"""The short way through for what phones post: a request that is plain is answered without Hypercorn and Quart.

An app's post is a few hundred bytes that come in one piece, a thousand times the same but for the numbers. HTTP in full
takes a millisecond of the loop for each, in which no socket is read. The route stays the definition: what is not plain
goes to it whole, as if nobody had looked, and so does what it would refuse.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

_LONGEST: Final = 32 * 1024
"""Of a request with its body; one that is larger is worth the time that HTTP in full takes."""
_HEAD: Final = re.compile(
    # Letters that nobody encoded are taken, too: some templates of apps leave a name as it is, and h11 refuses them.
    rb"(GET|POST) (/[A-Za-z0-9/_-]*)(?:\?([!\x24-\x7e\x80-\xff]*))? HTTP/1\.1\r\n"
    rb"((?:[A-Za-z0-9-]+: ?[\x21-\x7e]+(?: [\x21-\x7e]+)*\r\n)+)\r\n"
)
_FIRST_LINE: Final = re.compile(rb"([A-Z]{3,7} /[!-~]*\?)([!-~\x80-\xff]*)( HTTP/1\.[01]\r\n)")
_LETTER: Final = re.compile(rb"[\x80-\xff]")
_LINE: Final = re.compile(rb"([A-Za-z0-9-]+): ?([^\r]+)")
_HOST: Final = re.compile(rb"[\w.-]+(?::\d{1,5})?")
_LENGTH: Final = re.compile(rb"\d{1,5}")
_KNOWN: Final = frozenset(
    {
        *(b"host", b"user-agent", b"connection", b"content-type", b"content-length", b"accept", b"accept-encoding"),
        *(b"accept-language", b"cache-control", b"pragma", b"priority", b"x-limit-u", b"x-limit-d", b"device-id"),
        *(b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip"),
    }
)
_CONNECTIONS: Final = (b"keep-alive", b"close")


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """One that says nothing twice or in two ways, and shows neither a token nor a cookie nor an origin."""

    size: int
    """Bytes of all of it; with `body` they may not be there yet."""
    method: str
    path: str
    query: str
    agent: str
    body: bytes
    is_last: bool
    """The connection is to be closed behind the answer."""


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    status: int
    body: bytes
    type: str
    headers: tuple[tuple[str, str], ...] = ()


Take = Callable[[PlainRequest, str], Awaitable[PlainAnswer | None]]
"""What answers one of an address. None: ask the route; then nothing was done."""


def read_request(data: bytes) -> PlainRequest | None:
    """None where its head is not there in one piece, or is anything but plain."""
    found = _HEAD.match(data, 0, _LONGEST)
    if found is None:
        return None
    lines = _LINE.findall(found[4])
    said = {name.lower(): value for name, value in lines}
    if len(said) < len(lines) or not said.keys() <= _KNOWN or _HOST.fullmatch(said.get(b"host", b"")) is None:
        return None
    connection = said.get(b"connection", b"keep-alive").lower()
    length = find_length(said)
    if connection not in _CONNECTIONS or length is None or found.end() + length > _LONGEST:
        return None
    end = found.end() + length
    return PlainRequest(
        end,
        found[1].decode(),
        found[2].decode(),
        (found[3] or b"").decode("latin-1"),
        said.get(b"user-agent", b"").decode(),
        data[found.end() : end],
        connection == b"close",
    )


def encode_letters(data: bytes) -> bytes:
    """The same for h11, which refuses a request with letters in its query that nobody encoded: with these encoded."""
    found = _FIRST_LINE.match(data)
    if found is None or found[2].isascii():
        return data
    query = _LETTER.sub(lambda letter: b"%%%02X" % letter[0][0], found[2])
    return found[1] + query + found[3] + data[found.end() :]


def find_length(said: Mapping[bytes, bytes]) -> int | None:
    """None where it is not said plainly."""
    given = said.get(b"content-length", b"0")
    return int(given) if _LENGTH.fullmatch(given) else None


def write_answer(answer: PlainAnswer, *, is_last: bool) -> bytes:
    """With what HTTP asks for, and nothing else: half of what a post costs on the wire was in headers for browsers."""
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"date: {formatdate(usegmt=True)}",
        f"content-length: {len(answer.body)}",
    ]
    if answer.body:
        lines.append(f"content-type: {answer.type}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if is_last:
        lines.append("connection: close")
    return "\r\n".join((*lines, "", "")).encode() + answer.body
