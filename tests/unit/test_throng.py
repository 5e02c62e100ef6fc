"""Cells as changes: who folds them has at each moment what a count of everything has."""

import json
from typing import Any, cast

import numpy as np
import pytest

from tracker.access.gate import Gate
from tracker.live.frames import HEAD, Subscribe
from tracker.live.hub import Hub
from tracker.live.screen import Screen
from tracker.live.table import ROW, Table
from tracker.live.throng import FULL, SPARSE, Throng, is_throng
from tracker.live.viewer import Viewer
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.fix import E7, Fix
from tracker.model.moment import now_ms, now_us
from tracker.model.position import Position, Status
from tracker.model.token import Token
from tracker.model.viewport import Viewport
from tracker.store.rights import Rights

VIEW = Viewport(24.0, 59.5, 26.0, 60.7)
CELLS = 640


def spread(size: int, seed: int = 1) -> Table:
    table, random = Table(), np.random.default_rng(seed)
    table.rows = np.zeros(size, ROW)
    table.rows["lon"] = random.normal(24.9, 0.2, size).clip(24.0, 26.0) * E7
    table.rows["lat"] = random.normal(60.2, 0.1, size).clip(59.5, 60.7) * E7
    table.rows["status"], table.rows["at"], table.rows["tick"] = random.integers(0, 3, size), now_ms(), 1
    return table


def move(table: Table, random: np.random.Generator, share: float, step: float) -> None:
    slots = random.choice(len(table.rows), round(share * len(table.rows)), replace=False)
    for axis in ("lon", "lat"):
        table.rows[axis][slots] += random.normal(0.0, step * E7, len(slots)).astype(np.int32)


class Reader:
    """A page that folds what it is told, written from the text of the contract."""

    def __init__(self) -> None:
        self.cells: dict[int, tuple[float, float, int, int, int]] = {}
        self.bytes = 0

    def read(self, message: str | bytes | None) -> None:
        if message is None:
            return
        assert isinstance(message, bytes)
        self.bytes += len(message)
        kind, afresh, _, n, _ = HEAD.unpack_from(message)
        assert kind == 3 and len(message) == 16 + 20 * n + n + -n % 4 and len(message) <= 65_536
        if afresh:
            self.cells = {}
        words = np.frombuffer(message, "<i4", 5 * n, 16).reshape(5, n).tolist()
        for id, lon, lat, count, silent, status in zip(*words, message[16 + 20 * n :][:n], strict=True):
            if count:
                self.cells[id] = (lon / E7, lat / E7, count, silent, status)
            else:
                del self.cells[id]


def test_changes_add_up_to_what_a_count_of_all_says() -> None:
    table, random = spread(30_000), np.random.default_rng(2)
    slots = np.arange(len(table.rows))
    throng, page = Throng(Subscribe(viewport=VIEW, cells="changes")), Reader()
    for _ in range(6):
        page.read(throng.tell(table, slots))
        counted = json.loads(str(Throng(Subscribe(viewport=VIEW)).tell(table, slots)))["cells"]
        names = ("unknown", "stopped", "moving")
        expected = sorted((each["count"], each["silent"], each["status"]) for each in counted)
        assert sorted((count, silent, names[status]) for _, _, count, silent, status in page.cells.values()) == expected
        assert sum(each["count"] for each in counted) == len(slots)
        move(table, random, 0.05, 0.01)
    table.rows["at"][:100] -= 400_000
    page.read(throng.tell(table, slots))
    assert sum(silent for _, _, _, silent, _ in page.cells.values()) == 100


def test_nothing_is_said_where_nothing_changed() -> None:
    table = spread(25_000)
    throng = Throng(Subscribe(viewport=VIEW, cells="changes"))
    assert throng.tell(table, np.arange(25_000))
    assert throng.tell(table, np.arange(25_000)) is None


@pytest.mark.parametrize("view", [VIEW, Viewport(-180, -85, 180, 85), Viewport(24.6, 60.0, 25.2, 60.4)])
@pytest.mark.parametrize("step", [0.0001, 0.01, 1.0])
def test_a_hundred_thousand_cost_at_most_35_kb_a_second(view: Viewport, step: float) -> None:
    """However far they jump: all cells changed are 640, of 21 bytes each."""
    table, random = spread(100_000), np.random.default_rng(3)
    slots = np.arange(len(table.rows))
    throng, page = Throng(Subscribe(viewport=view, cells="changes")), Reader()
    page.read(throng.tell(table, slots))
    for _ in range(3):
        page.bytes = 0
        move(table, random, 0.05, step)
        page.read(throng.tell(table, slots))
        assert page.bytes <= 16 + 21 * CELLS + 3


def test_a_view_does_not_change_its_kind_each_second() -> None:
    known: Any = object()
    assert is_throng(FULL + 1, None) and not is_throng(FULL, None)
    assert is_throng(FULL, known) and is_throng(SPARSE + 1, known) and not is_throng(SPARSE, known)


class Ear:
    """A socket that takes everything."""

    peer = "a page"
    buffered = 0

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []

    def send(self, message: str | bytes) -> None:
        self.heard.append(message)


@pytest.mark.parametrize("cells", ["changes", None])
def test_who_is_asked_for_by_name_comes_again_with_cells_that_replace_all(cells: Any) -> None:
    """Also one that is parked: a page shows nothing else after them."""
    table, nothing = spread(2_000), cast(Any, None)
    gate = Gate(nothing)
    gate.sights.adopt(Rights(revision=0))
    table.devices[1] = Device(1, "van-1", "Van")
    table.put([Position(1, Fix(now_ms(), 249_000_000, 602_000_000), now_us(), Status.STOPPED)], now_us())
    hub = Hub(gate, nothing, nothing, Metrics(), table)
    viewer, ear, slots = Viewer(table, hub.head, hub, Token(1, "viewer")), Ear(), np.arange(len(table.rows))
    viewer.opened(cast(Any, ear))
    hub.change_sights()
    viewer.wish = Subscribe(viewport=VIEW, cells=cells, devices=["van-1"])
    viewer.screen = Screen(table, viewer.wish)
    told = []
    for _ in range(4):
        ear.heard.clear()
        viewer.tell_cells(slots, table.tick)
        told.append(any(isinstance(each, str) and '"van-1"' in each for each in ear.heard))
        if len(told) == 2:
            assert viewer.throng is not None
            viewer.throng.grid.size *= 2  # as where it has to become coarser
    assert told == ([True, False, True, False] if cells else [True] * 4)
