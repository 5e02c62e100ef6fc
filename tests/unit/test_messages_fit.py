"""No message of the live stream is larger than what WebSocket libraries take unless told otherwise: 64 kB."""

import json
from typing import Any

import msgspec
import numpy as np
import pytest

from tracker.live import frames
from tracker.live.cells import Grid
from tracker.live.changes import Changes
from tracker.live.table import Table
from tracker.model.device import Device
from tracker.model.event import Event
from tracker.model.fix import Fix
from tracker.model.position import Position, Status
from tracker.model.sight import EVERYTHING
from tracker.model.viewport import Viewport

KB64 = 65_536


def fleet(size: int, name: str = "Van", geofences: tuple[str, ...] = ()) -> Table:
    table = Table()
    table.devices = {key: Device(key, f"van-{key}", name) for key in range(1, size + 1)}
    table.put([Position(k, Fix(k, k * 1_000, k * 1_000), 4, Status.MOVING, geofences) for k in table.devices], 5)
    return table


@pytest.mark.parametrize("size", [0, 1, 240, 4_200])
@pytest.mark.parametrize("name", ["Van", "\u8eca" * 100, '"\\' * 50])
def test_a_snapshot_comes_in_parts_that_are_whole_together(size: int, name: str) -> None:
    parts = frames.encode_snapshot(fleet(size, name), range(1, size + 1), EVERYTHING)
    assert max(len(part.encode()) for part in parts) <= KB64
    told: list[dict[str, Any]] = [json.loads(part) for part in parts]
    assert [part["type"] for part in told] == ["snapshot"] + ["positions"] * (len(told) - 1)
    assert [each["slot"] for part in told for each in part["positions"]] == list(range(1, size + 1))
    assert all(each["name"] == name for part in told for each in part["positions"])
    if len(told) == 1:
        assert "more" not in told[0] and "complete" not in told[0]
    else:
        assert told[0]["more"] is True and [part.get("complete") for part in told[1:]] == [None] * (len(told) - 2) + [
            True
        ]


def test_positions_names_and_those_gone_come_in_parts() -> None:
    table = fleet(4_200)
    everybody = range(1, 4_201)
    for parts, what in (
        (frames.encode_positions(table, everybody, EVERYTHING), "positions"),
        (frames.encode_names(table, everybody), "devices"),
        (frames.encode_gone([f"{n:064}" for n in everybody]), "devices"),
    ):
        assert len(parts) > 1 and max(len(part.encode()) for part in parts) <= KB64
        assert sum(len(json.loads(part)[what]) for part in parts) == 4_200


def test_binary_positions_come_in_parts() -> None:
    table = fleet(19_999)
    changes = Changes(table, table.find_changed_since(0))
    parts = frames.encode_columns(changes, np.arange(19_999))
    assert max(map(len, parts)) <= KB64
    assert sum(int.from_bytes(part[4:8], "little") for part in parts) == 19_999


def test_a_device_inside_of_everything_still_fits() -> None:
    [part] = frames.encode_snapshot(fleet(1, geofences=tuple(f"{n:064}" for n in range(5_000))), [1], EVERYTHING)
    assert len(part) <= KB64


@pytest.mark.parametrize("viewport", [Viewport(-180, -90, 180, 90), Viewport(0, 0, 0.001, 60)])
def test_cells_are_made_coarser_until_they_fit(viewport: Viewport) -> None:
    table = Table()
    spread = np.random.default_rng(1)
    table.put(
        [
            Position(k, Fix(k, round(spread.uniform(-18e8, 18e8)), round(spread.uniform(-9e8, 9e8))), 4, Status.MOVING)
            for k in range(1, 30_001)
        ],
        5,
    )
    cells = Grid(viewport).count(table, np.arange(1, 30_001), 1_000_000)
    assert sum(cells.amount) == sum(cells.silent) == 30_000
    assert len(frames.encode_cells(cells)) <= KB64


def test_an_event_and_an_error_fit() -> None:
    evidence = msgspec.Raw(msgspec.json.encode({"fixes": ["x" * 70_000]}))
    told = frames.encode_event(Event(7, "enter", "van-12", "port", 0, 0, False, 0.0, 0.0, evidence))
    assert len(told) <= KB64 and json.loads(told)["event"]["evidence"] == {"cut": True}
    assert len(frames.encode_error("bad_frame", "\x01" * 65_536)) <= KB64


def test_what_fills_a_binary_frame_up_tells_nothing_of_who_is_not_picked() -> None:
    def tell(other: Fix, status: Status) -> list[bytes]:
        table = fleet(1)
        table.devices[2] = Device(2, "theirs", "Theirs")
        table.put([Position(2, other, 4, status)], 6)
        return frames.encode_columns(Changes(table, np.arange(1, 3)), np.array([0]))

    still = Fix(2, 0, 0, speed=0.0, heading=0.0, battery=0.1)
    assert tell(still, Status.STOPPED) == tell(Fix(2, 0, 0, speed=9.0, heading=90.0, battery=0.9), Status.MOVING)

    def tell_first(first: Fix, status: Status) -> list[bytes]:
        table = fleet(2)
        table.put([Position(1, first, 4, status)], 6)
        return frames.encode_columns(Changes(table, np.arange(1, 3)), np.array([1]))

    assert tell_first(still, Status.STOPPED) == tell_first(Fix(1, 0, 0, speed=9.0, battery=0.9), Status.MOVING)
