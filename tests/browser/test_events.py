"""Events on the page: in words, and why. Most kinds take long to come about, so the stream is made to say them."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import enter
from tests.browser.looking import start_at
from tests.running import RunningServer

AT = "2026-11-23T10:00:00.000Z"
FIXES = [
    {"at": "2026-11-23T09:59:55.000Z", "lon": 24.9, "lat": 62.1, "accuracy": 8, "speed": 12.5, "distance": -31.2},
    {"at": AT, "lon": 24.9, "lat": 62.1, "accuracy": 5, "distance": 4.56},
]
PORT = {
    "type": "Feature",
    "id": "port",
    "geometry": {"type": "Point", "coordinates": [24.9430, 62.1700]},
    "properties": {"name": "Old Port", "radius": 60},
}


def say(page: Page, id: int, type: str, evidence: dict[str, Any], **more: Any) -> None:
    event = {"id": id, "type": type, "device": "van-12", "geofence": "port", "at": AT, "evidence": evidence} | more
    page.evaluate("text => tracker.feed.received(text)", json.dumps({"type": "event", "event": event}))


def test_an_event_says_why_and_one_that_turned_out_false_is_struck_out(page: Page, server: RunningServer) -> None:
    server.new_geofence(PORT)
    with server.api() as api:
        assert api.post("/api/devices", json={"id": "van-12", "name": "Van 12"}).is_success
    start_at(page, 24.9430, 62.1700)
    enter(page, server)
    page.goto(f"{server.url}/?device=van-12")  # as a notification does
    expect(page.locator(".detail h2")).to_have_text("Van 12")
    assert page.url == f"{server.url}/"
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".badge")).to_contain_text("Live")
    crossing = {"at": "2026-11-23T09:59:59.000Z", "plus_minus_s": 2, "lon": 24.9, "lat": 62.1}
    why = {"preset": "balanced", "revision": 7, "fixes": FIXES, "crossing": crossing, "confirmed_after_s": 4}
    say(page, 1_000_001, "enter", why, lon=24.9, lat=62.1)
    say(page, 1_000_002, "dwell", {"dwell_s": 300, "by": "clock"})
    say(page, 1_000_003, "retraction", {"event": 1_000_001, "type": "enter"}, late=True)
    events = page.get_by_role("region", name="Events")
    entries = events.get_by_role("listitem")
    expect(entries.nth(0)).to_contain_text("Van 12 did not enter Old Port after all")
    expect(entries.nth(0)).to_contain_text("told late")
    expect(entries.nth(1)).to_contain_text("Van 12 stayed in Old Port for 5 min")
    expect(entries.nth(2).locator("s")).to_have_text("Van 12 entered Old Port")
    entered = entries.nth(2).get_by_role("button").first
    expect(entered).to_have_attribute("aria-expanded", "false")
    entered.click()
    expect(entered).to_have_attribute("aria-expanded", "true")
    told = entries.nth(2).locator(".evidence")
    for words in (
        "± 2.0 s",
        "Preset balanced, revision 7",
        "sure after 4.0 s",
        "31 m outside",
        "4.6 m inside",
        "± 5 m",
    ):
        expect(told).to_contain_text(words)
    told.get_by_role("button", name="Show the device").click()
    expect(page.locator(".detail")).to_contain_text("Van 12")
    entered.click()
    expect(told).to_have_count(0)
