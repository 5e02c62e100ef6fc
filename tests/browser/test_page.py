"""The page as people use it."""

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FRUGAL, Watched, enter
from tests.browser.driving import vehicle
from tests.browser.looking import HERE, MAP, THERE, promised, until, until_colored
from tests.running import ADMIN_TOKEN, RunningServer
from tracker.access.links import make_link_at

PORT = {
    "type": "Feature",
    "id": "port",
    "geometry": {"type": "Point", "coordinates": THERE},
    "properties": {"name": "Old Port", "radius": 60, "preset": "strict"},
}
HOSTILE = '<img src=x onerror="window.hacked=1">'
BLUE = (0x25, 0x63, 0xEB)  # what moves, in the light theme
ROW = "tracker.feed.devices.row"
LAYER = "tracker.view.value.layer"


def screen(page: Page, id: str) -> list[float]:
    """Where the marker of a device is, in pixels of the map."""
    spot = until(page, f"id => {ROW}(id) !== undefined && {LAYER}.screen({ROW}(id))", id)
    assert isinstance(spot, list)
    return spot


def stands_still(value: str) -> str:
    """A JavaScript promise of whether a number stays as it is: that something does not happen takes a while to see."""
    return f"new Promise(done => {{ const before = {value}; setTimeout(() => done({value} === before), 700); }})"


@pytest.mark.mapless
def test_the_link_of_the_terminal_signs_in_and_leaves_no_token_behind(dashboard: Page, server: RunningServer) -> None:
    assert dashboard.url == f"{server.url}/"
    kept = dashboard.evaluate("[history.state, {...localStorage}, {...sessionStorage}, document.cookie]")
    assert ADMIN_TOKEN not in json.dumps(kept)
    (cookie,) = dashboard.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and ADMIN_TOKEN not in cookie["value"]
    dashboard.reload()
    expect(dashboard.locator(".badge")).to_contain_text("Live")


@pytest.mark.mapless
def test_a_token_can_be_typed_and_a_wrong_one_is_refused(page: Page, server: RunningServer, watched: Watched) -> None:
    watched.tolerated.append("401")
    page.goto(server.url)
    page.get_by_label("Token").fill("not a token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not known")
    page.get_by_label("Token").fill(ADMIN_TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator(".badge")).to_contain_text("Live")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    assert page.context.cookies() == []
    page.get_by_label("Token").fill(ADMIN_TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator(".badge")).to_contain_text("Live")


@pytest.mark.mapless
def test_without_devices_it_says_how_to_start(dashboard: Page) -> None:
    expect(dashboard.get_by_role("heading", name="No devices yet")).to_be_visible()
    expect(dashboard.locator(".empty")).to_contain_text("tracker simulate")


MOVING = pytest.mark.parametrize("options", [{"reduced_motion": "no-preference"}])


@MOVING
def test_a_vehicle_appears_where_it_is_and_glides_to_where_it_goes(dashboard: Page, server: RunningServer) -> None:
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE, ago=2.5)
        row = dashboard.get_by_role("option", name="Van 12")
        expect(row).to_contain_text("Moving")
        row.click()
        until(dashboard, f"() => !{MAP}.isMoving() && {MAP}.getZoom() > 14")
        lon = f"{LAYER}.place({ROW}('van-12'))[0]"
        dashboard.evaluate(f"() => {{ window.seen = []; setInterval(() => seen.push({lon}), 20); }}")
        van.drive(HERE[0] + 0.0008, HERE[1])
        until(dashboard, f"lon => Math.abs({lon} - lon) < 1e-6", HERE[0] + 0.0008)
        seen = dashboard.evaluate("seen")
        assert seen == sorted(seen), "it never goes back"
        assert any(HERE[0] + 0.0001 < lon < HERE[0] + 0.0007 for lon in seen), "it is seen on the way"
        x, y = screen(dashboard, "van-12")
        until_colored(dashboard, x, y, BLUE)
        expect(dashboard.locator(".detail")).to_contain_text("45 km/h")
        expect(dashboard.locator(".detail")).to_contain_text("E 90°")
        expect(dashboard.locator(".detail")).to_contain_text("± 5 m")


