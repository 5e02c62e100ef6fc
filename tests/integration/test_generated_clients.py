"""Clients that generators of others make from /openapi.json, used against a real server."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.running import ADMIN_TOKEN, RunningServer
from tracker.setup.web import node_environ

TYPESCRIPT: Final = Path(__file__).parent / "typescript"
PYTHON: Final = """
import json, sys
from made import AuthenticatedClient
from made.api.devices import delete_erase_device, post_create_device
from made.api.geofences import get_list_geofences, post_create_geofence
from made.models import (
    GeofenceFeature, GeofenceFeatureType, GeofenceProperties, NewDevice, Point, PointType, Problem
)

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
device = post_create_device.sync(client=client, body=NewDevice(id="van-1"))
place = Point(type_=PointType.POINT, coordinates=[24.94, 60.17])
feature = GeofenceFeature(
    type_=GeofenceFeatureType.FEATURE, geometry=place, properties=GeofenceProperties(radius=150.0), id="port"
)
fence = post_create_geofence.sync(client=client, body=feature)
listed = get_list_geofences.sync(client=client, limit=10)
refused = post_create_device.sync(client=client, body=NewDevice(id="van-1"))
gone = delete_erase_device.sync_detailed("van-1", client=client)
print(json.dumps({
    "token": device.token.startswith("trk_"), "preset": fence.properties.preset, "lon": fence.geometry.coordinates[0],
    "listed": [each.id for each in listed.features], "refused": refused.status, "gone": gone.status_code,
}))
"""


def ran(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=node_environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.town
def test_openapi_python_client(server: RunningServer, tmp_path: Path) -> None:
    with server.api() as api:
        (tmp_path / "openapi.json").write_bytes(api.get("/openapi.json").content)
    generator = Path(sys.executable).parent / "openapi-python-client"
    ran([generator, "generate", "--path", "openapi.json", "--output-path", "made", "--meta", "none"], tmp_path)
    told = json.loads(ran([sys.executable, "-c", PYTHON, server.url, ADMIN_TOKEN], tmp_path))
    assert told == {
        "token": True,
        "preset": "balanced",
        "lon": 24.94,
        "listed": ["port"],
        "refused": 409,
        "gone": 204,
    }


@pytest.mark.long
def test_openapi_typescript(server: RunningServer, tmp_path: Path) -> None:
    folder = shutil.copytree(TYPESCRIPT, tmp_path / "client")
    ran(["npm", "ci", "--no-audit", "--no-fund"], folder)
    ran(["npx", "openapi-typescript", f"{server.url}/openapi.json", "-o", "schema.d.ts"], folder)
    ran(["npx", "tsc"], folder)
    told = json.loads(ran(["node", "main.js", server.url, ADMIN_TOKEN], folder))
    assert told == {
        "token": True,
        "preset": "balanced",
        "lon": 24.94,
        "listed": ["port"],
        "field": "properties.radius",
        "pair": 422,
        "gone": 204,
    }
