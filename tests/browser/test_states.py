"""What the page says of itself when the server is slow, gone, or has shown one the door."""

import os
import signal

from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, enter
from tests.browser.looking import MAP, start_at, until
from tests.running import RunningServer


def test_a_server_that_stands_still_is_slow_then_lost_since_when_then_live(
    dashboard: Page, server: RunningServer
) -> None:
    badge = dashboard.locator(".badge")
    os.kill(server.pid, signal.SIGSTOP)
    try:
        expect(badge).to_contain_text("Slow")
        expect(badge).to_contain_text("Connection lost")
        expect(badge).to_contain_text("since")
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
