"""Which handshakes are plain enough to be answered without HTTP in full."""

import pytest

from tracker.websocket.shortcut import read_handshake

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
PLAIN = (
    *("GET /ws/device HTTP/1.1", "Host: tracker.example:8000", "Upgrade: websocket", "Connection: keep-alive, Upgrade"),
    *("Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}"),
)


def read(*lines: str, behind: bytes = b"") -> object:
    return read_handshake("\r\n".join([*lines, "", ""]).encode("latin-1") + behind)


def test_a_plain_one_is_read() -> None:
    more = "Authorization: Bearer trk_x", "Sec-WebSocket-Protocol: tracker.v1", "User-Agent: a device of ours"
    shown = read_handshake("\r\n".join([*PLAIN, *more, "", ""]).encode() + b"\x81\x80")
    assert shown is not None
    assert (shown.path, shown.key, shown.protocol) == ("/ws/device", KEY, "tracker.v1")
    assert shown.authorization == "Bearer trk_x"
    assert shown.size == len("\r\n".join([*PLAIN, *more, "", ""]))


@pytest.mark.parametrize(
    "more", ["Cookie: a=b", "Content-Length: 0", "Transfer-Encoding: chunked", "Host: y", "X-New: 1", "User-Agent:"]
)
def test_what_the_route_may_ask_more_about_is_not(more: str) -> None:
    assert read(*PLAIN) is not None
    assert read(*PLAIN, more) is None


@pytest.mark.parametrize("line", range(len(PLAIN)))
def test_nothing_of_it_may_be_missing(line: int) -> None:
    assert read(*PLAIN[:line], *PLAIN[line + 1 :]) is None


def test_a_head_that_is_not_there_yet_is_none() -> None:
    whole = "\r\n".join([*PLAIN, "", ""]).encode()
    assert read_handshake(whole) is not None
    assert not any(read_handshake(whole[:size]) for size in range(len(whole)))
