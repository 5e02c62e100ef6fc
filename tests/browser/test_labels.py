"""What is written beside markers, and how they move for who asked for less of it."""

from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import enter
from tests.browser.driving import vehicle
from tests.browser.looking import MAP, start_at, until
from tests.running import RunningServer

PLACE = (24.9400, 62.1700)
LONG = "Delivery van of the southern depot"
SHOWN = ".labels span:not([hidden])"
ROW = "tracker.feed.devices.row"
EDGE = 4540 / 2**16 * 360  # degrees east: there two tiles of the map meet
BORDER = [
    (EDGE + east, PLACE[1] + north) for east, north in ((-2e-3, -1e-3), (3e-3, -1e-3), (3e-3, 1e-3), (-2e-3, 1e-3))
]
YARD = {
    "type": "Feature",
    "id": "yard",
    "geometry": {"type": "Polygon", "coordinates": [[*BORDER, BORDER[0]]]},
    "properties": {"name": "Yard"},
}


@pytest.mark.parametrize("options", [{"reduced_motion": "reduce"}])
def test_names_stand_where_they_fit_in_every_script_and_markers_jump_for_who_asked(
    page: Page, server: RunningServer
) -> None:
    start_at(page, *PLACE, zoom=16.0)
    with ExitStack() as stack:
        names = {"a": "Bus 1", "b": "Bus 2", "c": LONG, "d": LONG + " 2", "e": "שליח 7"}
        vans = {id: stack.enter_context(vehicle(server, id, name)) for id, name in names.items()}
        for number, id in enumerate("ab"):  # 60 px beside each other: short names have room
            vans[id].drive(PLACE[0] + 0.00064 * number, PLACE[1] + 0.001)
        for number, id in enumerate("cd"):
            vans[id].drive(PLACE[0] + 0.00064 * number, PLACE[1])
        vans["e"].drive(PLACE[0], PLACE[1] - 0.001)
        enter(page, server)
        expect(page.locator(SHOWN)).to_have_count(4)
        for name in ("Bus 1", "Bus 2", "שליח 7"):
            expect(page.locator(SHOWN, has_text=name)).to_have_count(1)
        assert page.locator(SHOWN, has_text="שליח 7").evaluate("it => getComputedStyle(it).direction") == "rtl"
        vans["e"].drive(PLACE[0] + 0.001, PLACE[1] - 0.001)
        until(page, f"() => tracker.feed.devices.lonE7[{ROW}('e')] === {round((PLACE[0] + 0.001) * 1e7)}")
        glide = f"tracker.view.value.layer.markers.words[8 * {ROW}('e') + 5]"
        assert page.evaluate(f"[tracker.view.value.layer.still, {glide}]") == [True, 0]


def test_a_geofence_in_two_tiles_has_its_name_once(page: Page, server: RunningServer) -> None:
    server.new_geofence(YARD)
    start_at(page, *PLACE, zoom=16.0)
    enter(page, server)
    rendered = f"{MAP}.queryRenderedFeatures({{layers: ['fence-fill']}}).length"
    until(page, f"() => {MAP}.loaded() && {rendered} >= 2")
    names = f"{MAP}.queryRenderedFeatures({{layers: ['fence-name']}})"
    (name,) = until(page, f"() => {MAP}.loaded() && {names}.length && {names}.map(it => it.geometry.coordinates)")
    assert abs(name[0] - EDGE - 5e-4) < 1e-4
