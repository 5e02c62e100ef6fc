"""Every screen by axe, in both themes; and that nothing moves under what one reads."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, enter
from tests.browser.driving import vehicle
from tests.browser.looking import HERE, start_at
from tests.browser.test_events import say
from tests.running import RunningServer

AXE: Final = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
STILL: Final = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
SHIFTS: Final = """
    window.shifted = 0;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifted += entry.value;
    }).observe({type: 'layout-shift', buffered: true});
"""
MOST_SHIFT: Final = 0.05


def find_faults(page: Page) -> list[str]:
    page.evaluate(STILL)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for each in found for node in each["nodes"]
    ]


def check(page: Page, screen: str) -> None:
    """In both themes; on the way out as it was."""
    faults = []
    for _ in range(2):
        theme = page.evaluate("document.documentElement.dataset.theme")
        faults += [f"{screen}, {theme}: {each}" for each in find_faults(page)]
        page.evaluate(
            "theme => { document.documentElement.dataset.theme = theme === 'dark' ? 'light' : 'dark'; }", theme
        )
    assert not faults, "\n".join(faults)


@pytest.fixture
def inspected(page: Page, server: RunningServer) -> Iterator[Page]:
    start_at(page, *HERE)
    page.add_init_script(AXE.read_text())
    page.add_init_script(SHIFTS)
    with vehicle(server, "van-12", "Ada's van") as van:
        with server.api() as api:
            api.patch(
                "/api/devices/van-12", json={"color": "#8a6d00", "icon": "truck", "notes": "x"}
            ).raise_for_status()
        for step in range(3):
            van.drive(*HERE, ago=30 - 10 * step, altitude=10, battery=0.5)
        van.send(type="message", id="m-1", at=van.now(), text="on my way")
        yield enter(page, server)


@pytest.mark.parametrize(
    "options", [{"viewport": {"width": 1440, "height": 900}}, {"viewport": {"width": 390, "height": 844}}]
)
def test_axe_finds_nothing_on_a_device(inspected: Page) -> None:
    row = inspected.locator(".device", has_text="Ada's van")
    expect(row).to_be_visible()
    check(inspected, "list")
    row.click()
    expect(inspected.locator(".detail")).to_be_visible()
    check(inspected, "device")
    inspected.get_by_role("button", name="Messages").click()
    expect(inspected.get_by_role("log")).to_contain_text("on my way")
    check(inspected, "messages")
    inspected.get_by_role("button", name="Charts").click()
    expect(inspected.locator(".drawn figure").first).to_be_visible()
    check(inspected, "charts")
    inspected.get_by_role("button", name="Edit this device").click()
    expect(inspected.get_by_label("Notes")).to_be_visible()
    check(inspected, "form of a device")


def test_axe_finds_nothing_on_the_other_screens(inspected: Page, watched: Watched) -> None:
    watched.tolerated.append("404")  # who has seen a call that the server knows nothing of
    inspected.get_by_role("button", name="More filters").click()
    say(inspected, 1_000_001, "sos", {})
    inspected.locator(".events .event").click()
    expect(inspected.locator("[id=why-1000001]")).to_be_attached()
    check(inspected, "evidence, also while it is fetched")
    expect(inspected.locator(".evidence")).to_be_visible()
    check(inspected, "filters and evidence")
    for opened, shown in (("Add a device", "Add a device"), ("Settings", "Settings")):
        inspected.get_by_role("button", name=opened).click()
        dialogue = inspected.get_by_role("dialog", name=shown)
        expect(dialogue).to_be_visible()
        check(inspected, shown)
        inspected.keyboard.press("Escape")
        expect(dialogue).to_have_count(0)
    for pane in ("Geofences", "Alerts"):
        inspected.get_by_role("button", name=pane).click()
        check(inspected, pane)
    inspected.get_by_role("button", name="Sign out").click()
    expect(inspected.get_by_role("button", name="Sign in")).to_be_visible()
    check(inspected, "door")


def test_axe_finds_nothing_on_what_the_feed_asks_a_wall_shows_and_a_person_shares(inspected: Page) -> None:
    say(inspected, 1_000_001, "enter", {})
    inspected.get_by_role("button", name="Filter events").click()
    check(inspected, "filters of the feed")
    inspected.locator(".device", has_text="Ada's van").click()
    inspected.locator(".detail").get_by_role("button", name="Share").click()
    expect(inspected.get_by_role("dialog", name="Share a position")).to_be_visible()
    check(inspected, "share")
    inspected.keyboard.press("Escape")
    inspected.get_by_role("button", name="Account and people").click()
    expect(inspected.get_by_role("dialog", name="Account and people")).to_be_visible()
    check(inspected, "account")
    inspected.goto(f"{inspected.url.partition('?')[0]}?kiosk")
    expect(inspected.locator(".kiosk .badge")).to_contain_text("Live")
    check(inspected, "wall")


@pytest.mark.parametrize("options", [{"reduced_motion": "no-preference"}])
def test_nothing_moves_under_what_one_reads(inspected: Page) -> None:
    expect(inspected.locator(".device", has_text="Ada's van")).to_be_visible()
    assert inspected.evaluate("shifted") < MOST_SHIFT, "on load"
    say(inspected, 1_000_001, "enter", {})
    expect(inspected.locator(".events .event")).to_have_count(1)
    inspected.locator(".events .event").hover()
    before = inspected.locator(".events .event").bounding_box()
    for number in range(2, 5):
        say(inspected, 1_000_000 + number, "enter", {})
    expect(inspected.get_by_role("button", name="3 new")).to_be_visible()
    assert inspected.locator(".events .event").bounding_box() == before, "new ones wait"
    inspected.get_by_role("button", name="3 new").click()
    expect(inspected.locator(".events .event")).to_have_count(4)
    assert inspected.evaluate("shifted") < MOST_SHIFT, json.dumps({"shifted": inspected.evaluate("shifted")})
