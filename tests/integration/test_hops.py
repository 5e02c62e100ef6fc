"""An old place that a phone sends again with the present time, through a real server: flagged where it is stored, out
of the track, and the marker is back with the next fix."""

import httpx2
import pytest

from tests.integration.test_late_fixes import fix
from tests.running import RunningServer
from tracker.model.moment import now_ms

AWAY = 4_100.0  # m


def flags(api: httpx2.Client) -> list[str]:
    text = api.get("/api/devices/phone/track?format=csv").text
    return [line.rpartition(",")[2] for line in text.splitlines()[1:]]


@pytest.mark.town
@pytest.mark.parametrize("together", [True, False], ids=["in one frame", "one by one"])
async def test_there_and_back_is_flagged_and_no_way(server: RunningServer, together: bool) -> None:
    begin = now_ms() - 600_000
    places = [0.0, 3.0, 0.0, 3.0, AWAY, 3.0, 0.0]
    way = [fix(begin + 30_000 * number, east, accuracy=15.0) for number, east in enumerate(places)]
    token = server.new_device("phone")
    async with server.device("phone", token) as device, server.viewer(devices=["phone"]) as viewer:
        await viewer.hear("snapshot")
        frames = [way] if together else [[each] for each in way]
        for seq, frame in enumerate(frames, 1):
            assert (await device.fixes(seq, *frame))["stored"] == len(frame)
        while (await viewer.hear("positions"))["positions"][-1]["at"] != way[-1]["at"]:
            pass
    with server.api() as api:
        assert flags(api) == ["", "", "", "", "impossible_jump", "", ""]
        (position,) = api.get("/api/positions").json()["features"]
        assert position["properties"]["status"] == "stopped"
        assert position["geometry"]["coordinates"][0] == way[-1]["lon"]
        track = api.get("/api/devices/phone/track?max_points=1000").json()
        assert len(track["geometry"]["coordinates"]) == 6
        assert max(lon for lon, *_ in track["geometry"]["coordinates"]) < way[4]["lon"]
        assert len(api.get("/api/devices/phone/track?format=gpx").text.split("<trkpt")) == 7