@MOVING
def test_nothing_is_drawn_while_nothing_moves(dashboard: Page, server: RunningServer) -> None:
    with vehicle(server, "van-12") as van:
        van.drive(*HERE)
        screen(dashboard, "van-12")
        promised(dashboard, stands_still(f"{LAYER}.framesDrawn"))
        until(
            dashboard, "() => document.getAnimations().length === 0"
        )  # each would paint the page sixty times a second


def test_entering_and_leaving_a_geofence_show_as_events_by_name(dashboard: Page, server: RunningServer) -> None:
    server.new_geofence(PORT)
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE)
        van.drive(*THERE)
        events = dashboard.get_by_role("region", name="Events")
        expect(events).to_contain_text("Van 12 entered Old Port")
        expect(dashboard.get_by_role("option", name="Van 12")).to_contain_text("Old Port")
        until(dashboard, f"() => {MAP}.querySourceFeatures('geofences').length > 0")
        van.drive(*HERE)
        expect(events.get_by_role("listitem").first).to_contain_text("Van 12 left Old Port")
        dashboard.reload()
        told = events.get_by_role("listitem").filter(has_text="Van 12")  # the last item leads to older ones
        expect(told).to_have_count(2)


@pytest.mark.mapless
def test_the_list_is_searched_by_name_and_walked_by_keys(page: Page, server: RunningServer) -> None:
    with server.api() as api:
        for number in range(1, 41):
            assert api.post("/api/devices", json={"id": f"bus-{number}", "name": f"Bus {number}"}).is_success
        assert api.post("/api/devices", json={"id": "ferry", "name": "Suomenlinna II"}).is_success
    dashboard = enter(page, server)
    rows = dashboard.get_by_role("listbox").get_by_role("option")
    expect(rows.nth(1)).to_contain_text("Bus 2")  # as people count, not as letters sort
    assert rows.count() < 30, "only the rows in sight exist"
    dashboard.keyboard.press("/")
    dashboard.keyboard.type("suomen")
    expect(rows).to_have_count(1)
    dashboard.keyboard.press("Escape")
    dashboard.keyboard.press("Escape")
    expect(rows.nth(1)).to_contain_text("Bus 2")
    dashboard.get_by_role("listbox").press("ArrowDown")
    dashboard.get_by_role("listbox").press("ArrowDown")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    expect(dashboard.locator(".detail")).to_contain_text("No position yet")
    dashboard.keyboard.press("Escape")
    expect(dashboard.locator(".detail")).to_have_count(0)
    dashboard.keyboard.press("?")
    expect(dashboard.get_by_role("dialog", name="Settings")).to_be_visible()
    dashboard.keyboard.press("Escape")
    expect(dashboard.get_by_role("dialog")).to_have_count(0)


@pytest.mark.mapless
@pytest.mark.parametrize("options", [{"viewport": {"width": 320, "height": 640}}])
def test_language_and_units_are_found_by_who_has_no_keyboard(dashboard: Page, server: RunningServer) -> None:
    dashboard.get_by_role("button", name="Settings").click()
    settings = dashboard.get_by_role("dialog")
    settings.get_by_label("Units").select_option("imperial")
    settings.get_by_label("Language").select_option("de")
    expect(dashboard.get_by_role("dialog", name="Einstellungen")).to_be_visible()
    settings.get_by_role("button", name="Schließen").click()
    dashboard.reload()
    dashboard.get_by_role("button", name="Einstellungen").click()
    expect(settings.get_by_label("Einheiten")).to_have_value("imperial")


