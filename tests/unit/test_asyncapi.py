"""docs/asyncapi.json says what the code says: examples are understood, and what the encoders write is described."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tracker.ingest import frames as device_frames
from tracker.ingest.frames import Hello, Read, Result
from tracker.live import frames as live_frames
from tracker.live.cells import Grid
from tracker.live.table import Table
from tracker.model.command import Command
from tracker.model.device import Device
from tracker.model.event import Event
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.model.message import Message
from tracker.model.moment import now_us
from tracker.model.note import Standing, Utterance
from tracker.model.position import Position, Status
from tracker.model.privacy import Privacy
from tracker.model.sight import EVERYTHING

DOCUMENT: dict[str, Any] = msgspec.json.decode(
    (Path(__file__).resolve().parent.parent.parent / "docs" / "asyncapi.json").read_bytes()
)
RAW = msgspec.Raw(b"{}")
FRAME = Frame(1, 7, 0, [])


def table() -> Table:
    table = Table()
    table.devices[1] = Device(1, "van-12", "Van 12", "van")
    table.put([Position(1, Fix(1, 2, 3), 4, Status.MOVING, ("port",))], 5)
    return table


ANSWERS = [
    device_frames.encode_welcome("van-12", 0, 4, 500, 65536, 20),
    device_frames.encode_answer(FRAME, Outcome(1, 0)),
    device_frames.encode_answer(FRAME, Outcome(0, 0, (Refusal(0, "future", ""),))),
    device_frames.encode_error("bad_frame", "no", 7),
    device_frames.encode_error("bad_frame", "no"),
    device_frames.encode_command(Command("c-1", "van-12", "report_now", RAW, 0, 1)),
    device_frames.encode_message_ack("m-1"),
    device_frames.encode_seen("m-1", "Ada"),
    device_frames.encode_going_away(1500),
]
SHOWN = [
    live_frames.encode_subscribed("e1", True, 1),
    live_frames.encode_reset("gone", 1),
    live_frames.encode_pong(live_frames.Ping(7)),
    *live_frames.encode_snapshot(table(), [1], EVERYTHING),
    *live_frames.encode_positions(table(), [1], EVERYTHING),
    *live_frames.encode_names(table(), [1]),
    *live_frames.encode_gone(["van-12"]),
    *live_frames.encode_privacies([("van-12", Privacy("vague", 1, 2_000)), ("van-13", None)]),
    live_frames.encode_cells(Grid(None).count(table(), np.array([1]), 5)),
    live_frames.encode_event(Event(1, "enter", "van-12", "port", 0, 0, False, 0.0, 0.0, RAW)),
    live_frames.encode_message(Message(1, "van-12", "up", "m-1", "on my way", 0, 0, "delivered")),
    live_frames.encode_error("bad_frame", "no"),
]


def follow(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def messages(operation: str) -> dict[str, dict[str, Any]]:
    found = [follow(message) for message in DOCUMENT["operations"][operation]["messages"]]
    texts = [message for message in found if "contentType" not in message]
    return {message["payload"]["properties"]["type"]["const"]: message for message in texts}


@pytest.mark.parametrize(("operation", "written"), [("answer_device", ANSWERS), ("show_viewer", SHOWN)])
def test_all_that_is_sent_is_described(operation: str, written: list[str]) -> None:
    described = messages(operation)
    decoded = [msgspec.json.decode(text) for text in written]
    assert {message["type"] for message in decoded} == set(described)
    for message in decoded:
        check(message, described[message["type"]]["payload"])


def check(value: Any, schema: dict[str, Any]) -> None:
    """Every field that is there is described, however deep."""
    schema = follow(schema)
    if isinstance(value, dict) and "properties" in schema:
        assert set(value) <= set(schema["properties"]), set(value) - set(schema["properties"])
        assert set(schema.get("required", ())) <= set(value), set(schema["required"]) - set(value)
        for name, inner in value.items():
            check(inner, schema["properties"][name])
    elif isinstance(value, list):
        for inner in value:
            check(inner, schema.get("items", {}))


@pytest.mark.parametrize(("operation", "written"), [("answer_device", ANSWERS), ("show_viewer", SHOWN)])
def test_what_is_always_sent_is_required(operation: str, written: list[str]) -> None:
    """So that a generator makes no optional field of what a client may count on."""
    described = messages(operation)
    sent: dict[str, list[dict[str, Any]]] = {}
    for text in written:
        message = msgspec.json.decode(text)
        sent.setdefault(message["type"], []).append(message)
    for type, several in sent.items():
        ask_required(several, described[type]["payload"], type)


def ask_required(values: list[Any], schema: dict[str, Any], where: str) -> None:
    schema = follow(schema)
    if values and isinstance(values[0], dict) and "properties" in schema:
        always = set.intersection(*(set(value) for value in values))
        assert always == set(schema.get("required", ())), where
        for name in always:
            ask_required([value[name] for value in values], schema["properties"][name], f"{where}.{name}")
    elif values and isinstance(values[0], list):
        inner = [each for value in values for each in value]
        ask_required(inner, schema.get("items", {}), f"{where}[]")


def test_the_examples_are_understood() -> None:
    for message in messages("hear_device").values():
        example = msgspec.json.encode(message["examples"][0]["payload"]).decode()
        decoded = device_frames.decode_message(example, 1, now_us(), 500)
        assert isinstance(decoded, Hello | Result | Read | Utterance | Standing) or (
            isinstance(decoded, Frame) and decoded.whole is None
        )
    for message in messages("hear_viewer").values():
        live_frames.decode_message(msgspec.json.encode(message["examples"][0]["payload"]).decode())
