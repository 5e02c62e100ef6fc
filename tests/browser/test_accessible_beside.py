"""The pages beside the dashboard by axe, in both themes: what a sharing link shows, and the phone's own."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.driving import vehicle
from tests.browser.test_accessible import AXE, check
from tests.browser.test_link import HOME, share
from tests.browser.test_track import pairing_url
from tests.running import RunningServer


@pytest.fixture
def options() -> dict[str, Any]:
    place = {"longitude": HOME[0], "latitude": HOME[1], "accuracy": 8}
    phone = {"width": 390, "height": 844}
    return {"viewport": phone, "permissions": ["geolocation"], "geolocation": place, "locale": "en-GB"}


@pytest.fixture
def inspected(page: Page) -> Page:
    page.add_init_script(AXE.read_text())
    return page


def test_axe_finds_nothing_on_what_a_link_shows(inspected: Page, server: RunningServer, watched: Watched) -> None:
    watched.tolerated += ["401", "404"]
    with vehicle(server, "child") as child:
        child.drive(*HOME)
        made = share(server, name="School run", password="open sesame", blur=500)
        inspected.goto(made["url"])
        inspected.get_by_label("Password").fill("sesame")
        inspected.get_by_role("button", name="Open").click()
        expect(inspected.get_by_role("alert")).to_be_visible()
        check(inspected, "password of a link")
        inspected.get_by_label("Password").fill("open sesame")
        inspected.get_by_role("button", name="Open").click()
        expect(inspected.get_by_role("button", name="Mia")).to_be_visible()
        check(inspected, "link")
        with server.api() as api:
            assert api.delete(f"/api/shares/{made['id']}").is_success
        expect(inspected.get_by_role("status")).to_contain_text("has ended")
        check(inspected, "ended link")


def test_axe_finds_nothing_on_a_phone(inspected: Page, server: RunningServer) -> None:
    inspected.goto(f"{server.url}/track")
    expect(inspected.get_by_role("heading", level=1)).to_be_visible()
    check(inspected, "a phone that is nobody's")
    server.new_device("phone")
    inspected.goto(pairing_url(server))
    expect(inspected.get_by_role("heading", level=1)).to_have_text("This phone is phone")
    check(inspected, "paired phone")
    with server.api() as api:
        api.post("/api/devices/phone/messages", json={"text": "Where are you?"}).raise_for_status()
    inspected.get_by_role("button", name="Start").click()
    expect(inspected.locator(".lines li.theirs")).to_contain_text("Where are you?")
    check(inspected, "phone that sends")
