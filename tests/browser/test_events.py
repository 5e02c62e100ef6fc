"""Events on the page: in words, and why. Most kinds take long to come about, so the stream is made to say them."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import enter, let_in
from tests.browser.driving import vehicle
from tests.browser.looking import start_at, until
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

IN, OUT = (24.9430, 62.1700), (24.9450, 62.1700)


def say(page: Page, id: int, type: str, evidence: dict[str, Any], **more: Any) -> None:
    event = {"id": id, "type": type, "device": "van-12", "geofence": "port", "at": AT, "evidence": evidence} | more
    page.evaluate("text => tracker.feed.received(text)", json.dumps({"type": "event", "event": event}))


def test_an_event_says_why_and_one_that_turned_out_false_is_struck_out(page: Page, server: RunningServer) -> None:
    revision = server.new_geofence(PORT)["properties"]["revision"]
    with server.api() as api:
        assert api.post("/api/devices", json={"id": "van-12", "name": "Van 12"}).is_success
    start_at(page, 24.9430, 62.1700)
    let_in(page, server)
    page.goto(f"{server.url}/?device=van-12")  # as a notification does
    expect(page.locator(".detail h2")).to_have_text("Van 12")
    assert page.url == f"{server.url}/?device=van-12"
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".badge")).to_contain_text("Live")
    crossing = {"at": "2026-11-23T09:59:59.000Z", "plus_minus_s": 2, "lon": 24.9, "lat": 62.1}
    why = {"preset": "balanced", "revision": revision, "fixes": FIXES, "crossing": crossing, "confirmed_after_s": 4}
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
        f"Preset balanced, revision {revision}",
        "sure after 4.0 s",
        "31 m outside",
        "4.6 m inside",
        "± 5 m",
    ):
        expect(told).to_contain_text(words)
    dots = "tracker.view.value.map.getSource('dots').serialize().data.features"
    why_on_map = f"() => {dots}.map(each => each.properties.chosen).join() === 'false,false,true'"
    until(page, why_on_map)
    wide = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})  # where the devices hide the events
    until(page, f"() => {dots}.length === 0")
    page.locator(".tabs .to-events").click()
    until(page, why_on_map)
    assert wide
    page.set_viewport_size(wide)
    told.get_by_role("button", name="Show the device").click()
    expect(page.locator(".detail")).to_contain_text("Van 12")
    entered.click()
    expect(told).to_have_count(0)
    until(page, f"() => {dots}.length === 0")


def test_the_border_that_decided_is_drawn_where_it_is_another_by_now(page: Page, server: RunningServer) -> None:
    with server.api() as api:
        assert api.post("/api/devices", json={"id": "van-12", "name": "Van 12"}).is_success
        first = api.post("/api/geofences", json=PORT).json()["properties"]["revision"]
        moved = PORT | {"geometry": {"type": "Point", "coordinates": [24.9530, 62.1700]}}
        assert api.put("/api/geofences/port", json=moved).is_success
    start_at(page, 24.9430, 62.1700)
    enter(page, server)
    expect(page.locator(".badge")).to_contain_text("Live")
    say(page, 1_000_001, "enter", {"preset": "balanced", "revision": first, "fixes": FIXES}, lon=24.9, lat=62.1)
    entry = page.get_by_role("region", name="Events").get_by_role("listitem").first
    entry.get_by_role("button").first.click()
    expect(entry.locator(".evidence")).to_contain_text("the dashed border on the map is the one that decided")
    until(page, f"() => {FORMER}.features.length === 1")
    west = page.evaluate(f"Math.min(...{FORMER}.features[0].geometry.coordinates[0].map(place => place[0]))")
    assert west < 24.9430 < 24.95, "where it was, not where it is"
    wide = page.viewport_size
    page.set_viewport_size(
        {"width": 390, "height": 844}
    )  # where the devices hide the events, and what decided with them
    until(page, f"() => {FORMER}.features.length === 0")
    page.locator(".tabs .to-events").click()
    until(page, f"() => {FORMER}.features.length === 1")
    assert wide
    page.set_viewport_size(wide)
    entry.get_by_role("button").first.click()
    until(page, f"() => {FORMER}.features.length === 0")


FORMER = "tracker.view.peek().map.getSource('former').serialize().data"


@pytest.mark.mapless
def test_the_feed_is_narrowed_to_a_device_a_geofence_a_kind_and_the_log_is_looked_back(
    page: Page, server: RunningServer
) -> None:
    """What is filtered is read from the log, however much happened to others meanwhile."""
    server.new_geofence(PORT | {"properties": {"name": "Old Port", "radius": 60, "preset": "strict"}})
    with vehicle(server, "van-12", "Van 12") as van, vehicle(server, "bus", "Bus") as bus:
        van.drive(*IN, ago=3000)
        for step in range(60):
            bus.drive(*(OUT if step % 2 else IN), ago=2000 - 30 * step)
        van.drive(*OUT, ago=100)
        enter(page, server)
        events = page.get_by_role("region", name="Events")
        rows = events.locator(".event")
        until(page, "() => document.querySelectorAll('.events .event').length > 30")
        events.get_by_role("button", name="Filter events").click()
        events.get_by_label("Of which device").fill("van-12")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("Van 12 left Old Port")
        events.get_by_role("combobox", name="Show events").select_option("enter")
        events.get_by_role("combobox", name="In which geofence").select_option("port")
        expect(rows).to_have_count(1)
        until(page, "() => location.search === '?kind=enter&of=van-12&in=port'")
        page.reload()
        expect(rows).to_have_count(1)
        expect(rows.first).to_contain_text("Van 12 entered Old Port")
        van.drive(*IN)
        expect(rows).to_have_count(2)
        events.locator(".chip button").first.click()
        until(page, "() => document.querySelectorAll('.events .event').length > 20")
        events.get_by_role("button", name="All events").click()
        expect(events.get_by_role("button", name="All events")).to_have_count(0)
        until(page, "() => location.search === ''")


@pytest.mark.mapless
def test_what_happened_longer_ago_is_read_when_one_asks(page: Page, server: RunningServer) -> None:
    server.new_geofence(PORT | {"properties": {"name": "Old Port", "radius": 60, "preset": "strict"}})
    with vehicle(server, "bus", "Bus") as bus:
        for step in range(130):
            bus.drive(*(OUT if step % 2 else IN), ago=4000 - 30 * step)
    enter(page, server)
    events = page.get_by_role("region", name="Events")
    rows = events.locator(".event")
    expect(rows).to_have_count(100)
    events.get_by_role("button", name="Older ones").click()
    expect(events).to_contain_text("These are all there are.")
    with server.api() as api:
        expect(rows).to_have_count(len(api.get("/api/events?device=bus").json()["events"]))