def test_the_badge_tells_a_lost_stream_from_a_live_one(
    dashboard: Page, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated += ["WebSocket connection", "net::ERR_", "503"]
    server.new_geofence(PORT)
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE)
        expect(dashboard.locator(".badge")).to_contain_text(re.compile(r"data \d"))
    server.kill()
    badge = dashboard.locator(".badge")
    expect(badge).to_contain_text("Connection lost")
    expect(badge).to_contain_text(re.compile("next try|trying"))
    expect(dashboard.get_by_role("option", name="Van 12")).to_be_visible()
    dashboard.keyboard.press("t")  # in the other theme all tiles are read anew, and there is nobody to read them from
    server.start()
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*THERE)  # before the page is back: it has to catch up on the event
        dashboard.evaluate("tracker.feed.nudge()")
        expect(badge).to_contain_text("Live")
        expect(dashboard.get_by_role("region", name="Events")).to_contain_text("entered Old Port")
        until(dashboard, f"() => {MAP}.querySourceFeatures('world', {{sourceLayer: 'earth'}}).length > 0")


def test_a_hidden_tab_pauses_and_comes_back(dashboard: Page, server: RunningServer) -> None:
    def hide(hidden: bool) -> None:
        dashboard.evaluate(
            """hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
                           document.dispatchEvent(new Event('visibilitychange')); }""",
            hidden,
        )

    with vehicle(server, "van-12") as van:
        van.drive(*HERE)
        screen(dashboard, "van-12")
        hide(True)
        expect(dashboard.locator(".badge")).to_contain_text("Paused")
        promised(dashboard, stands_still("tracker.feed.framesReceived"))  # the server has heard it, too
        before = dashboard.evaluate("tracker.feed.framesReceived")
        van.drive(*THERE)
        promised(dashboard, stands_still("tracker.feed.framesReceived"))
        assert dashboard.evaluate("tracker.feed.framesReceived") == before, "nothing is sent to who does not look"
        hide(False)
        expect(dashboard.locator(".badge")).to_contain_text("Live")
        until(dashboard, f"lon => Math.abs({LAYER}.place({ROW}('van-12'))[0] - lon) < 1e-6", THERE[0])


@pytest.mark.mapless
def test_binary_positions_of_the_server_are_read_as_it_means_them(dashboard: Page, server: RunningServer) -> None:
    with vehicle(server, "van-12") as van:
        van.drive(*HERE)
        until(dashboard, f"() => {ROW}('van-12') !== undefined")
        dashboard.evaluate("""() => {  // what the page asks for by itself once there are more than a few hundred
            tracker.feed.see = () => {};
            window.answered = tracker.feed.framesReceived + 2;  // that it is subscribed, and a snapshot
            tracker.feed.wanted = {...tracker.feed.wanted, binary: true};
            tracker.feed.subscribe(); }""")
        until(dashboard, "() => tracker.feed.framesReceived >= answered")
        van.drive(*THERE, speed=7.5, heading=271.25, battery=0.5)
        cell: Callable[[str], str] = lambda column: f"tracker.feed.devices.{column}[{ROW}('van-12')]"  # noqa: E731
        until(dashboard, f"() => {cell('lonE7')} === {round(THERE[0] * 1e7)}")
        columns = ("latE7", "at", "speed", "heading", "battery", "accuracy")
        read = dashboard.evaluate(f"[{', '.join(map(cell, columns))}]")
        assert read[:5] == [601_700_000, van.at, 7.5, 271.25, 0.5]
        assert read[5] != read[5], "a binary frame says no accuracy"


