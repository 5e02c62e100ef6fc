"""What users of other trackers reported of theirs, tried on ours: who is inside when the hours begin, and who may not
change anything and sends a large body all the same."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tests.running import RunningServer
from tracker.model.moment import format_ms

BEGIN = (datetime.now(UTC) - timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
PRESETS = ("strict", "balanced", "calm")


def open_at_eight(preset: str) -> dict[str, Any]:
    active = {"zone": "UTC", "windows": [{"from": "08:00", "to": "09:00"}]}
    return {
        "type": "Feature",
        "id": preset,
        "geometry": {"type": "Point", "coordinates": [24.9, 60.2]},
        "properties": {"radius": 200, "preset": preset, "active": active},
    }


def minutes(first: int, last: int) -> list[dict[str, Any]]:
    """A fix each minute, counted from eight."""
    at = round(BEGIN.timestamp() * 1000)
    place = {"lon": 24.9, "lat": 60.2, "accuracy": 10.0}
    return [{"at": format_ms(at + 60_000 * minute)} | place for minute in range(first, last)]


@pytest.mark.town
@pytest.mark.parametrize(
    ("fixes", "entered"), [(minutes(30, 34), 30), (minutes(-10, 5), 0), (minutes(55, 70), 55), (minutes(61, 70), None)]
)
async def test_who_is_inside_at_first_sight_or_when_it_opens_is_told_once(
    server: RunningServer, fixes: list[dict[str, Any]], entered: int | None
) -> None:
    for preset in PRESETS:
        server.new_geofence(open_at_eight(preset))
    token = server.new_device("worker")
    async with server.device("worker", token) as device:
        for seq, fix in enumerate(fixes, 1):
            assert (await device.fixes(seq, fix))["stored"] == 1
    with server.api() as api:
        events = api.get("/api/events?device=worker&limit=1000").json()["events"]
    told = [(each["type"], each["geofence"], each["at"]) for each in events]
    at = None if entered is None else format_ms(round((BEGIN + timedelta(minutes=entered)).timestamp() * 1000))
    assert sorted(told) == ([] if at is None else sorted(("enter", preset, at) for preset in PRESETS))


LARGE = 64 * 1024 * 1024 - 1


@pytest.mark.town
@pytest.mark.parametrize("path", ["geofences/import", "geofences/dry-run", "geofences", "devices", "subscriptions"])
async def test_who_may_not_is_refused_before_a_large_body_is_read(server: RunningServer, path: str) -> None:
    with server.api() as api:
        viewer = api.post("/api/tokens", json={"kind": "viewer"}).json()["token"]
    tokens = {"a viewer": viewer, "a device": server.new_device("van"), "nobody": "trk_unknown"}
    host, _, port = server.address.partition(":")
    for who, token in tokens.items():
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /api/{path} HTTP/1.1\r\nHost: {server.address}\r\nAuthorization: Bearer {token}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {LARGE}\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_S):  # nothing of the body is ever sent
            status = (await reader.readline()).split()[1]
        writer.close()
        assert status in ((b"401", b"429") if who == "nobody" else (b"403",)), (who, status)
