"""A Traccar server is taken over: said first, done once, and what stood here stays."""

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from tests.answering import answering
from tests.running import ADMIN_TOKEN, RunningServer
from tracker.cli import main

GROUPS = [
    {"id": 1, "attributes": {}, "groupId": 0, "name": "Fleet"},
    {"id": 2, "attributes": {}, "groupId": 1, "name": "North"},
]
DEVICES = [
    {
        "id": 4,
        "attributes": {},
        "groupId": 2,
        "calendarId": 0,
        "name": "Test",
        "uniqueId": "123456789012345",
        "status": "online",
        "lastUpdate": "2016-07-13T17:36:25.469+05:00",
        "positionId": 15608,
        "geofenceIds": [],
        "phone": "+358 1",
        "model": "FMB920",
        "contact": None,
        "category": "van",
        "disabled": False,
    },
    {"id": 5, "attributes": {}, "groupId": 0, "name": "Ann's phone", "uniqueId": "ann phone", "category": None},
]
GEOFENCES = [
    {
        "id": 4,
        "attributes": {"speedLimit": 10.0},
        "calendarId": 0,
        "name": "The Beginning",
        "description": "",
        "area": "CIRCLE (40.722412 -74.006288, 250)",
    },
    {
        "id": 5,
        "attributes": {},
        "calendarId": 0,
        "name": "Park",
        "area": "POLYGON ((40.7 -74.0, 40.7 -73.9, 40.8 -73.9))",
    },
    {"id": 6, "attributes": {"polylineDistance": 30}, "name": "Road", "area": "LINESTRING (40.7 -74.0, 40.7 -73.9)"},
    {"id": 7, "attributes": {}, "name": "Broken", "area": "CIRCLE (here, 250)"},
]
USERS = [
    {"id": 1, "attributes": {}, "name": "admin", "email": "root@example.org", "administrator": True, "readonly": False},
    {"id": 2, "attributes": {}, "name": "Ann", "email": "ann@example.org", "administrator": False, "readonly": False},
]
LOGIN = base64.b64encode(b"root@example.org:secret").decode()


class TraccarAnswers(BaseHTTPRequestHandler):
    """As its API answers, by its reference: lists, narrowed by userId and deviceId; 401 without a sign-in."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if self.headers.get("Authorization") != f"Basic {LOGIN}":
            self.send_error(401)
            return
        query = {name: int(value[0]) for name, value in parse_qs(parts.query).items() if name != "all"}
        found = self.find(parts.path, query)
        body = json.dumps(found).encode()
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def find(self, path: str, query: dict[str, int]) -> list[dict[str, Any]] | None:
        if path == "/api/users":
            return USERS
        if path == "/api/groups":
            return [GROUPS[1]] if query.get("userId") == 2 else [] if query else GROUPS
        if path == "/api/devices":
            return DEVICES if query.get("userId") == 2 or not query else []
        if path == "/api/geofences":
            return [GEOFENCES[0]] if query.get("deviceId") == 4 else [] if query else GEOFENCES
        return None

    def log_message(self, format: str, *values: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def traccar() -> Iterator[str]:
    with answering(TraccarAnswers) as url:
        yield url


@pytest.fixture
def ours(lodging: RunningServer) -> RunningServer:
    return lodging


def take_over(traccar: str, ours: RunningServer, *more: str, password: str = "secret") -> tuple[int, list[str]]:
    words = ["import-traccar", traccar, "--user", "root@example.org", "--password", password]
    result = CliRunner().invoke(main, [*words, "--url", ours.url, "--token", ADMIN_TOKEN, *more])
    return result.exit_code, result.output.splitlines()


def count(ours: RunningServer) -> tuple[int, int, int]:
    with ours.api() as api:
        groups = [each for each in api.get("/api/groups").json()["groups"] if each["id"].startswith("traccar")]
        fences = api.get("/api/geofences").json()["features"]
        return len(groups), len(api.get("/api/devices").json()["devices"]), len(fences)


def test_it_is_said_first_and_done_once(traccar: str, ours: RunningServer) -> None:
    code, said = take_over(traccar, ours)
    assert code == 0 and count(ours) == (0, 0, 0)
    assert "would make device 123456789012345 (Test)" in said and said[-1].startswith("Nothing was changed")
    assert "not taken: geofence Broken: an area that is not understood: CIRCLE (here, 250)" in said
    code, said = take_over(traccar, ours, "--apply")
    assert (code, count(ours)) == (0, (3, 2, 3)), said
    assert "made device ann-phone (Ann's phone)" in said
    with ours.api() as api:
        van = api.get("/api/devices/123456789012345").json()
        circle = api.get("/api/geofences/traccar-4").json()
        park = api.get("/api/geofences/traccar-5").json()
        road = api.get("/api/geofences/traccar-6").json()
        held = [api.get(f"/api/groups/traccar-{n}/devices").json()["members"] for n in ("1", "2", "user-2")]
        fenced = api.get("/api/groups/traccar-2/geofences").json()["members"]
        api.patch("/api/devices/ann-phone", json={"name": "Ann's new phone"}).raise_for_status()
    assert (van["category"], van["notes"]) == ("van", "Phone: +358 1\nModel: FMB920")
    assert circle["geometry"] == {"type": "Point", "coordinates": [-74.006288, 40.722412]}
    assert circle["properties"]["radius"] == 250 and circle["properties"]["devices"] == ["123456789012345"]
    assert park["properties"]["enabled"] is False and park["geometry"]["type"] == "Polygon"
    assert road["properties"]["width"] == 60
    assert [[each["id"] for each in members] for members in held] == [
        *(["123456789012345"], ["123456789012345"], ["ann-phone"])
    ]
    assert [each["id"] for each in fenced] == ["traccar-4"]
    code, said = take_over(traccar, ours, "--apply")
    assert code == 0 and not [line for line in said if line.startswith("made")] and count(ours) == (3, 2, 3)
    with ours.api() as api:
        assert api.get("/api/devices/ann-phone").json()["name"] == "Ann's new phone"  # what stands here stays


def test_its_people_are_invited(traccar: str, ours: RunningServer) -> None:
    assert take_over(traccar, ours, "--apply")[0] == 0
    code, said = take_over(traccar, ours, "--apply", "--invite")
    links = [line for line in said if line.startswith("made invitation ann@example.org as manager of ")]
    assert code == 0 and len(links) == 2 and all("#invitation=" in line for line in links)


def test_what_does_not_let_us_in_is_said(traccar: str, ours: RunningServer) -> None:
    code, said = take_over(traccar, ours, password="wrong")
    assert code == 1 and "does not let us in" in said[-1]
    code, said = take_over("http://127.0.0.1:9", ours)
    assert code == 1 and "does not answer" in said[-1]
