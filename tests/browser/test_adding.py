"""A device is added on the page: its QR code is paired by a phone, whose first position is told at once."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Geolocation, Page, expect

from tests.browser.conftest import FRUGAL, Watched
from tests.browser.driving import vehicle
from tests.browser.looking import HERE, promised, until_whole
from tests.browser.test_devices import choose
from tests.browser.test_track import OFFLINE
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms

PHONE: Geolocation = {"longitude": 8.6267, "latitude": 52.6638, "accuracy": 8}


@pytest.mark.mapless
def test_a_phone_is_in_the_list_by_one_code(dashboard: Page, server: RunningServer, chromium: Browser) -> None:
    dashboard.get_by_role("button", name="Add a device").click()
    dialog = dashboard.get_by_role("dialog", name="Add a device")
    dialog.get_by_label("Name").fill("Ada's phone")
    dialog.get_by_label("Category").fill("person")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("status")).to_have_text("Waiting for its first position…")
    expect(dialog.get_by_role("img", name=re.compile("camera of the phone"))).to_be_visible()
    expect(dialog).to_contain_text("Only this computer reaches this address")
    expect(dialog).to_contain_text("A phone gives its position to https addresses only")
    dialog.get_by_text("With an app, which goes on with the screen off").click()
    apps = dialog.get_by_role("radiogroup", name="Which app").get_by_role("radio")
    expect(apps).to_have_count(7)
    expect(apps.first).to_be_checked()  # Colota
    with server.api() as api:
        ingest_url = api.get(f"/api/devices/{api.get('/api/devices').json()['devices'][0]['id']}").json()["ingest_url"]
    expect(dialog.locator(".copied pre").first).to_have_text(ingest_url)
    dialog.get_by_text("GPSLogger").click()
    expect(dialog.locator(".copied pre")).to_contain_text(f"{ingest_url}?lat=%LAT&lon=%LON")
    with server.api() as api:
        (made,) = api.get("/api/devices").json()["devices"]
    assert (made["name"], made["category"]) == ("Ada's phone", "person")
    url = dialog.get_by_role("link", name="Or open it in this browser").get_attribute("href")
    other = chromium.new_context(**FRUGAL, permissions=["geolocation"], geolocation=PHONE)
    phone = other.new_page()
    phone.goto(str(url))
    phone.get_by_role("button", name="Start").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("This phone is Ada's phone")
    expect(phone.get_by_role("alert")).to_have_count(0)
    expect(dialog.get_by_role("status")).to_contain_text("Its first position is here.")
    expect(dialog.locator(".understood")).to_contain_text("Nothing looks wrong.")
    dialog.get_by_role("button", name="Show it").click()
    expect(dashboard.locator(".detail")).to_contain_text("Ada's phone")
    other.close()


@pytest.mark.mapless
def test_an_app_is_said_to_be_understood_and_its_health_is_on_the_card(dashboard: Page, server: RunningServer) -> None:
    dashboard.get_by_role("button", name="Add a device").click()
    dialog = dashboard.get_by_role("dialog", name="Add a device")
    dialog.get_by_label("Name").fill("Anna's phone")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("status")).to_have_text("Waiting for its first position…")
    with server.api() as api:
        (made,) = api.get("/api/devices").json()["devices"]
        url = api.get(f"/api/devices/{made['id']}").json()["ingest_url"]
        said = {"_type": "location", "tst": now_ms() // 1000, "lon": 8.6267, "lat": 52.6638, "batt": 9, "tid": "an"}
        assert api.post(url, json=said, headers={"User-Agent": "Owntracks-Android/gms/420512345"}).status_code == 200
        assert api.post(url, content=b"nothing of ours").status_code == 200
    understood = dialog.locator(".understood")
    expect(understood).to_contain_text("Understood: OwnTracks 420512345, Android, its speed in km/h.")
    expect(understood).to_contain_text("Its battery is at 9%.")
    dialog.get_by_role("button", name="Show it").click()
    card = dashboard.locator(".detail")
    card.get_by_role("button", name="Health").click()
    expect(card.locator(".findings")).to_contain_text("Its battery is at 9%.")
    expect(card.get_by_role("region", name="Could not be stored")).to_contain_text("nothing of ours")
    expect(card.get_by_role("region", name="By the hour")).to_contain_text("9 %")


@pytest.mark.mapless
def test_a_name_that_a_source_says_becomes_a_device_by_one_click(dashboard: Page, server: RunningServer) -> None:
    with server.api() as api:
        source = api.post("/api/sources", json={"id": "traccar", "name": "Traccar"}).raise_for_status().json()
        place = {"latitude": 52.6638, "longitude": 8.6267, "fixTime": format_ms(now_ms()), "valid": True}
        said = {"position": place, "device": {"uniqueId": "imei/356 7"}}
        assert api.post(source["ingest_url"], json=said).status_code == 200
    dashboard.get_by_role("button", name="Add a device").click()
    heard = dashboard.get_by_role("dialog").get_by_role("region", name="Heard, and no device yet")
    expect(heard).to_contain_text("imei/356 7")
    expect(heard).to_contain_text("Traccar server")
    expect(heard.get_by_role("textbox")).to_have_value("imei-356-7")
    heard.get_by_role("button", name="Make it a device").click()
    expect(dashboard.locator(".detail")).to_contain_text("imei-356-7")
    with server.api() as api:
        assert api.get("/api/sources/traccar/unknown").json()["unknown"] == []
        assert api.delete("/api/sources/traccar").status_code == 204


@pytest.mark.parametrize("options", [{"service_workers": "allow"}])
def test_the_dashboard_opens_without_a_network_and_goes_on_with_it(
    dashboard: Page, context: BrowserContext, watched: Watched, server: RunningServer
) -> None:
    watched.tolerated += OFFLINE
    promised(dashboard, "caches.match('./').then((kept) => kept !== undefined)")
    until_whole(dashboard)
    context.set_offline(True)
    dashboard.goto(f"{server.url}/")
    expect(dashboard.get_by_role("heading", level=1)).to_have_text("No connection to the server")
    context.set_offline(False)
    expect(dashboard.locator(".badge")).to_contain_text("Live")


@pytest.mark.mapless
def test_where_a_device_goes_on_to_is_said_in_its_form(
    dashboard: Page, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated.append("422")
    with vehicle(server, "van", "Van 12") as van:
        van.drive(*HERE)
        choose(dashboard, "Van 12")
    dashboard.get_by_role("button", name="Edit this device").click()
    part = dashboard.get_by_role("region", name="Another server")
    part.get_by_text("Send its positions on to another server").click()
    part.get_by_label("Address").fill("http://10.0.0.1/pub")
    part.get_by_role("button", name="Send on").click()
    expect(part).to_contain_text("has an address that is not public")
    part.get_by_label("Address").fill("http://127.0.0.1:9/pub")
    part.get_by_role("button", name="Send on").click()
    expect(part).to_contain_text("Its positions go on to 127.0.0.1:9: 0 are there.")
    part.get_by_role("button", name="Send on no more").click()
    part.get_by_role("button", name="Send on no more").last.click()
    expect(part.get_by_text("Send its positions on to another server")).to_be_visible()
