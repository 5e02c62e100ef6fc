"""Several devices at once: picked in the list, on the map and by keys, followed, acted on; all of it in the address."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FRUGAL, Watched, enter, let_in
from tests.browser.driving import Vehicle, vehicle
from tests.browser.looking import HERE, MAP, spot, start_at, until
from tests.running import RunningServer

VANS = ("van-a", "van-b", "van-c")
ROW = "tracker.feed.devices.row"
IN_VIEW = f"""ids => {{
    const map = {MAP}.getCanvas();
    return ids.every(id => {{
        const [x, y] = tracker.view.value.layer.screen({ROW}(id));
        return x > 0 && y > 0 && x < map.clientWidth && y < map.clientHeight;
    }});
}}"""


@pytest.fixture
def vans(page: Page, server: RunningServer) -> Iterator[dict[str, Vehicle]]:
    """Side by side, 100 m apart, and the page signed in to."""
    start_at(page, *HERE, zoom=15.0)
    with ExitStack() as stack:
        found = {id: stack.enter_context(vehicle(server, id, id.replace("-", " ").title())) for id in VANS}
        for number, van in enumerate(found.values()):
            van.drive(HERE[0] + 0.002 * number, HERE[1])
        enter(page, server)
        expect(page.locator(".device")).to_have_count(len(VANS))
        yield found


def until_drawn(page: Page) -> None:
    until(page, f"ids => ids.every(id => tracker.view.value.layer.screen({ROW}(id)))", list(VANS))


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*((a + b) / 2 for a, b in zip(start, end, strict=True)))
    page.mouse.move(*end)
    page.mouse.up()


def test_several_are_picked_followed_and_acted_on(
    page: Page, vans: dict[str, Vehicle], server: RunningServer, watched: Watched
) -> None:
    watched.tolerated.append("404")
    until_drawn(page)
    x, y = spot(page, *HERE)
    right, _ = spot(page, HERE[0] + 0.002, HERE[1])
    page.keyboard.down("Shift")
    drag(page, (x - 25, y - 25), (right + 25, y + 25))
    page.keyboard.up("Shift")
    several = page.get_by_role("region", name="Several devices")
    expect(several).to_contain_text("2 devices picked")
    expect(page.locator(".device[data-picked=true]")).to_have_count(2)
    page.locator(".device", has_text="Van C").click(modifiers=["ControlOrMeta"])
    expect(several).to_contain_text("3 devices picked")
    page.keyboard.press("f")
    expect(page.get_by_text("Following 3 devices")).to_be_visible()
    until(page, "() => location.search === '?follow=van-a,van-b,van-c&pick=van-a,van-b,van-c'")
    vans["van-c"].drive(HERE[0] + 0.05, HERE[1])
    until(page, IN_VIEW, list(VANS))
    until(page, f"() => !{MAP}.isMoving()")
    drag(page, (x, y - 60), (x + 80, y - 40))
    expect(page.get_by_text("Following 3 devices")).to_have_count(0)
    with server.api() as api:
        assert api.delete("/api/devices/van-b").is_success
    several.get_by_role("button", name="Message").click()
    several.get_by_label("Message to all of them").fill("To the depot, please")
    several.get_by_role("button", name="Send").click()
    expect(several.get_by_role("status")).to_have_text("2 done, 1 refused:")
    expect(several.locator(".refusals")).to_contain_text("Van B")
    with server.api() as api:
        for id in ("van-a", "van-c"):
            assert api.get(f"/api/devices/{id}/messages").json()["messages"][0]["text"] == "To the depot, please"


@pytest.mark.mapless
def test_what_one_has_open_is_a_link_and_one_goes_back_and_forth(page: Page, vans: dict[str, Vehicle]) -> None:
    row = page.locator(".device", has_text="Van A")
    row.click()
    expect(page.locator(".detail h2")).to_have_text("Van A")
    page.get_by_role("button", name="Messages").click()
    until(page, "() => location.search === '?device=van-a&card=talk'")
    page.keyboard.press("g")
    until(page, "() => location.search === '?pane=geofences&device=van-a&card=talk'")
    page.go_back()
    expect(page.get_by_role("log")).to_be_visible()
    expect(row).to_be_visible()
    page.go_back()
    until(page, "() => location.search === '?device=van-a'")
    page.go_back()
    expect(page.locator(".detail")).to_have_count(0)
    page.go_forward()
    expect(page.locator(".detail h2")).to_have_text("Van A")
    page.get_by_role("button", name="Charts").click()
    page.get_by_role("button", name="6 h").click()
    until(page, "() => location.search === '?device=van-a&card=charts&hours=6'")
    page.evaluate("history.replaceState(null, '', `${location.search}&open=share`)")
    page.reload()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="6 h")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("listbox").press("Shift+ArrowDown")
    expect(page.locator(".device[data-picked=true]")).to_have_count(2)
    page.get_by_role("listbox").press("ControlOrMeta+a")
    until(page, "() => location.search.endsWith('pick=van-a,van-b,van-c')")
    page.reload()
    expect(page.get_by_role("region", name="Several devices")).to_contain_text("3 devices picked")
    page.keyboard.press("Escape")
    expect(page.locator(".device[data-picked=true]")).to_have_count(0)


@pytest.mark.mapless
def test_a_link_shows_another_the_same_and_passes_over_what_is_not_theirs(
    page: Page, vans: dict[str, Vehicle], server: RunningServer, chromium: Browser, watched: Watched
) -> None:
    watched.tolerated.append("404")  # the way of one that is not there
    with server.api() as api:
        token = api.post("/api/tokens", json={"kind": "viewer", "name": "a viewer"}).json()["token"]
    context = chromium.new_context(**FRUGAL, viewport={"width": 960, "height": 540})
    other = context.new_page()
    watched.watch(other)
    let_in(other, server, token)
    link = (
        "?order=newest&hide=names&inside=secret&at=24.95000,60.18000,13.50&device=ghost&pick=van-a,van-c&trails=van-a"
    )
    other.goto(f"{server.url}/{link}")
    expect(other.get_by_text("Not here, or not yours to see")).to_contain_text("ghost")
    expect(other.get_by_text("Not here, or not yours to see")).to_contain_text("secret")
    expect(other.locator(".device[data-picked=true]")).to_have_count(2)
    camera = until(other, f"() => [{MAP}.getCenter().lng, {MAP}.getZoom()]")
    assert camera == [pytest.approx(24.95), pytest.approx(13.5)]
    until(other, "() => !location.search.includes('ghost') && !location.search.includes('secret')")
    several = other.get_by_role("region", name="Several devices")
    expect(several.get_by_role("button", name="Follow")).to_be_visible()
    expect(several.get_by_role("button", name="Message")).to_have_count(0)  # who may only look is offered only that
    expect(several.get_by_role("button", name="Category")).to_have_count(0)
    context.close()


def test_a_view_is_kept_found_renamed_and_opened_again(page: Page, vans: dict[str, Vehicle]) -> None:
    until_drawn(page)
    page.get_by_role("button", name="Moving").click()
    page.keyboard.press("v")
    kept = page.get_by_role("region", name="Views")
    kept.get_by_label("Keep what is shown now as").fill("Night shift")
    page.keyboard.press("Enter")
    expect(kept.get_by_role("button", name="Night shift", exact=True)).to_be_visible()
    kept.get_by_role("button", name="Rename the view").click()
    kept.get_by_label("New name").fill("Late shift")
    page.keyboard.press("Enter")
    expect(kept.get_by_role("button", name="Late shift", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear the filters").click()
    page.evaluate(f"{MAP}.jumpTo({{center: [25, 60], zoom: 9}})")
    page.get_by_role("searchbox", name="Search devices").fill("late")
    page.get_by_role("button", name="Late shift").click()
    expect(page.get_by_role("button", name="Moving")).to_have_attribute("aria-pressed", "true")
    until(page, f"() => Math.abs({MAP}.getZoom() - 15) < 0.01")
    until(page, "() => location.search.startsWith('?show=moving&at=24.94000,60.17000')")
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    kept.get_by_role("button", name="Delete the view").click()
    kept.get_by_role("button", name="Delete", exact=True).click()
    expect(kept.get_by_role("button", name="Late shift", exact=True)).to_have_count(0)
