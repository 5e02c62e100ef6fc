"""What a device did and what happened to its geofences, as data, through a real server; and what was told of it.

Places are metres east and north of a place; times are seconds. One server serves all stories: each has a device and
geofences of its own.
"""

import asyncio
import csv
import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from tests.databases import Databases, copied
from tests.geofence.shapes import SHARED, shared
from tests.patience import PATIENCE_S
from tests.running import RunningServer, running
from tracker.model.moment import format_ms, now_ms

LON, LAT = 10.0, 50.0
EAST_M, NORTH_M = 71_696.0, 111_229.0  # metres in a degree there
HOUR_MS = 3_600_000
Feature = dict[str, Any]


class At(NamedTuple):
    """A fix."""

    seconds: float
    east: float
    north: float = 0.0
    accuracy: float | None = None


class Put(NamedTuple):
    """A geofence is made or changed."""

    feature: Feature


class Delete(NamedTuple):
    id: str


class Again(NamedTuple):
    """The newest frame is sent again: its ack was lost."""


class Restart(NamedTuple):
    """The server is killed and started again."""


class Await(NamedTuple):
    """So many events are there: some come by the clock, some after late fixes are folded in."""

    events: int


Step = At | Put | Delete | Again | Restart | Await


class Story(NamedTuple):
    """`told`: events in order, as "type geofence"; with a time behind it, "enter a 30", where that is what matters."""

    name: str
    steps: tuple[Step, ...]
    told: tuple[str, ...]


def square(id: str, west: float, east: float, half: float = 100.0, preset: str = "strict", **more: Any) -> Put:
    ring = [place(*corner) for corner in ((west, -half), (east, -half), (east, half), (west, half), (west, -half))]
    return put(id, {"type": "Polygon", "coordinates": [ring]}, preset=preset, **more)


def circle(id: str, east: float, radius: float, preset: str = "strict", **more: Any) -> Put:
    return put(id, {"type": "Point", "coordinates": place(east, 0.0)}, preset=preset, radius=radius, **more)


def put(id: str, geometry: dict[str, Any], **properties: Any) -> Put:
    return Put({"type": "Feature", "id": id, "geometry": geometry, "properties": properties})


def place(east: float, north: float) -> list[float]:
    return [round(LON + east / EAST_M, 7), round(LAT + north / NORTH_M, 7)]


