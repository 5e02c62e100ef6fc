"""What the page says of itself when the server is slow, gone, or has shown one the door."""

import os
import signal
from typing import Final

from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, enter
from tests.browser.looking import MAP, start_at, until
from tests.running import RunningServer

SIZES: Final = ((320, 640), (390, 844), (1440, 900), (3840, 2160))
# What of the badge cannot be read, or lies over a button; a page that has to be moved sideways.
UNREADABLE: Final = """() => {
  const badge = document.querySelector('.badge');
  const [shown, around] = [(each) => each.getClientRects().length > 0, badge.getBoundingClientRect()];
  const meets = ({ left, right, top, bottom }) =>
    left < around.right && right > around.left && top < around.bottom && bottom > around.top;
  return [
    ...[...badge.children].filter((each) => shown(each) && each.scrollWidth > each.clientWidth + 1),
    ...[...document.querySelectorAll('button')].filter((each) => shown(each) && meets(each.getBoundingClientRect())),
    ...[document.documentElement].filter((each) => each.scrollWidth > innerWidth),
  ].map((each) => each.textContent.slice(0, 80) || each.ariaLabel);
}"""


def look_at_all_sizes(page: Page) -> None:
    """One page, resized: what it says can be read at each width."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        until(page, f"() => innerWidth === {width}")
        assert page.evaluate(UNREADABLE) == [], width


def test_a_server_that_stands_still_is_slow_then_lost_since_when_then_live(
    dashboard: Page, server: RunningServer
) -> None:
    badge = dashboard.locator(".badge")
    look_at_all_sizes(dashboard)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        expect(badge).to_contain_text("Slow")
        look_at_all_sizes(dashboard)
        expect(badge).to_contain_text("Connection lost")
        expect(badge).to_contain_text("since")
        look_at_all_sizes(dashboard)
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
