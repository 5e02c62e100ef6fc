"""What clients get wrong on the sockets, as data: each is answered by the code of the contract, and the next frame is
stored."""

from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec
import pytest

from tests.patience import PATIENCE_S
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms


@pytest.fixture
def server(lodging: RunningServer) -> RunningServer:
    return lodging


def fix(ago_s: int = 0) -> dict[str, Any]:
    return {"at": format_ms(now_ms() - 1000 * ago_s), "lon": 24.9, "lat": 60.2}


def text(seq: object, *fixes: dict[str, Any]) -> str:
    return msgspec.json.encode({"type": "fixes", "seq": seq, "fixes": fixes or (fix(),)}).decode()


def columns(seq: int, count: int = 1) -> bytes:
    head = bytes([1, 0]) + count.to_bytes(2, "little") + seq.to_bytes(4, "little") + now_ms().to_bytes(8, "little")
    return head + bytes(4) + (249_000_000).to_bytes(4, "little") + (602_000_000).to_bytes(4, "little") + bytes(8)


HUGE = 1 << 53
NO_FRAMES: dict[str, tuple[str | bytes, str, int | None]] = {
    "JSON as binary": (text(5).encode(), "bad_frame", None),
    "JSON with spaces before it, as binary": (b"  " + text(5).encode(), "bad_frame", None),
    "half a frame": (text(5)[:40], "bad_json", 5),
    "half a frame, cut in its first key": (text(5)[:6], "bad_json", None),
    "two frames in one message": (text(5) + text(6), "bad_json", 5),
    "frames in an array": (f"[{text(5)},{text(6)}]", "bad_frame", 5),
    "half a binary frame": (columns(5)[:-7], "bad_frame", 5),
    "two binary frames in one message": (columns(5) + columns(6), "bad_frame", 5),
    "a count that promises more": (columns(5, 9), "bad_frame", 5),
    "a binary frame without fixes": (columns(5, 0)[:16], "bad_frame", 5),
    "2^53": (text(HUGE), "bad_frame", None),
    "a seq below 0": (text(-1), "bad_frame", None),
    "a seq with a fraction": (text(1.5), "bad_frame", None),
    "a seq as text": (text("7"), "bad_frame", None),
    "no seq": ('{"type":"fixes","fixes":[]}', "bad_frame", None),
    "no type": ('{"seq":8,"fixes":[]}', "bad_frame", 8),
    "nothing": ("", "bad_json", None),
    "not JSON": ("lat=60.2&lon=24.9", "bad_json", None),
}


async def test_what_is_no_frame_is_named_and_costs_no_other(server: RunningServer, subtests: pytest.Subtests) -> None:
    token = server.new_device("odd")
    async with server.device("odd", token) as device:
        for number, (name, (message, code, seq)) in enumerate(NO_FRAMES.items(), 100):
            with subtests.test(name):
                await device.send(message)
                said = await device.hear("error")
                assert (said["code"], said.get("seq")) == (code, seq), said
                assert (await device.fixes(number, fix(number)))["stored"] == 1


@dataclass(frozen=True)
class Count:
    """Frames of one connection by their seq, and what the next `welcome` says is stored without a gap."""

    seqs: tuple[int, ...]
    acked: int


COUNTS = {
    "up": Count((1, 2, 3), 3),
    "twice": Count((1, 1, 2, 2), 2),
    "backwards": Count((3, 2, 1), 3),
    "a gap": Count((1, 3), 1),
    "from 0": Count((0, 1), 1),
    "the largest": Count((HUGE - 1,), 0),
}


@pytest.mark.parametrize("name", COUNTS)
async def test_every_seq_is_answered_and_acked_stops_at_a_gap(server: RunningServer, name: str) -> None:
    count, id = COUNTS[name], name.replace(" ", "-")
    token = server.new_device(id)
    frames = {seq: fix(10 * at) for at, seq in enumerate(dict.fromkeys(count.seqs))}
    stored = 0
    async with server.device(id, token) as device:
        for seq in count.seqs:
            stored += (await device.fixes(seq, frames[seq]))["stored"]
    assert stored == len(frames)
    async with server.device(id, token) as device:
        assert device.welcome["acked"] == count.acked


@pytest.mark.parametrize("path", ["/ws/device", "/ws/live"])
@pytest.mark.parametrize(("first", "code"), [("{", "bad_json"), ("GET", "bad_json"), ("[]", "bad_frame")])
async def test_one_code_says_that_it_is_not_json(server: RunningServer, path: str, first: str, code: str) -> None:
    async with server.socket(path, None) as socket:
        await socket.send(first)
        assert (await socket.hear("error"))["code"] == code
        assert await socket.closed() == 4502


async def test_a_viewer_that_is_signed_in_is_told_the_same(server: RunningServer) -> None:
    async with server.viewer() as viewer:
        await viewer.hear("snapshot")
        for message, code in (("{", "bad_json"), ('{"type":"subscribe","rate":"fast"}', "bad_frame")):
            await viewer.send(message)
            assert (await viewer.hear("error"))["code"] == code


async def test_a_number_of_events_that_is_ahead_resets_with_that_reason(server: RunningServer) -> None:
    async with server.viewer(events={"after": 10_000}) as viewer:
        assert (await viewer.hear("subscribed"))["resumed"] is False
        assert (await viewer.hear("reset"))["reason"] == "there are no events up to that number"


@pytest.mark.parametrize("path", ["/ws/device", "/ws/live"])
def test_a_plain_request_for_a_socket_is_told_to_upgrade(server: RunningServer, path: str) -> None:
    answer = httpx2.get(f"{server.url}{path}", headers=server.credentials, timeout=PATIENCE_S)
    assert answer.status_code == 426 and "WebSocket" in answer.json()["detail"]
    assert answer.headers["Upgrade"] == "websocket" and "upgrade" in answer.headers["Connection"].lower()
    assert answer.headers["Sec-WebSocket-Version"] == "13"