STORIES = (
    Story("in and out", (square("a", 0, 100), At(0, -50), At(10, 50), At(20, 150)), ("enter a", "exit a")),
    Story("the first fix is inside", (square("a", 0, 100), At(0, 50)), ("enter a",)),
    Story("the border is inside", (square("a", 0, 100), At(0, -50), At(10, 0), At(20, -50)), ("enter a", "exit a")),
    Story(
        "G9: overlapping, one jump: exits before enters, each once",
        (
            square("a", 0, 100),
            square("b", 50, 120),
            square("c", 300, 400),
            square("d", 350, 450),
            At(0, 75),
            At(60, 375),
        ),
        ("enter a", "enter b", "exit a", "exit b", "enter c", "enter d"),
    ),
    Story(
        "G9: a common border belongs to both",
        (square("a", 0, 100), square("b", 100, 200), At(0, 50), At(10, 100), At(20, 150)),
        ("enter a", "enter b", "exit a"),
    ),
    Story(
        "G10: strict infers nothing between two fixes",
        (circle("a", 0, 50), At(0, -200), At(10, 200)),
        (),
    ),
    Story(
        "G11: deleted while inside, made again",
        (square("a", 0, 100), At(0, 50), Delete("a"), At(10, 50), square("a", 0, 100), At(20, 50), At(30, 150)),
        ("enter a", "enter a", "exit a"),
    ),
    Story(
        "G11: deleted while inside, never seen again",
        (square("a", 0, 100), At(0, 50), Delete("a"), At(10, 150)),
        ("enter a",),
    ),
    Story(
        "G12: made round a device",
        (At(0, 50), square("a", 0, 100), At(10, 51), At(20, 52)),
        ("enter a",),
    ),
    Story(
        "G14: a frame sent again",
        (square("a", 0, 100), At(0, -50), At(10, 50), Again(), Again(), At(20, 150), Again()),
        ("enter a", "exit a"),
    ),
    Story(
        "G15: killed while inside",
        (square("a", 0, 100), At(0, -50), At(10, 50), Restart(), Again(), At(20, 60), At(30, 150)),
        ("enter a", "exit a"),
    ),
    Story(
        "a single fix inside is noise",
        (circle("a", 0, 100, "balanced"), At(0, -150), At(10, -50), At(20, -160), At(30, -150)),
        (),
    ),
    Story(
        "two fixes are enough, and one outside is not",
        (
            circle("a", 0, 100, "balanced"),
            At(0, -150),
            At(10, -50),
            At(20, 0),
            At(30, 120),
            At(40, 0),
            At(50, 0),
            At(60, 150),
            At(70, 150),
        ),
        ("enter a", "exit a"),
    ),
    Story(
        "inaccurate fixes decide nothing",
        (circle("a", 0, 100, "balanced"), At(0, -300, 0, 5), At(10, 0, 0, 300), At(20, 0, 0, 300), At(30, -300, 0, 5)),
        (),
    ),
    Story(
        "G10: passed through between two fixes",
        (circle("a", 0, 50, "balanced"), At(0, -200), At(10, 200)),
        ("cross a",),
    ),
    Story(
        "G10: no line is drawn to a fix that may be anywhere",
        (circle("a", 0, 50, "balanced"), At(0, -200, 0, 5), At(60, 400, 0, 600), At(120, -200, 0, 5)),
        (),
    ),
    Story(
        "G10: no line is drawn across ten minutes",
        (circle("a", 0, 50, "balanced"), At(0, -200), At(600, 200)),
        (),
    ),
    Story(
        "G10: no line is drawn across 20 km",
        (circle("a", 0, 50, "balanced"), At(0, -10_000), At(120, 10_000)),
        (),
    ),
    Story(
        "G10: Tile38's sequence, on a scale at which one can tell",
        (circle("a", 0, 100, "balanced"), At(0, 0), At(10, 0), At(20, -400), At(30, -500), At(60, 500)),
        ("enter a", "exit a", "cross a"),
    ),
    Story(
        "left, passed through, entered, and a death before it was sure",
        (
            square("z", -500, -100, 100, "balanced"),
            circle("m", 0, 60, "balanced"),
            square("a", 100, 500, 100, "balanced"),
            At(0, -300),
            At(10, -300),
            At(20, 300),
            Restart(),
            Again(),
            At(30, 300),
        ),
        ("enter z", "exit z", "cross m", "enter a"),
    ),
    Story(
        "an old place sent again, and a death before it was taken back",
        (circle("a", 0, 100, "balanced"), At(0, 0), At(30, 0), At(60, 4100), Restart(), At(90, 0), At(120, 0)),
        ("enter a",),
    ),
    Story(
        "G11: moved away while inside",
        (square("a", 0, 100), At(0, 50), square("a", 500, 600), At(10, 50), At(20, 550)),
        ("enter a", "exit a", "enter a"),
    ),
    Story(
        "G11: changed while inside, still inside",
        (square("a", 0, 100), At(0, 50), square("a", 0, 120), At(10, 50), At(20, 110), At(30, 130)),
        ("enter a", "exit a"),
    ),
    Story(
        "G11: disabled while inside, and enabled again",
        (
            square("a", 0, 100),
            At(0, 50),
            square("a", 0, 100, enabled=False),
            At(10, 50),
            square("a", 0, 100),
            At(20, 50),
            At(30, 150),
        ),
        ("enter a", "enter a", "exit a"),
    ),
    Story(
        "G13: dwell, once",
        (square("a", 0, 100, dwell=60), At(0, -50), At(10, 50), At(80, 50), At(200, 50), At(210, 150)),
        ("enter a", "dwell a", "exit a"),
    ),
    Story(
        "G13: dwell by the clock, once, across a death",
        (square("a", 0, 100, dwell=1), At(0, -50), At(10, 50), Restart(), Await(2), At(100, 50), At(200, 150)),
        ("enter a", "dwell a", "exit a"),
    ),
    Story(
        "G14: a fix that came late enters and leaves",
        (square("a", 0, 100), At(0, -50), At(20, 150), At(10, 50), Await(2), Again()),
        ("enter a", "exit a"),
    ),
    Story(
        "G14: a fix that came late says that it was earlier",
        (square("a", 0, 100), At(0, -50), At(20, 50), At(10, 40), Await(3), At(30, 150)),
        ("enter a", "retraction a", "enter a", "exit a"),
    ),
)


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[RunningServer]:
    with copied(databases) as url, running(url) as server:
        yield server


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_story(story: Story, stage: RunningServer) -> None:
    device = f"van-{STORIES.index(story)}"
    told = await played(story, device, stage)
    assert [each["type"] + " " + each["geofence"].removeprefix(f"{device}-") for each in told] == list(story.told)


async def played(story: Story, device: str, stage: RunningServer) -> list[dict[str, Any]]:
    """The device's events. Every geofence is the device's own and is gone afterwards."""
    begin, token, frames = now_ms() - HOUR_MS, stage.new_device(device), list[dict[str, Any]]()
    with stage.api() as api:
        try:
            for step in story.steps:
                await play(step, begin, device, token, frames, stage, api)
            return list(api.get("/api/events", params={"device": device, "limit": 1000}).json()["events"])
        finally:
            for name in {step.feature["id"] for step in story.steps if isinstance(step, Put)}:
                api.delete(f"/api/geofences/{device}-{name}")