def test_hostile_names_are_only_names(dashboard: Page, server: RunningServer) -> None:
    server.new_geofence(PORT | {"properties": {"name": HOSTILE, "radius": 60, "preset": "strict"}})
    with vehicle(server, "van-12", HOSTILE) as van:
        van.drive(*HERE)
        van.drive(*THERE)
        dashboard.get_by_role("listbox").get_by_role("option").first.click()
        expect(dashboard.locator(".detail h2")).to_have_text(HOSTILE)
        expect(dashboard.locator(".events li").first).to_contain_text(HOSTILE)
        expect(dashboard.locator(".labels span.selected")).to_have_text(HOSTILE)
        assert dashboard.evaluate("[window.hacked ?? null, document.querySelectorAll('img').length]") == [None, 0]


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}])
def test_dark_follows_the_system_until_a_person_chooses(dashboard: Page) -> None:
    ground = "getComputedStyle(document.querySelector('.side')).backgroundColor"
    dark = dashboard.evaluate(ground)
    expect(dashboard.locator("html")).to_have_attribute("data-theme", "dark")
    dashboard.get_by_role("button", name="Switch to light theme").click()
    expect(dashboard.locator("html")).to_have_attribute("data-theme", "light")
    assert dashboard.evaluate(ground) != dark
    until(dashboard, f"() => {MAP}.getLayer('devices') && {MAP}.getLayer('fence-fill')")
    dashboard.reload()
    expect(dashboard.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": width, "height": height}, "has_touch": True, "reduced_motion": "no-preference"}
        for width, height in ((390, 760), (320, 640))
    ],
)
def test_on_a_phone_nothing_is_cut_off(
    dashboard: Page, server: RunningServer, options: dict[str, dict[str, int]]
) -> None:
    width = options["viewport"]["width"]
    with vehicle(server, "van-12", "A van with a name that is too long for any phone") as van:
        van.drive(*HERE)
        dashboard.get_by_role("listbox").get_by_role("option").first.click()
        expect(dashboard.locator(".detail")).to_be_visible()
        card = "document.querySelector('.detail').getBoundingClientRect()"
        high = f"{LAYER}.screen({ROW}('van-12'))[1]"
        until(dashboard, f"() => !{MAP}.isMoving() && {high} > 60 && {high} < {card}.top")  # above what tells about it
        for view, shown in (("Messages", ".talk"), ("Charts", ".charts")):  # which make it higher
            dashboard.get_by_role("button", name=view).click()
            expect(dashboard.locator(f".detail {shown}")).to_be_visible()
            until(dashboard, f"() => !{MAP}.isMoving() && {high} > 50 && {high} < {card}.top - 10")
        van.send(type="message", id="m-1", at=van.now(), text="", alarm="sos")
        alarm = "document.querySelector('.alarms').getBoundingClientRect()"
        until(dashboard, f"() => !{MAP}.isMoving() && {high} > {alarm}.bottom + 10 && {high} < {card}.top - 10")
        dashboard.get_by_role("alert").get_by_role("button", name="I have seen it").click()
        assert dashboard.evaluate("document.documentElement.scrollWidth") == width
        things = "[...document.querySelectorAll('button, .badge, .detail, .device')]"
        assert max(dashboard.evaluate(f"{things}.map(it => it.getBoundingClientRect().right)")) <= width
        dashboard.get_by_role("button", name="Events").click()
        expect(dashboard.get_by_role("region", name="Events")).to_be_visible()
        expect(dashboard.get_by_role("listbox")).to_be_hidden()


def test_the_map_is_drawn_from_our_own_files(dashboard: Page) -> None:
    names = f"{MAP}.querySourceFeatures('world', {{sourceLayer: 'places'}}).map(it => it.properties.name)"
    until(dashboard, f"() => ['France', 'Brazil', 'India'].every(name => {names}.includes(name))")
    dashboard.evaluate(f"{MAP}.jumpTo({{center: {json.dumps(HERE)}, zoom: 15}})")
    streets = f"{MAP}.querySourceFeatures('helsinki', {{sourceLayer: 'roads'}}).length"
    until(dashboard, f"() => {streets} > 50")
    expect(dashboard.locator(".maplibregl-ctrl-attrib")).to_contain_text("Natural Earth")
    expect(dashboard.locator(".maplibregl-ctrl-attrib")).to_contain_text("GeoNames (CC BY)")
    expect(dashboard.locator(".maplibregl-ctrl-attrib")).to_contain_text("© OpenStreetMap contributors")


