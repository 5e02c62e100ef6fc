"""The screens of geofences: looked at, drawn, tried, changed by two at once, imported."""

import json
from typing import Any, Final

from playwright.sync_api import Page, expect

from bench.pictures.studio import Screen, Studio
from bench.pictures.town import Town
from tests.browser.looking import MAP, until

POLYGON, CIRCLE, CORRIDOR = range(3)
TIE: Final = [[24.94, 60.17], [24.95, 60.18], [24.95, 60.17], [24.94, 60.18], [24.94, 60.17]]
YARD: Final = [[24.936, 60.171], [24.939, 60.171], [24.939, 60.173], [24.936, 60.173], [24.936, 60.171]]
NEAR: Final = "at=24.94120,60.17120,15.00"


def begin(kind: int) -> Any:
    def act(page: Page) -> None:
        page.locator(".making .buttons button").nth(kind).click()
        until(page, f"() => {MAP}.getLayer('td-point')")

    return act


def draw(kind: int, *places: tuple[float, float], ended: bool = True) -> Any:
    """Places are shares of the map that is to be seen."""

    def act(page: Page) -> None:
        begin(kind)(page)
        seen = page.evaluate("""() => {
            const map = document.querySelector('.stage').getBoundingClientRect();
            const side = document.querySelector('.side').getBoundingClientRect();
            const below = side.top > map.top + 40 && side.width > 0.9 * innerWidth;
            const left = below ? map.left : Math.max(map.left, side.right);
            return [left, map.top, map.right, below ? side.top : map.bottom];
        }""")
        for x, y in places:
            at = (seen[0] + x * (seen[2] - seen[0]), seen[1] + y * (seen[3] - seen[1]))
            page.mouse.move(*at)
            page.mouse.click(*at)
        if ended:
            page.keyboard.press("Enter")
        page.wait_for_timeout(500)

    return act


def edit(page: Page) -> None:
    page.locator(".of-fence footer button").first.click()
    expect(page.locator("#fence-name")).to_be_visible()


def run_trial(page: Page) -> None:
    edit(page)
    page.locator(".trial .buttons button").last.click()
    expect(page.locator(".trial .event").first).to_be_visible()
    page.locator(".trial .event").first.click()
    page.locator(".trial").scroll_into_view_if_needed()


def delete(page: Page) -> None:
    page.locator(".of-fence footer button").last.click()


def import_file(page: Page) -> None:
    def make(id: str, name: str, geometry: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"type": "Feature", "id": id, "geometry": geometry, "properties": {"name": name, **more}}

    features = [
        make("school", "School, moved", {"type": "Point", "coordinates": [24.9375, 60.1692]}, radius=120),
        make("yard", "Hof der Spedition", {"type": "Polygon", "coordinates": [YARD]}),
        make("tie", "Bow tie", {"type": "Polygon", "coordinates": [TIE]}),
        make("line", "ramp", {"type": "LineString", "coordinates": YARD[:3]}),
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    file = page.locator(".making input[type=file]")
    file.set_input_files({"name": "places.geojson", "mimeType": "application/geo+json", "buffer": text.encode()})
    expect(page.locator(".import-view .proposed").first).to_be_visible()


def drop_file(page: Page) -> None:
    page.evaluate("""() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(['{}'], 'places.geojson'));
        const told = new DragEvent('dragenter', {dataTransfer, bubbles: true, cancelable: true});
        document.querySelector('.stage').dispatchEvent(told);
    }""")


GEOFENCES: Final = {
    "geofences": Screen(f"?pane=geofences&{NEAR}"),
    "fence": Screen("?pane=geofences&fence=central-station"),
    "fence-expecting": Screen("?pane=geofences&fence=school"),
    "fence-unbroken": Screen("?pane=geofences&fence=long"),
    "fence-delete": Screen("?pane=geofences&fence=school", delete),
    "fence-edit": Screen("?pane=geofences&fence=school", edit, whole=True),
    "fence-trial": Screen("?pane=geofences&fence=central-station", run_trial),
    "draw-begun": Screen(f"?pane=geofences&{NEAR}", begin(POLYGON)),
    "draw-polygon": Screen(
        f"?pane=geofences&{NEAR}", draw(POLYGON, (0.25, 0.25), (0.7, 0.25), (0.7, 0.7), (0.25, 0.7))
    ),
    "draw-crossing": Screen(
        f"?pane=geofences&{NEAR}",
        draw(POLYGON, (0.25, 0.25), (0.7, 0.7), (0.7, 0.25), (0.25, 0.7), ended=False),
    ),
    "draw-circle": Screen(f"?pane=geofences&{NEAR}", draw(CIRCLE, (0.5, 0.5), (0.7, 0.5), ended=False)),
    "draw-corridor": Screen(f"?pane=geofences&{NEAR}", draw(CORRIDOR, (0.2, 0.3), (0.5, 0.6), (0.8, 0.4))),
    "import": Screen(f"?pane=geofences&{NEAR}", import_file),
    "import-drop": Screen(f"?pane=geofences&{NEAR}", drop_file),
}


def take(studio: Studio, town: Town) -> None:
    server = town.server
    studio.take_each(server, GEOFENCES)

    def conflict(page: Page) -> None:
        """Somebody else moves it meanwhile, and says something else of it."""
        edit(page)
        with server.api() as api:
            features = api.get("/api/geofences").json()["features"]
            (theirs,) = [each for each in features if each["id"] == "school"]
            theirs["geometry"]["coordinates"][0] += 0.0004
            theirs["properties"] |= {"name": "School, moved", "preset": "strict"}
            api.put("/api/geofences/school", json=theirs).raise_for_status()
        expect(page.get_by_role("alert").first).to_be_visible()

    studio.take_each(server, {"fence-conflict": Screen("?pane=geofences&fence=school", conflict)})
