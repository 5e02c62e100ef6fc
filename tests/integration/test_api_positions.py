"""Positions: the newest place of each device in a box."""

import pytest

from tests.integration.conftest import Caller
from tests.moments import MONDAY
from tracker.live.table import Table
from tracker.model.device import Device
from tracker.model.fix import E7, Fix
from tracker.model.moment import format_ms
from tracker.model.position import Position, Status

AT = MONDAY + 123


def put(table: Table, key: int, lon: float, lat: float) -> None:
    table.devices[key] = Device(key, f"van-{key}", f"Van {key}", "van")
    fix = Fix(AT, round(lon * E7), round(lat * E7), speed=12.5, battery=0.83)
    table.put([Position(key, fix, (AT + 40) * 1000, Status.MOVING, ("port",))], 0)


async def test_a_position_is_a_feature(viewer: Caller, table: Table) -> None:
    put(table, 7, 7.4246, 43.7384)
    response = await viewer.get("/api/positions")
    assert response.mimetype == "application/geo+json"
    assert await response.get_json() == {
        "type": "FeatureCollection",
        "total": 1,
        "features": [
            {
                "type": "Feature",
                "id": "van-7",
                "geometry": {"type": "Point", "coordinates": [7.4246, 43.7384]},
                "properties": {
                    "name": "Van 7",
                    "category": "van",
                    "at": format_ms(AT),
                    "received_at": format_ms(AT + 40),
                    "speed": 12.5,
                    "heading": None,
                    "accuracy": None,
                    "altitude": None,
                    "battery": 0.83,
                    "status": "moving",
                    "geofences": ["port"],
                },
            }
        ],
    }


BOXES = {
    "": {1, 2, 3},
    "?bbox=0,0,90,80": {1},
    "?bbox=170,-80,-170,80": {2, 3},
    "?bbox=170,-80,190,80": {2, 3},
    "?bbox=-190,-80,-170,80": {2, 3},
    "?bbox=-200,-90,300,90": {1, 2, 3},
    "?bbox=24.9,60.1,24.9,60.1": {1},
    "?bbox=360,0,410,80": {1},
}


async def test_a_box_holds_what_is_in_it(viewer: Caller, table: Table, subtests: pytest.Subtests) -> None:
    for key, (lon, lat) in {1: (24.9, 60.1), 2: (179.5, 60.1), 3: (-179.5, -60.1)}.items():
        put(table, key, lon, lat)
    for query, expected in BOXES.items():
        with subtests.test(query):
            body = await (await viewer.get(f"/api/positions{query}")).get_json()
            assert {feature["id"] for feature in body["features"]} == {f"van-{key}" for key in expected}


async def test_more_than_the_limit_is_said(viewer: Caller, table: Table) -> None:
    for key in range(1, 6):
        put(table, key, key, key)
    body = await (await viewer.get("/api/positions?limit=2")).get_json()
    assert (len(body["features"]), body["total"]) == (2, 5)


async def test_a_bad_box_is_refused(viewer: Caller, subtests: pytest.Subtests) -> None:
    for bbox in ("1,2,3", "a,b,c,d", "1,2,3,4,5", "nan,0,1,1", "0,0,inf,1", "0,5,1,4", "0,-91,1,0", "0,0,99999,1"):
        with subtests.test(bbox):
            response = await viewer.get(f"/api/positions?bbox={bbox}")
            assert (response.status_code, (await response.get_json())["field"]) == (422, "bbox")
