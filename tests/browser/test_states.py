"""What the page says of itself when the server is slow, gone, or has shown one the door; each state can be read from
320 to 3840 pixels, in German, whose words are long."""

import os
import re
import signal
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Watched, enter
from tests.browser.driving import vehicle
from tests.browser.looking import HERE, MAP, start_at, until
from tests.running import RunningServer

PICTURES: Final = os.environ.get("TRACKER_PICTURES")  # a folder to put pictures into, to look at

SIZES: Final = (
    (320, 640),
    (390, 844),
    (1440, 900),
    (3840, 900),
)  # the map is drawn without a GPU, and costs by its pixels
PLACES: Final = re.compile(r'"type": ?"(snapshot|positions|cells)"')
BESIDE_MAP: Final[tuple[pytest.MarkDecorator, ...]] = () if PICTURES else (pytest.mark.mapless,)
GERMAN: Final = pytest.mark.parametrize("options", [pytest.param({"locale": "de-DE"}, marks=BESIDE_MAP)])
TOLD: Final = ".badge > *, .empty h2, .empty p, .nothing, [role=alert], [role=alert] p, .state"
# What is told and cannot be read; a badge that lies over a button; a page that has to be moved sideways.
UNREADABLE: Final = """told => {
  const shown = (each) => each.getClientRects().length > 0;
  const around = document.querySelector('.badge')?.getBoundingClientRect();
  const meets = ({ left, right, top, bottom }) =>
    around && left < around.right && right > around.left && top < around.bottom && bottom > around.top;
  const sticksOut = ({ left, right }) => left < -1 || right > innerWidth + 1;
  return [
    ...[...document.querySelectorAll(told)].filter(
      (each) => shown(each) && (each.scrollWidth > each.clientWidth + 1 || sticksOut(each.getBoundingClientRect()))
    ),
    ...[...document.querySelectorAll('button')].filter((each) => shown(each) && meets(each.getBoundingClientRect())),
    ...[...document.querySelectorAll('.add')].filter((each) => each.getBoundingClientRect().bottom > innerHeight),
    ...[document.documentElement].filter((each) => each.scrollWidth > innerWidth),
  ].map((each) => each.textContent.slice(0, 80) || each.ariaLabel);
}"""


def look_at_all_sizes(page: Page, name: str = "") -> None:
    """One page, resized: what it says can be read at each width."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        until(page, f"() => innerWidth === {width}")
        try:  # what is laid out by a script follows the window a moment later
            until(page, f"told => ({UNREADABLE})(told).length === 0", TOLD)
        except AssertionError as error:
            raise AssertionError(name, width, page.evaluate(UNREADABLE, TOLD)) from error
        if PICTURES and name:
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png")


@GERMAN
def test_a_server_that_stands_still_is_slow_then_lost_since_when_then_live(
    dashboard: Page, server: RunningServer
) -> None:
    badge = dashboard.locator(".badge")
    look_at_all_sizes(dashboard)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        expect(badge).to_contain_text("Langsam")
        look_at_all_sizes(dashboard, "slow")
        expect(badge).to_contain_text("Verbindung verloren")
        expect(badge).to_contain_text("seit")
        look_at_all_sizes(dashboard, "lost")
    finally:
        os.kill(server.pid, signal.SIGCONT)
    expect(badge).to_contain_text("Live")


def test_a_session_that_ends_leads_back_to_where_one_was_with_the_draft_kept(
    page: Page, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated += ["401", "WebSocket"]
    start_at(page, 24.9420, 62.1700)
    with server.api() as api:
        tokens = [api.post("/api/tokens", json={"kind": "admin", "name": "a person"}).json() for _ in range(2)]
        enter(page, server, tokens[0]["token"])
        page.get_by_role("button", name="Geofences").click()
        page.get_by_role("button", name="Draw circle").click()
        until(page, f"() => {MAP}.getLayer('td-point')")
        page.get_by_role("button", name="Put it in the middle of the map").click()
        page.get_by_label("Name").fill("Half done")
        assert api.delete(f"/api/tokens/{tokens[0]['id']}").is_success
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    page.get_by_label("Token").fill(tokens[1]["token"])
    page.keyboard.press("Enter")
    expect(page.locator(".badge")).to_contain_text("Live")
    expect(page.get_by_label("Name")).to_have_value("Half done")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("option", name="Half done")).to_be_visible()


def hold_back_places(socket: WebSocketRoute) -> None:
    """All else that the server says comes through."""
    server = socket.connect_to_server()
    server.on_message(lambda said: socket.send(said) if isinstance(said, str) and not PLACES.search(said) else None)


def say_nothing(socket: WebSocketRoute) -> None:
    """It opens, and that is all."""


def refuse(route: Route) -> None:
    route.fulfill(status=500, json={})


@GERMAN
def test_what_is_empty_stale_loading_wrong_or_not_allowed_can_be_read_at_each_width(
    page: Page, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated += ["401", "500", "WebSocket"]
    badge, live = page.locator(".badge"), re.compile(r"/ws/live")
    with server.api() as api:
        viewer = api.post("/api/tokens", json={"kind": "viewer", "name": "a viewer"}).json()
    enter(page, server)
    expect(page.get_by_role("heading", name="Noch keine Geräte")).to_be_visible()
    expect(page.get_by_role("button", name="Gerät hinzufügen")).to_be_visible()  # the next step
    look_at_all_sizes(page, "empty")
    with vehicle(server, "van-12", "Lieferwagen der südlichen Niederlassung") as van:
        van.drive(*HERE, ago=7_000)
        expect(badge.locator(".old")).to_contain_text("Daten")
        expect(page.locator(".device")).to_contain_text("vor")
        look_at_all_sizes(page, "stale")
    page.route_web_socket(live, hold_back_places)
    page.reload()
    expect(badge).to_contain_text("Holt auf")
    look_at_all_sizes(page, "catching-up")
    expect(badge).to_contain_text("Holt auf")  # all the while
    page.route_web_socket(live, say_nothing)
    page.route("**/api/devices?*", lambda route: None)
    page.reload()
    expect(page.get_by_text("Geräte werden gelesen …")).to_be_visible()
    look_at_all_sizes(page, "loading")
    page.route("**/api/devices?*", refuse)
    page.reload()
    expect(page.get_by_text("Die Geräte konnten nicht gelesen werden")).to_be_visible()
    look_at_all_sizes(page, "error")
    with server.api() as api:
        assert api.delete(f"/api/tokens/{viewer['id']}").is_success
    page.context.clear_cookies()  # else who was in is let in
    page.goto(f"{server.url}/?#token={viewer['token']}")
    expect(page.get_by_role("alert")).to_be_visible()
    look_at_all_sizes(page, "not-allowed")
