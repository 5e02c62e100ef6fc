"""A device is added on the page: its QR code is paired by a phone, whose first position is told at once."""

import re

from playwright.sync_api import Browser, Geolocation, Page, expect

from tests.running import RunningServer

PHONE: Geolocation = {"longitude": 8.6267, "latitude": 52.6638, "accuracy": 8}


def test_a_phone_is_on_the_map_by_one_code(dashboard: Page, server: RunningServer, chromium: Browser) -> None:
    dashboard.get_by_role("button", name="Add a device").click()
    dialog = dashboard.get_by_role("dialog", name="Add a device")
    dialog.get_by_label("Name").fill("Ada's phone")
    dialog.get_by_label("Category").fill("person")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("status")).to_have_text("Waiting for its first position…")
    expect(dialog.get_by_role("img", name=re.compile("camera of the phone"))).to_be_visible()
    expect(dialog).to_contain_text("Only this computer reaches this address")
    with server.api() as api:
        (made,) = api.get("/api/devices").json()["devices"]
    assert (made["name"], made["category"]) == ("Ada's phone", "person")
    url = dialog.get_by_role("link", name="Or open it in this browser").get_attribute("href")
    other = chromium.new_context(permissions=["geolocation"], geolocation=PHONE)
    phone = other.new_page()
    phone.goto(str(url))
    phone.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("status")).to_contain_text("Its first position is here.")
    dialog.get_by_role("button", name="Show it").click()
    expect(dashboard.locator(".detail")).to_contain_text("Ada's phone")
    other.close()
