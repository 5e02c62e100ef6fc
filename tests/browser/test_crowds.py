"""Many devices on few pixels: each is seen or counted, at every zoom."""

from contextlib import ExitStack

from playwright.sync_api import Page, expect

from tests.browser.conftest import enter
from tests.browser.driving import vehicle
from tests.browser.looking import MAP, click_at, start_at, until
from tests.running import RunningServer

TOWN = (24.9400, 62.1700)
DISCS = "tracker.view.value.crowds.discs"
SINGLE = "(() => { let n = 0; tracker.view.value.layer.forEachInView(() => n++); return n; })()"


def test_a_fleet_is_a_number_from_far_that_opens_and_a_spot_fans_out(page: Page, server: RunningServer) -> None:
    start_at(page, *TOWN, zoom=4.3)
    enter(page, server)
    with ExitStack() as stack:
        for number in range(9):
            van = stack.enter_context(vehicle(server, f"van-{number}", f"Van {number}"))
            spread = 0 if number < 3 else number  # three stand on one spot
            van.drive(TOWN[0] + 0.004 * spread, TOWN[1], speed=0.0, ago=600 if number == 8 else 0)
        until(page, f"() => {DISCS}.length === 1 && {DISCS}[0].count === 9 && {DISCS}[0].silent === 1")
        until(page, f"() => {MAP}.queryRenderedFeatures({{layers: ['cell-disc']}}).length === 1")
        middle = page.evaluate(f"[{DISCS}[0].lon, {DISCS}[0].lat]")
        click_at(page, *middle)
        until(page, f"() => !{MAP}.isMoving() && {MAP}.getZoom() > 10 && {DISCS}.length === 1")
        until(page, f"() => {DISCS}[0].count === 3 && {SINGLE} === 6")
        page.evaluate(f"{MAP}.jumpTo({{center: {list(TOWN)}, zoom: 18}})")
        until(page, f"() => {MAP}.queryRenderedFeatures({{layers: ['cell-disc']}}).length === 1")
        click_at(page, *TOWN)
        fan = page.get_by_role("group", name="3 devices on this spot")
        expect(fan.get_by_role("button")).to_have_count(3)
        fan.get_by_role("button", name="Van 1").click()
        expect(page.locator(".detail")).to_contain_text("Van 1")
        until(page, f"() => {DISCS}[0].count === 2 && {SINGLE} === 1")