async def play(
    step: Step,
    begin: int,
    device: str,
    token: str,
    frames: list[dict[str, Any]],
    stage: RunningServer,
    api: httpx2.Client,
) -> None:
    match step:
        case At():
            frames.append(fix(step, begin))
            await send(device, token, stage, len(frames), frames[-1])
        case Again():
            await send(device, token, stage, len(frames), frames[-1])
        case Put(feature):
            own = feature | {"id": f"{device}-{feature['id']}"}
            if api.put(f"/api/geofences/{own['id']}", json=own).status_code == 404:
                stage.new_geofence(own)
        case Delete(id):
            assert api.delete(f"/api/geofences/{device}-{id}").status_code == 204
        case Await(events):
            await awaited(events, device, api)
        case Restart():
            stage.kill()
            await asyncio.to_thread(stage.start)


async def awaited(count: int, device: str, api: httpx2.Client) -> None:
    end = time.monotonic() + PATIENCE_S
    while len(api.get("/api/events", params={"device": device}).json()["events"]) < count:
        assert time.monotonic() < end, "the event did not come"
        await asyncio.sleep(0.02)


def fix(at: At, begin: int) -> dict[str, Any]:
    lon, lat = place(at.east, at.north)
    measured = {"at": format_ms(begin + round(at.seconds * 1000)), "lon": lon, "lat": lat}
    return measured if at.accuracy is None else measured | {"accuracy": at.accuracy}


async def send(device: str, token: str, stage: RunningServer, seq: int, *fixes: dict[str, Any]) -> None:
    async with stage.device(device, token) as talk:
        answer = await talk.fixes(seq, *fixes)
        assert answer["stored"] + answer["duplicate"] == len(fixes), answer


async def test_tile38_order(stage: RunningServer) -> None:
    """One jump over geofences side by side: exits first, then enters, each once."""
    cases = [case for case in shared("conformance/tile38_fence_sequences.json")["cases"] if "initial" in case]
    for number, case in enumerate(cases):
        device = f"point-{number}"
        token, begin = stage.new_device(device), now_ms() - HOUR_MS
        rings = {name: ring for name, ring in case["fences"].items() if isinstance(ring, list)}
        with stage.api() as api:
            for name, ring in rings.items():
                polygon = {"type": "Polygon", "coordinates": [ring]}
                stage.new_geofence(put(f"{device}-{name}", polygon, preset="strict").feature)
            ways = [case["initial"], *case["steps"]]
            for seq, step in enumerate(ways, 1):
                at = format_ms(begin + 60_000 * seq)
                await send(device, token, stage, seq, {"at": at, "lon": step["lon"], "lat": step["lat"]})
            events = api.get("/api/events", params={"device": device}).json()["events"]
            for name in rings:
                api.delete(f"/api/geofences/{device}-{name}")
        told = [f"{each['type']}:{each['geofence'].removeprefix(f'{device}-')}" for each in events]
        first = [each for each in told if each.startswith("enter")][:2]
        rest = told[len(first) :]
        wanted = [each for step in case["steps"] for each in step["expect_ordered"] if each.split(":")[0] in KINDS]
        assert sorted(rest) == sorted(wanted)
        assert [each.split(":")[0] for each in rest] == [each.split(":")[0] for each in wanted]


KINDS = ("enter", "exit")


async def test_limerick_bus_stops(stage: RunningServer) -> None:
    """71 enters and exits of 50 m circles, as a geodesic brute force found them, sent as a phone would."""
    cases = shared("conformance/limerick_bus_stop_events.json")["cases"]
    stops = shared("data/geofences/limerick_304_stops.geojson")["features"]
    names = {f"stop-{number}": stop["properties"]["name"] for number, stop in enumerate(stops)}
    for id, stop in zip(names, stops, strict=True):
        stage.new_geofence(put(id, stop["geometry"], radius=50, preset="strict").feature)
    token = stage.new_device("bus-304")
    rows = recorded(SHARED / "data/tracks/bus_limerick_304_2019-02-18.csv.gz")
    async with stage.device("bus-304", token) as talk:
        for seq, first in enumerate(range(0, len(rows), 250), 1):
            await talk.fixes(seq, *rows[first : first + 250])
    with stage.api() as api:
        events = api.get("/api/events", params={"device": "bus-304", "limit": 1000}).json()["events"]
    told = sorted((each["at"], names[each["geofence"]], each["type"]) for each in events)
    assert told == sorted((case["t"], case["stop"], case["event"]) for case in cases)
    assert len(told) == 71


def recorded(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt") as text:
        return [{"at": row["t"], "lon": float(row["lon"]), "lat": float(row["lat"])} for row in csv.DictReader(text)]
