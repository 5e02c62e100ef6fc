"""Files of geofences: looked at on the map before anything is written, taken in by one button, and taken back."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.looking import MAP, until
from tests.browser.test_geofences import AROUND, CIRCLE, fences, options, stored
from tests.geofence.test_shapefiles import WGS84, written
from tests.running import RunningServer

__all__ = ["fences", "options"]  # fixtures
BOW_TIE = [[24.94, 62.17], [24.95, 62.18], [24.95, 62.17], [24.94, 62.18], [24.94, 62.17]]
DRAG = """([kind, name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  const told = new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true});
  document.querySelector('.stage').dispatchEvent(told);
}"""


def drop(page: Page, name: str, text: str) -> None:
    page.evaluate(DRAG, ["dragenter", name, text])
    expect(page.get_by_text("Let go to look at")).to_be_visible()
    page.evaluate(DRAG, ["drop", name, text])


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def make(id: str, name: str, **members: Any) -> dict[str, Any]:
    return {**CIRCLE, "id": id, "properties": {**CIRCLE["properties"], "name": name}, **members}


def test_a_file_that_is_dropped_is_looked_at_taken_in_and_taken_back(fences: Page, server: RunningServer) -> None:
    server.new_geofence(CIRCLE)
    fences.evaluate("tracker.readGeofences()")
    before = stored(server)
    crossing = make("tie", "Bow tie", geometry={"type": "Polygon", "coordinates": [BOW_TIE]})
    text = collection(make("port", "New Port"), make("yard", "Yard"), crossing)
    drop(fences, "three.geojson", text)
    look = fences.get_by_role("region", name="would make")
    expect(look.get_by_role("status")).to_have_text("1 new, 1 replaced, 1 not imported")
    expect(look.locator(".refused li")).to_contain_text("No. 3")
    expect(look.locator(".refused li")).to_contain_text("self-intersection")
    expect(look.locator(".proposed bdi")).to_have_text(["New Port", "Yard"])
    expect(look.locator(".proposed small")).to_have_text(["replaces", "new"])
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['proposed-line']}}).length > 0")
    assert stored(server) == before
    look.get_by_role("button", name="Import 2").click()
    expect(fences.get_by_role("option", name="New Port")).to_be_visible()
    assert {each["properties"]["name"] for each in stored(server)} == {"New Port", "Yard"}
    assert {each["properties"].get("already_inside") for each in stored(server)} == {"noted"}
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['proposed-line']}}).length === 0")
    fences.get_by_role("button", name="Undo the import").click()
    expect(fences.get_by_role("option", name="Old Port")).to_be_visible()
    expect(fences.get_by_role("option", name="Yard")).to_have_count(0)
    assert [each["properties"]["name"] for each in stored(server)] == ["Old Port"]


@pytest.mark.mapless
def test_what_is_there_stays_where_one_says_so_and_nothing_is_written_by_looking(
    fences: Page, server: RunningServer, tmp_path: Path
) -> None:
    server.new_geofence(CIRCLE)
    fences.evaluate("tracker.readGeofences()")
    file = tmp_path / "two.geojson"
    file.write_text(collection(make("port", "New Port"), make("yard", "Yard")))
    choose = fences.get_by_label("Import a file")
    choose.set_input_files(file)
    fences.get_by_role("button", name="Cancel").click()
    expect(fences.get_by_role("option", name="Old Port")).to_be_visible()
    assert len(stored(server)) == 1
    choose.set_input_files(file)
    fences.get_by_label("Replace what is there already (1)").uncheck()
    fences.get_by_role("button", name="Import 1").click()
    expect(fences.get_by_role("option", name="Yard")).to_be_visible()
    expect(fences.get_by_role("option", name="Old Port")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("roads.gpkg", "SQLite", "cannot be read"),
        (
            "far.geojson",
            '{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:3067"}},"features":[]}',
            "3067",
        ),
        ("broken.gpx", "<gpx><wpt", "no XML"),
    ],
)
@pytest.mark.mapless
def test_a_file_that_is_none_says_why(fences: Page, watched: Watched, name: str, text: str, said: str) -> None:
    watched.tolerated.append("422")
    watched.tolerated.append("400")
    drop(fences, name, text)
    expect(fences.get_by_role("alert")).to_contain_text(said)


def test_the_parts_of_a_shapefile_are_one_file(fences: Page, server: RunningServer, tmp_path: Path) -> None:
    parts = written({"Östra": AROUND}) | {".prj": WGS84.encode(), ".cpg": b"UTF-8"}
    files = [tmp_path / f"zones{ending}" for ending in parts]
    for file, text in zip(files, parts.values(), strict=True):
        file.write_bytes(text)
    fences.get_by_label("Import a file").set_input_files(files)
    look = fences.get_by_role("region", name="would make")
    expect(look.locator(".proposed bdi")).to_have_text(["Östra"])
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['proposed-line']}}).length > 0")
    assert stored(server) == []
    look.get_by_role("button", name="Import 1").click()
    expect(fences.get_by_role("option", name="Östra")).to_be_visible()
    (saved,) = stored(server)
    assert (saved["properties"]["dwell"], saved["properties"]["already_inside"]) == (300, "noted")


@pytest.mark.mapless
def test_a_file_in_another_encoding_comes_in_and_what_does_not_is_told(fences: Page, tmp_path: Path) -> None:
    file = tmp_path / "places.kml"
    place = "<Placemark><name>Älvängen \u202e</name><Point><coordinates>24.94,60.17</coordinates></Point></Placemark>"
    empty = "<Placemark><name>Nowhere</name></Placemark>"
    text = f'<?xml version="1.0" encoding="utf-16"?><kml xmlns="http://www.opengis.net/kml/2.2">{place}{empty}</kml>'
    file.write_bytes(text.encode("utf-16"))
    fences.get_by_label("Import a file").set_input_files(file)
    expect(fences.get_by_role("status").filter(has_text="1 new, 1 not imported")).to_be_visible()
    expect(fences.get_by_text("geometry: there is none")).to_be_visible()
    fences.get_by_role("button", name="Import 1").click()
    row = fences.get_by_role("option", name="Älvängen")
    expect(row.locator("bdi")).to_have_text("Älvängen \u202e")
