"""Geofences drawn, changed and deleted on the page."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Watched, enter
from tests.browser.driving import vehicle
from tests.browser.looking import MAP, click_at, spot, start_at, until
from tests.running import RunningServer

HERE = (24.9400, 62.1700)  # where the map has no streets to draw: a software GPU is slow enough
THERE = (24.9430, 62.1700)
AROUND = [(24.9420, 62.1694), (24.9440, 62.1694), (24.9440, 62.1706), (24.9420, 62.1706)]  # THERE is inside, HERE not
CIRCLE: dict[str, Any] = {
    "type": "Feature",
    "id": "port",
    "geometry": {"type": "Point", "coordinates": HERE},
    "properties": {"name": "Old Port", "radius": 60, "preset": "strict", "owner": "the harbour"},
}


@pytest.fixture
def options() -> dict[str, Any]:
    """Small: the fewer pixels, the sooner a software GPU is done with them."""
    return {"viewport": {"width": 800, "height": 460}}


@pytest.fixture
def fences(page: Page, server: RunningServer) -> Page:
    start_at(page, 24.9420, 62.1700)
    enter(page, server)
    page.get_by_role("button", name="Geofences").click()
    return page


def stored(server: RunningServer) -> list[dict[str, Any]]:
    with server.api() as api:
        features: list[dict[str, Any]] = api.get("/api/geofences").json()["features"]
    return features


def begin(page: Page, kind: str) -> None:
    """Until it can be drawn: what draws is loaded only now."""
    page.get_by_role("button", name=f"Draw {kind}").click()
    until(page, f"() => {MAP}.getLayer('td-point')")


def test_a_polygon_is_drawn_saved_and_entered(fences: Page, server: RunningServer) -> None:
    expect(fences.get_by_role("heading", name="No geofences yet")).to_be_visible()
    begin(fences, "polygon")
    click_at(fences, *AROUND[0])
    fences.keyboard.press("Escape")
    expect(fences.get_by_role("button", name="Save")).to_have_count(0)
    until(fences, f"() => !{MAP}.getLayer('td-point')")
    begin(fences, "polygon")
    for place in AROUND:
        click_at(fences, *place)
    fences.keyboard.press("Enter")
    expect(fences.get_by_label("is noted.")).to_be_checked()  # who is inside already, asked for each new one
    fences.get_by_label("enters.").check()
    fences.get_by_label("Name").fill("New quay")
    fences.get_by_label("strict").check()
    fences.get_by_label("Tell of a stay of").fill("1,5")
    fences.get_by_label("Speed limit").fill("36")
    fences.get_by_role("button", name="Save").click()
    expect(fences.get_by_role("option", name="New quay")).to_be_visible()
    (saved,) = stored(server)
    told = {name: saved["properties"][name] for name in ("name", "preset", "dwell", "speed_limit")}
    assert "already_inside" not in saved["properties"]
    assert told == {"name": "New quay", "preset": "strict", "dwell": 90, "speed_limit": 10}
    assert saved["geometry"]["coordinates"][0][:4] == [pytest.approx(place, abs=2e-5) for place in AROUND]
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE)
        van.drive(*THERE)
        expect(fences.get_by_role("region", name="Events")).to_contain_text("Van 12 entered New quay")
        expect(fences.get_by_role("option", name="New quay")).to_contain_text("1 inside")
        expect(fences.locator(".detail .inside")).to_contain_text("Van 12since")
    fences.get_by_role("button", name="Edit").click()
    fences.get_by_role("button", name="Try", exact=True).click()
    trial = fences.get_by_role("region", name="Try on history")
    expect(trial).to_contain_text("1 entered in")
    expect(trial.get_by_role("heading", level=4)).to_have_text(["Van 12"])
    found = trial.get_by_role("button", name="Van 12 entered New quay")
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['dots']}}).length > 0")
    found.click()
    expect(found).to_have_attribute("aria-pressed", "true")
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['dots']}})[0].properties.chosen")


# Notes what has the keyboard in the very turn in which the shape is there, before anything that waits for a picture.
WATCH_FOCUS = """() => new MutationObserver((_, watch) => {
    if (![...document.querySelectorAll('button')].some(it => it.textContent === 'Draw it anew')) return;
    window.atOnce = document.activeElement.id;
    watch.disconnect();
}).observe(document.body, {childList: true, subtree: true})"""


YARD: dict[str, Any] = {
    "type": "Feature",
    "id": "yard",
    "geometry": {"type": "Polygon", "coordinates": [[*AROUND, AROUND[0]]]},
    "properties": {"name": "Yard"},
}


def test_corners_snap_to_others_and_what_will_be_missed_is_said(fences: Page, server: RunningServer) -> None:
    server.new_geofence(YARD)
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE)
        fences.evaluate("tracker.readCatalogue()")
        until(fences, "() => tracker.feed.devices.shownCount() === 1")
        fences.locator(".tabs").get_by_role("button", name="Devices").click()
        fences.get_by_role("option", name="Van 12").click()
        fences.locator(".tabs").get_by_role("button", name="Geofences").click()
        begin(fences, "polygon")
        (west, lat), (east, _) = AROUND[3], AROUND[2]
        for lon, north, off in ((west, 0, 6), (west, 0.0008, 0), (east, 0.0008, 0), (east, 0, 6)):
            x, y = spot(fences, lon, lat + north)
            fences.mouse.move(x + off, y - off)
            fences.mouse.click(x + off, y - off)
        missed = fences.locator(".missed")
        expect(missed).to_contain_text("At the usual accuracy (5 m) and interval")  # while it is drawn
        expect(missed).to_contain_text("of \u2068Van 12")
        fences.keyboard.press("Enter")
        until(fences, f"() => {MAP}.getSource('sketch-unsure') && tracker.view.value.sketch.margin >= 5")
        expect(missed).to_contain_text("will be missed")
        fences.get_by_label("strict").check()
        until(fences, "() => tracker.view.value.sketch.margin === 0")
        fences.get_by_label("Name").fill("Beside it")
        fences.get_by_role("button", name="Save").click()
        expect(fences.get_by_role("option", name="Beside it")).to_be_visible()
    (saved,) = [each for each in stored(server) if each["id"] != "yard"]
    corners = [tuple(place) for place in saved["geometry"]["coordinates"][0]]
    assert AROUND[2] in corners and AROUND[3] in corners, "exactly those of the other"


def test_a_circle_is_drawn_its_radius_typed_its_middle_moved(fences: Page, server: RunningServer) -> None:
    begin(fences, "circle")
    fences.evaluate(WATCH_FOCUS)
    fences.get_by_role("button", name="Put it in the middle of the map").click()  # who has no mouse
    expect(fences.get_by_label("Radius")).to_have_value("100")
    assert fences.evaluate("atOnce") == "fence-name", "later it would take the keyboard from who types elsewhere"
    fences.get_by_role("button", name="Draw it anew").click()
    until(fences, "() => tracker.view.value.overlay?.draw.getMode() === 'circle'")
    click_at(fences, *THERE)
    click_at(fences, THERE[0] + 0.00096, THERE[1])  # 50 m
    radius = fences.get_by_label("Radius")
    expect(radius).to_have_value("50")
    until(fences, "() => tracker.view.value.overlay?.draw.getMode() === 'select'")  # the second click has ended it
    radius.fill("70")
    until(fences, "() => tracker.view.value.overlay?.shape?.radius === 70")
    edge = THERE[0] + 0.001258  # 70 m east: the one corner that is to be seen
    fences.mouse.move(*spot(fences, edge, THERE[1]))
    fences.mouse.down()
    fences.mouse.move(*spot(fences, edge + 0.0003, THERE[1]), steps=4)
    fences.mouse.move(*spot(fences, edge + 0.0006, THERE[1]), steps=4)
    fences.mouse.up()
    until(fences, "() => tracker.view.value.overlay?.shape?.radius > 90")
    radius.fill("70")
    until(fences, "() => tracker.view.value.overlay?.shape?.radius === 70")
    fences.mouse.move(*spot(fences, *THERE))
    fences.mouse.down()
    fences.mouse.move(*spot(fences, THERE[0] - 0.0005, THERE[1]), steps=4)
    fences.mouse.move(*spot(fences, THERE[0] - 0.0010, THERE[1]), steps=4)
    fences.mouse.up()
    fences.get_by_label("Name").fill("Roundabout")
    fences.get_by_role("button", name="Save").click()
    expect(fences.get_by_role("option", name="Roundabout")).to_be_visible()
    (saved,) = stored(server)
    assert saved["geometry"]["type"] == "Point" and saved["properties"]["radius"] == pytest.approx(70, abs=1)
    lon, lat = saved["geometry"]["coordinates"]  # a drag begins with the first move, wherever that is
    assert lon == pytest.approx(THERE[0] - 0.0010, abs=3e-4) and lat == pytest.approx(THERE[1], abs=2e-5)


def test_a_geofence_is_changed_with_what_the_form_does_not_know_and_deleted_when_asked_twice(
    fences: Page, server: RunningServer
) -> None:
    server.new_geofence(CIRCLE)
    fences.evaluate("tracker.readGeofences()")
    fences.get_by_role("option", name="Old Port").click()
    fences.get_by_role("button", name="Edit").click()
    fences.get_by_label("Name").fill("New Port")
    fences.get_by_label("calm").check()
    fences.get_by_role("button", name="Save").click()
    expect(fences.get_by_role("option", name="New Port")).to_contain_text("calm")
    (saved,) = stored(server)
    assert saved["id"] == "port" and saved["geometry"]["coordinates"] == list(HERE)
    wanted = {"name": "New Port", "preset": "calm", "radius": 60, "owner": "the harbour"}
    assert wanted.items() <= saved["properties"].items()
    card = fences.locator(".detail")
    card.get_by_role("button", name="Delete").click()
    fences.keyboard.press("Tab")
    fences.evaluate("tracker.readGeofences()")  # the card is rendered anew, and leaves the keyboard where it is
    expect(card.get_by_role("button", name="Keep")).to_be_focused()
    fences.keyboard.press("Enter")
    card.get_by_role("button", name="Delete").click()
    assert len(stored(server)) == 1
    card.get_by_role("group", name="Delete it?").get_by_role("button", name="Delete").click()
    expect(fences.get_by_role("option")).to_have_count(0)
    expect(card).to_have_count(0)
    assert stored(server) == []


def test_a_corner_is_dragged_and_a_theme_changed_meanwhile(fences: Page, server: RunningServer) -> None:
    ring = [*AROUND, AROUND[0]]
    server.new_geofence(
        {"type": "Feature", "id": "quay", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    )
    fences.evaluate("tracker.readGeofences()")
    fences.get_by_role("option", name="quay").click()
    fences.get_by_role("button", name="Edit").click()
    until(fences, f"() => {MAP}.getLayer('td-point')")
    fences.get_by_role("button", name="Switch to dark theme").click()
    until(
        fences, f"() => {MAP}.getLayer('td-point') && {MAP}.getPaintProperty('fence-line', 'line-color') === '#a78bfa'"
    )
    until(fences, f"() => !{MAP}.isMoving() && {MAP}.querySourceFeatures('td-point').length > 3")
    fences.mouse.move(*spot(fences, *AROUND[2]))
    fences.mouse.down()
    fences.mouse.move(*spot(fences, 24.9443, 62.1707), steps=5)
    fences.mouse.move(*spot(fences, 24.9446, 62.1708), steps=5)
    fences.mouse.up()
    fences.get_by_role("button", name="Save").click()
    expect(fences.locator(".detail")).to_be_visible()
    (saved,) = stored(server)
    corners = saved["geometry"]["coordinates"][0]
    assert corners[2] == pytest.approx([24.9446, 62.1708], abs=2e-5)
    assert corners[:2] == [pytest.approx(place) for place in AROUND[:2]]


def test_what_the_server_refuses_is_told_at_its_field(fences: Page, server: RunningServer, watched: Watched) -> None:
    watched.tolerated.append("422")
    begin(fences, "polygon")
    bow_tie = [AROUND[0], AROUND[2], AROUND[1], AROUND[3]]
    for place in bow_tie:
        click_at(fences, *place)
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['sketch-crossing']}}).length > 0")  # while it is drawn
    expect(fences.locator(".shape-help .fault")).to_contain_text("crosses itself at the red mark")
    fences.keyboard.press("Enter")
    fences.get_by_label("Name").fill("Bow tie")
    fences.get_by_role("button", name="Save").click()
    expect(fences.locator(".shape-help .fault")).to_contain_text("self-intersection at 24.943")
    fences.get_by_role("button", name="Draw it anew").click()
    until(fences, "() => tracker.view.value.overlay?.draw.getMode() === 'polygon'")
    for place in AROUND:
        click_at(fences, *place)
    fences.keyboard.press("Enter")
    fences.get_by_label("Tell of a stay of").fill("99999")
    fences.get_by_role("button", name="Save").click()
    expect(fences.locator("#fence-dwell-fault")).to_be_visible()
    expect(fences.get_by_label("Tell of a stay of")).to_have_attribute("aria-invalid", "true")
    assert stored(server) == []
    fences.get_by_label("Tell of a stay of").fill("")
    fences.get_by_role("button", name="Save").click()
    expect(fences.get_by_role("option", name="Bow tie")).to_be_visible()


@pytest.mark.mapless
def test_a_viewer_sees_the_list_and_no_buttons(page: Page, server: RunningServer) -> None:
    server.new_geofence(CIRCLE)
    with server.api() as api:
        token = api.post("/api/tokens", json={"kind": "viewer", "name": "a screen on the wall"}).json()["token"]
    enter(page, server, token)
    page.get_by_role("button", name="Geofences").click()
    page.get_by_role("option", name="Old Port").click()
    expect(page.locator(".detail")).to_contain_text("Circle, 60 m")
    for name in ("Draw polygon", "Draw circle", "Edit", "Delete", "Alerts"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def change_back_and_forth(fences: Page) -> None:
    radius = fences.get_by_label("Radius")
    radius.fill("80")
    fences.get_by_role("button", name="Undo").click()
    expect(radius).to_have_value("60")
    fences.get_by_role("button", name="Redo").click()
    expect(radius).to_have_value("80")


def test_what_was_drawn_and_deleted_comes_back_and_two_who_edit_one_are_told(
    fences: Page, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated.append("409")
    server.new_geofence(CIRCLE)
    fences.evaluate("tracker.readGeofences()")
    fences.get_by_role("option", name="Old Port").click()
    card = fences.locator(".detail")
    card.get_by_role("button", name="Edit").click()
    change_back_and_forth(fences)
    fences.evaluate("globalThis.later = tracker.view.value; tracker.view.value = null")  # as where the map comes last
    with server.api() as api:
        theirs = CIRCLE | {"properties": CIRCLE["properties"] | {"name": "Theirs", "preset": "calm"}}
        assert api.put("/api/geofences/port", json=theirs).is_success
    told = fences.get_by_role("alert")
    expect(told).to_contain_text("changed by somebody else")
    expect(told).to_contain_text("calm")
    fences.evaluate("tracker.view.value = later")
    until(
        fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['proposed-line']}}).length > 0"
    )  # what they made of it
    with fences.expect_response(lambda answer: answer.request.method == "PUT") as said:
        fences.get_by_role("button", name="Save", exact=True).click()
    assert said.value.status == 409  # only who says so saves over it
    assert stored(server)[0]["properties"]["name"] == "Theirs"
    told.get_by_role("button", name="Save mine over it").click()
    expect(card).to_contain_text("80 m")
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['proposed-line']}}).length === 0")
    (before,) = stored(server)
    with server.api() as api:
        assert api.post("/api/groups", json={"id": "north", "name": "North"}).is_success
        assert api.put("/api/groups/north/geofences/port").is_success
    card.get_by_role("button", name="Delete").click()
    card.get_by_role("group", name="Delete it?").get_by_role("button", name="Delete").click()
    expect(fences.get_by_role("status").filter(has_text="is deleted")).to_be_visible()
    expect(fences.get_by_role("option", name="Old Port")).to_have_count(0)
    fences.locator(".tabs").click(position={"x": 2, "y": 2})
    fences.keyboard.press("Control+z")
    expect(fences.get_by_role("option", name="Old Port")).to_be_visible()
    (after,) = stored(server)
    assert (after["id"], after["geometry"]) == ("port", before["geometry"])
    noted = {"revision": 0, "already_inside": "noted"}  # nobody enters it by that who was inside all the time
    assert after["properties"] | {"revision": 0} == before["properties"] | noted
    with server.api() as api:
        holding = api.get("/api/groups", params={"geofence": "port"}).json()["groups"]
        assert api.delete("/api/groups/north").is_success
    assert [each["id"] for each in holding] == ["north"]
    fences.keyboard.press("Control+Shift+z")
    expect(fences.get_by_role("option", name="Old Port")).to_have_count(0)
    assert stored(server) == []
    fences.keyboard.press("Control+z")
    expect(fences.get_by_role("option", name="Old Port")).to_be_visible()
    fences.keyboard.press("Control+z")  # the save before it
    expect(fences.get_by_role("option", name="Theirs")).to_be_visible()


def test_a_corridor_is_drawn_as_wide_as_it_is_and_is_at_once_on_the_map_of_another(
    fences: Page, context: BrowserContext, server: RunningServer
) -> None:
    other = context.new_page()
    other.goto(server.url)  # of the same person
    expect(other.locator(".badge")).to_contain_text("Live")
    until(other, "() => tracker.fencesTag !== null")
    fences.bring_to_front()
    begin(fences, "corridor")
    click_at(fences, *HERE)
    click_at(fences, *THERE)
    bend = (THERE[0], THERE[1] + 0.0014)
    fences.mouse.move(*spot(fences, *bend))
    sketch = "tracker.view.value.sketch"
    until(fences, f"() => {sketch}.way.length >= 2 && {sketch}.width === 50 && {sketch}.margin >= 5")  # while drawn
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['sketch-width']}}).length > 0")
    until(fences, f"() => {MAP}.queryRenderedFeatures({{layers: ['sketch-unsure']}}).length > 0")
    click_at(fences, *bend)
    places = until(fences, f"() => {sketch}.way.length > 3 && {sketch}.way.length")
    fences.get_by_role("button", name="Undo").click()  # the last corner only
    until(fences, f"all => {sketch}.way.length === all - 1", places)
    fences.get_by_role("button", name="Redo").click()
    until(fences, f"all => {sketch}.way.length === all", places)
    fences.locator(".map canvas").focus()
    fences.keyboard.press("Enter")
    fences.get_by_label("Whole width").fill("80")
    until(fences, f"() => {sketch}.width === 80")
    fences.get_by_label("Name").fill("Towpath")
    fences.get_by_role("button", name="Save", exact=True).click()
    expect(fences.get_by_text(re.compile("Towpath.? is saved"))).to_be_visible()
    (saved,) = stored(server)
    assert saved["geometry"]["type"] == "LineString" and saved["properties"]["width"] == 80
    other.bring_to_front()
    named = "some(each => each.properties.name === 'Towpath')"
    until(other, f"() => {MAP}.querySourceFeatures('geofence-names').{named}")