@pytest.mark.mapless
def test_without_webgl_the_list_and_the_events_still_work(page: Page, server: RunningServer) -> None:
    enter(page, server)
    expect(page.locator(".map-missing")).to_be_visible()
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE)
        page.get_by_role("option", name="Van 12").click()
        expect(page.locator(".detail")).to_contain_text("45 km/h")


def test_a_lost_gpu_brings_the_map_back(dashboard: Page, server: RunningServer) -> None:
    server.new_geofence(PORT)
    with vehicle(server, "van-12") as van:
        van.drive(*HERE)
        screen(dashboard, "van-12")
        dashboard.evaluate(
            f"""() => {{ window.gpu = {MAP}.getCanvas().getContext('webgl2').getExtension('WEBGL_lose_context');
                gpu.loseContext(); }}"""
        )
        until(dashboard, "() => tracker.view.value.lost")
        van.drive(*THERE)  # goes on while there is nothing to draw on: an event, a position
        expect(dashboard.get_by_role("region", name="Events")).to_contain_text("entered Old Port")
        dashboard.evaluate("gpu.restoreContext()")
        until(dashboard, f"() => !tracker.view.value.lost && {MAP}.getLayer('devices') && {MAP}.getLayer('fence-fill')")
        frames = dashboard.evaluate(f"{LAYER}.framesDrawn")
        van.drive(*HERE)
        until(dashboard, f"before => {LAYER}.framesDrawn > before", frames)


@pytest.mark.mapless
def test_a_revoked_token_ends_at_the_door(page: Page, server: RunningServer, watched: Watched) -> None:
    watched.tolerated.append("401")
    with server.api() as api:
        token = api.post("/api/tokens", json={"kind": "viewer", "name": "a screen on the wall"}).json()
        page.goto(f"{server.url}/#token={token['token']}")
        expect(page.locator(".badge")).to_contain_text("Live")
        assert api.delete(f"/api/tokens/{token['id']}").is_success
    expect(page.get_by_label("Token")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("session has ended")


def test_a_pmtiles_of_ones_own_is_the_ground(page: Page, server: RunningServer) -> None:
    settings = json.dumps({"version": "1", "map_style": "/tiles/helsinki.pmtiles"})
    page.route("**/api/config", lambda route: route.fulfill(body=settings, content_type="application/json"))
    enter(page, server)
    until(page, f"() => {MAP} !== undefined")
    page.evaluate(f"{MAP}.jumpTo({{center: {json.dumps(HERE)}, zoom: 15}})")
    until(page, f"() => {MAP}.querySourceFeatures('own', {{sourceLayer: 'roads'}}).length > 50")
    assert page.evaluate(f"{MAP}.getSource('world') === undefined && {MAP}.getLayer('devices') !== undefined")


@pytest.mark.mapless
def test_a_sign_in_link_leads_in_once(page: Page, chromium: Browser, server: RunningServer, watched: Watched) -> None:
    """Opened again where it worked it does no harm; elsewhere it opens nothing, and says what makes a new one."""
    watched.tolerated.append("401")
    with ThreadPoolExecutor(1) as thread:  # apart: the browser has a loop of its own here
        link = f"{server.url}/#link={thread.submit(asyncio.run, make_link_at(server.database_url)).result()}"
    for _ in range(2):
        page.goto("about:blank")
        page.goto(link)
        expect(page.locator(".badge")).to_contain_text("Live")
        assert page.url == f"{server.url}/"
    stranger = chromium.new_context(**FRUGAL)
    other = stranger.new_page()
    other.goto(link)
    expect(other.get_by_role("alert")).to_contain_text("used, or is too old")
    stranger.close()
