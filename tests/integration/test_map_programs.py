"""Export, edit in a map program, import again: the same geofences with what was edited, through GDAL's formats, which
QGIS uses too; and tracks through GPSBabel."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.geofence.shapes import box
from tests.integration.conftest import Caller

IMPORT = "/api/geofences/import?on_conflict=replace"
needs_gdal = pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="ogr2ogr (gdal-bin) is not installed")

RULES = {
    "devices": ["van-1", "gb"],
    "categories": ["bus"],
    "speed_limit": 13.9,
    "dwell": 300,
    "expires": "2099-01-01T15:30:00+02:00",
    "expect": [{"devices": ["van-1"], "by": "08:15", "zone": "Europe/Helsinki", "days": ["mon"]}],
    "already_inside": "noted",
    "active": {"zone": "Europe/Helsinki", "windows": [{"from": "08:00", "to": "10:00", "days": ["mon"]}]},
}
FORMATS = {"GPKG": "gpkg", "LIBKML": "kml", "KML": "kml", "ESRI Shapefile": "shp", "GeoJSON": "geojson"}


def fence(id: str, west: float, **properties: Any) -> dict[str, Any]:
    ring = [[west, 60.1], [west + 0.05, 60.1234567], [west + 0.05, 60.2], [west, 60.2], [west, 60.1]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "id": id, "geometry": geometry, "properties": properties}


FENCES = [
    fence("central", 24.9, name="Central Station", preset="calm", **RULES),
    fence("zone.1", 25.9, name="Östra", enabled=False, a_name_of_many_letters="kept"),
    fence("way-5", 26.9, name="حيفا", source_id="way/5"),
]


async def converted(folder: Path, driver: str, given: Path) -> Path:
    """The file as another, by ogr2ogr."""
    into = folder / f"{given.stem}_{driver.split()[-1]}.{FORMATS[driver]}"
    command = ["ogr2ogr", "-f", driver, str(into), str(given), "-lco", "ENCODING=UTF-8"]
    command = command if driver == "ESRI Shapefile" else command[:-2]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, timeout=60)
    return into


async def exported(admin: Caller, folder: Path) -> Path:
    await admin.post("/api/geofences/import", {"type": "FeatureCollection", "features": FENCES})
    file = folder / "export.geojson"
    file.write_text(await (await admin.get("/api/geofences/export")).get_data(as_text=True))
    return file


async def imported(admin: Caller, body: bytes, format: str) -> dict[str, Any]:
    response = await admin.call(
        "POST", f"{IMPORT}&format={format}", data=body, headers={"Content-Type": "application/octet-stream"}
    )
    answer: dict[str, Any] = await response.get_json()
    assert response.status_code == 201, answer
    return answer


async def shown(admin: Caller) -> dict[str, dict[str, Any]]:
    found = (await (await admin.get("/api/geofences")).get_json())["features"]
    for each in found:
        each["properties"].pop("revision")
    return {each["id"]: each for each in found}


@needs_gdal
@pytest.mark.parametrize("driver", FORMATS)
async def test_a_round_trip_gives_the_same_geofences_with_what_was_edited(
    driver: str, admin: Caller, tmp_path: Path
) -> None:
    file = await exported(admin, tmp_path)
    before = await shown(admin)
    back = await converted(tmp_path, "GeoJSON", await converted(tmp_path, driver, file))
    answer = await imported(admin, back.read_bytes(), "geojson")
    assert (answer["created"], answer["refused"]) == (0, [])
    assert await shown(admin) == before, answer["said"]

    edited = json.loads(back.read_text())
    (central,) = [each for each in edited["features"] if "Central Station" in each["properties"].values()]
    central["properties"]["name" if "name" in central["properties"] else "Name"] = "Central"
    central["geometry"]["coordinates"] = [[list(place) for place in box(24, 60, 25, 61)]]
    answer = await imported(admin, json.dumps(edited).encode(), "geojson")
    assert (answer["created"], answer["replaced"]) == (0, 1)
    after = await shown(admin)
    expected = before["central"]["properties"] | {"name": "Central"}
    assert after.keys() == before.keys() and after["central"]["properties"] == expected
    assert after["central"]["geometry"]["coordinates"][0][0] == [24, 60]
    assert after["zone.1"] == before["zone.1"] and after["way-5"] == before["way-5"]


@needs_gdal
@pytest.mark.parametrize("driver", ["LIBKML", "KML"])
async def test_the_kml_of_a_map_program_is_read_as_it_is(driver: str, admin: Caller, tmp_path: Path) -> None:
    kml = await converted(tmp_path, driver, await exported(admin, tmp_path))
    before = await shown(admin)
    answer = await imported(admin, kml.read_bytes(), "kml")
    assert (answer["created"], answer["refused"]) == (0, [])
    assert await shown(admin) == before, answer["said"]


@needs_gdal
async def test_the_shapefile_of_a_map_program_is_read_as_it_is(admin: Caller, tmp_path: Path) -> None:
    await converted(tmp_path, "ESRI Shapefile", await exported(admin, tmp_path))
    before = await shown(admin)
    shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path)
    answer = await imported(admin, (tmp_path / "all.zip").read_bytes(), "shapefile")
    assert (answer["created"], answer["refused"]) == (0, [])
    assert await shown(admin) == before, answer["said"]


@needs_gdal
async def test_the_row_numbers_of_another_file_overwrite_nothing(admin: Caller, tmp_path: Path) -> None:
    await exported(admin, tmp_path)
    before = await shown(admin)
    other = tmp_path / "export.geojson"
    other.write_text(json.dumps({"type": "FeatureCollection", "features": [{**fence("", 1, name="Other"), "id": 1}]}))
    for driver in ("LIBKML", "GPKG", "ESRI Shapefile"):
        file = await converted(tmp_path, driver, other)
        body = file if driver == "LIBKML" else await converted(tmp_path, "GeoJSON", file)
        await imported(admin, body.read_bytes(), "kml" if driver == "LIBKML" else "geojson")
        after = await shown(admin)
        assert {id: after[id] for id in before} == before
