"""The test vectors of docs/vectors say what the code says; and the codes by which a sender knows what to do."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.moments import MONDAY
from tracker.ingest.frames import Unreadable, decode_message
from tracker.live.changes import Changes
from tracker.live.frames import Ping, encode_columns, encode_pong
from tracker.live.frames import decode_message as decode_wish
from tracker.live.table import Table
from tracker.model.device import Device
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import parse
from tracker.model.position import Position, Status

VECTORS = Path(__file__).resolve().parents[2] / "docs" / "vectors"
NOW = MONDAY * 1000


def read(name: str) -> list[Any]:
    found: list[Any] = json.loads((VECTORS / name).read_text())["vectors"]
    return found


@pytest.mark.parametrize("vector", read("fixes.json"), ids=lambda vector: vector["name"])
def test_bytes_and_json_are_the_same_frame(vector: Any) -> None:
    binary = decode_message(bytes.fromhex(vector["hex"]), 1, NOW, 500)
    assert isinstance(binary, Frame) and binary.whole is None
    assert binary == decode_message(json.dumps(vector["json"]), 1, NOW, 500)


@pytest.mark.parametrize("vector", read("positions.json"), ids=lambda vector: vector["name"])
def test_positions_are_written_as_the_vectors_say(vector: Any) -> None:
    table = Table()
    rows = vector["json"]["positions"]
    for row in rows:
        fix = Fix(
            parse(row["at"]), round(row["lon"] * 1e7), round(row["lat"] * 1e7), row["speed"], row["heading"],
            battery=row["battery"],
        )  # fmt: skip
        table.devices[row["slot"]] = Device(row["slot"], f"van-{row['slot']}", "Van")
        table.put([Position(row["slot"], fix, 1, Status[row["status"].upper()])], 5)
    [written] = encode_columns(Changes(table, np.array([row["slot"] for row in rows])), np.arange(len(rows)))
    expected = bytes.fromhex(vector["hex"])
    count, at = len(rows), 16 + 16 * len(rows)
    assert len(written) == len(expected) and written[:at] == expected[:at]
    for size in (2, 2, 1, 1):  # what stands in the padding means nothing
        assert written[at : at + size * count] == expected[at : at + size * count]
        at += size * count + -size * count % 4


def whole(message: str | bytes) -> tuple[str, int]:
    frame = decode_message(message, 1, NOW, 500, 65_536)
    assert isinstance(frame, Frame) and frame.whole is not None
    return frame.whole.reason, frame.seq


def test_what_is_to_be_split_is_named() -> None:
    fix = {"at": "2023-11-14T22:13:20.000Z", "lon": 7.4, "lat": 43.7}
    many = {"type": "fixes", "seq": 9, "fixes": [fix] * 501}
    assert whole(json.dumps(many)) == ("too_many_fixes", 9)
    large = {"type": "fixes", "seq": 9, "fixes": [fix | {"attributes": {"a": "x" * 1_000}}] * 70}
    assert whole(json.dumps(large)) == ("too_large", 9)
    columns = bytes([1, 0]) + (501).to_bytes(2, "little") + (9).to_bytes(4, "little") + bytes(8 + 20 * 501)
    assert whole(columns) == ("too_many_fixes", 9)


def test_json_as_bytes_names_no_seq() -> None:
    assert whole(b'{"type":"fixes","seq":9,"fixes":[]}') == ("bad_frame", -1)


@pytest.mark.parametrize(
    ("message", "reason", "seq"),
    [
        ('{"type":"fixes","seq":9,"fixes":[]}', "bad_frame", 9),
        ('{"type":"fixes","seq":9,"fixes":7}', "bad_frame", 9),
        ('{"type":"fixes","fixes":[]}', "bad_frame", -1),
        ('{"type":"fixings","seq":9}', "bad_frame", 9),  # it may be one of a later version, whose sender waits
        ('{"type":"fixes","seq":9,', "bad_json", 9),
    ],
)
def test_what_is_no_frame_is_refused_with_its_reason_and_its_seq(message: str, reason: str, seq: int) -> None:
    assert whole(message) == (reason, seq)


def test_what_is_no_frame_and_waits_for_no_ack_is_said_to_be_unknown() -> None:
    assert isinstance(decode_message('{"type":"fixings"}', 1, NOW, 500, 65_536), Unreadable)


def test_json_as_bytes_is_told_to_go_in_text() -> None:
    frame = decode_message(b' {"type":"fixes","seq":9,"fixes":[]}', 1, NOW, 500, 65_536)
    assert isinstance(frame, Frame) and frame.whole is not None and "JSON goes in text" in frame.whole.said


def test_a_ping_is_answered_with_its_id() -> None:
    ping = decode_wish('{"type":"ping","id":7}')
    assert isinstance(ping, Ping)
    pong = json.loads(encode_pong(ping))
    assert (pong["type"], pong["id"]) == ("pong", 7) and pong["server_time"]
