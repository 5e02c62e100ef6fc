"""What viewers are shown is right at once, also where the device that it is about says nothing more."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms

WITHIN_S = PATIENCE_S  # without the mend it is never


pytestmark = pytest.mark.town


def position(server: RunningServer, id: str) -> dict[str, Any]:
    with server.api() as api:
        features = api.get("/api/positions").json()["features"]
    found: list[dict[str, Any]] = [each for each in features if each["id"] == id]
    return found[0]


async def shown(server: RunningServer, id: str, is_so: Callable[[dict[str, Any]], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not is_so(found := await asyncio.to_thread(position, server, id)):
        assert time.monotonic() < end, found["properties"]["geofences"]
        await asyncio.sleep(0.05)


def circle(id: str, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [24.9, 60.2]}
    return {
        "type": "Feature",
        "id": id,
        "geometry": geometry,
        "properties": {"radius": 100, "preset": "strict"} | properties,
    }


async def test_nobody_is_shown_in_a_geofence_that_is_gone(server: RunningServer) -> None:
    token = server.new_device("silent")
    ids = {"deleted", "disabled", "expired", "kept"}
    for id in sorted(ids):
        server.new_geofence(circle(id))
    async with server.device("silent", token) as device:
        await device.fixes(1, {"at": format_ms(now_ms()), "lon": 24.9, "lat": 60.2})
    inside = set(ids)
    await shown(server, "silent", lambda found: set(found["properties"]["geofences"]) == ids)
    async with server.viewer(viewport=None, devices=["silent"]) as viewer:
        await viewer.hear("snapshot")
        with server.api() as api:
            for id, change in (("disabled", {"enabled": False}), ("expired", {"expires": format_ms(now_ms() - 1000)})):
                assert api.put(f"/api/geofences/{id}", json=circle(id, **change)).status_code == 200
                inside.discard(id)
                await shown(server, "silent", lambda found: set(found["properties"]["geofences"]) == inside)
            assert api.delete("/api/geofences/deleted").status_code == 204
        await shown(server, "silent", lambda found: found["properties"]["geofences"] == ["kept"])
        while (await viewer.hear("positions", within=WITHIN_S))["positions"][0]["geofences"] != ["kept"]:
            pass
    with server.api() as api:
        told = [(each["type"], each["geofence"]) for each in api.get("/api/events").json()["events"]]
    assert sorted(told) == [("enter", id) for id in sorted(ids)], "it is let go of without an event"


async def test_a_clock_that_ran_ahead_and_is_set_right_holds_no_marker(server: RunningServer) -> None:
    token = server.new_device("hasty")
    async with server.device("hasty", token) as device, server.viewer(viewport=None, devices=["hasty"]) as viewer:
        await viewer.hear("snapshot")
        for seq, (ahead, lon) in enumerate(((540_000, 25.1), (540_000, 25.1), (0, 25.2)), 1):
            await device.fixes(seq, {"at": format_ms(now_ms() + ahead), "lon": lon, "lat": 60.2})
        while (await viewer.hear("positions", within=WITHIN_S))["positions"][0]["lon"] != 25.2:
            pass
    assert position(server, "hasty")["geometry"]["coordinates"] == [25.2, 60.2]
