"""Many devices at once: phones by one link, whose way is looked at, and the names that one address speaks for."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FRUGAL, Watched, enter
from tests.browser.test_accessible import AXE, check
from tests.browser.test_adding import PHONE
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms

SIZES = [{"viewport": {"width": 1440, "height": 900}}, {"viewport": {"width": 390, "height": 844}}]


def open_ways(page: Page, server: RunningServer, way: str) -> None:
    page.add_init_script(AXE.read_text())
    enter(page, server)
    page.get_by_role("button", name="Add a device").click()
    page.get_by_role("region", name="More than one").get_by_role("button", name=re.compile(way)).click()


@pytest.mark.parametrize("options", SIZES)
@pytest.mark.mapless
def test_one_link_brings_phones_and_shows_how_far_they_came(
    page: Page, server: RunningServer, chromium: Browser, watched: Watched
) -> None:
    watched.tolerated.append("404")  # a look at how far they came that was on its way as the link ended
    with server.api() as api:
        assert api.post("/api/groups", json={"id": "riders", "name": "Riders"}).status_code in (201, 409)
    open_ways(page, server, "Many phones by one link")
    dialog = page.get_by_role("dialog", name="Many phones by one link")
    expect(dialog.get_by_label("Name")).to_be_focused()
    expect(dialog.get_by_label("Group")).to_be_visible()
    page.keyboard.type("Night ride")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("img", name=re.compile("Show this to everybody"))).to_be_visible()
    url = dialog.locator(".connect code").inner_text()
    opened = [chromium.new_context(**FRUGAL, permissions=["geolocation"], geolocation=PHONE) for _ in range(2)]
    for context in opened:
        phone = context.new_page()
        phone.goto(url)
        expect(phone.get_by_role("button", name="Start")).to_be_enabled()
    phone.get_by_role("button", name="Start").click()
    funnel = dialog.locator(".funnel dl > div")
    expect(funnel.filter(has_text="Opened the link")).to_contain_text("2 of 2")
    expect(funnel.filter(has_text="Sent a first position")).to_contain_text("1 of 2")
    expect(funnel.filter(has_text="30 minutes without a gap")).to_contain_text("0 of 2")
    check(page, "gatherings")
    dialog.get_by_role("button", name="Remind those who are stuck").click()
    expect(dialog.get_by_role("status")).to_have_text("Written to: 2. They read it when the page is open.")
    expect(dialog.locator(".phones li", has_text="reminded")).to_have_count(2)
    expect(phone.get_by_text("your position does not arrive")).to_be_visible()
    for context in opened:
        context.close()
    dialog.get_by_role("button", name="Make another link").click()
    expect(dialog.get_by_role("button", name="Make the link")).to_be_visible()
    dialog.get_by_role("button", name="End the link").click()
    dialog.get_by_role("group").get_by_role("button", name="End", exact=True).click()
    expect(dialog).to_contain_text("No link is open.")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("options", SIZES)
@pytest.mark.mapless
def test_a_source_is_made_adopted_from_and_removed(page: Page, server: RunningServer, watched: Watched) -> None:
    watched.tolerated.append("404")  # a look at the names of the source that was on its way as it was removed
    open_ways(page, server, "Servers and brokers")
    dialog = page.get_by_role("dialog", name="Servers and brokers")
    expect(dialog.get_by_label("Name of the server or broker")).to_be_focused()
    page.keyboard.type("Our Traccar")
    page.keyboard.press("Enter")
    with_settings = dialog.locator(".copied pre")
    expect(with_settings).to_have_count(2)
    expect(with_settings.first).to_be_visible()
    url = str(with_settings.first.text_content())
    expect(with_settings.last).to_contain_text(f"<entry key='forward.url'>{url}</entry>")
    with server.api() as api:
        for ago in (120, 60, 0):
            place = {"latitude": 52.6638, "longitude": 8.6267, "fixTime": format_ms(now_ms() - 1000 * ago)}
            said = {"position": place | {"valid": True}, "device": {"uniqueId": "imei 356"}}
            assert api.post(url, json=said).status_code == 200
    heard = dialog.get_by_role("region", name="Heard, and no device yet")
    expect(heard.get_by_role("listitem")).to_contain_text("positions kept: 3")
    check(page, "sources")
    heard.get_by_role("button", name="Make it a device").click()
    expect(heard.get_by_role("status")).to_contain_text("imei-356 is a device now; positions of its last day: 3.")
    expect(heard.get_by_role("listitem")).to_have_count(0)
    dialog.get_by_role("button", name="Remove").click()
    dialog.get_by_role("group").get_by_role("button", name="Remove").click()
    expect(dialog).to_contain_text("There is none yet.")
    with server.api() as api:
        assert api.post(url, json=said).status_code == 404
