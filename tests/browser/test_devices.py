"""A device as people look after it on the page: changed, paired, written to, looked back on, removed."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Watched
from tests.browser.driving import Vehicle, vehicle
from tests.browser.looking import HERE, until
from tests.pictures import make_png
from tests.running import RunningServer


def choose(page: Page, name: str) -> None:
    page.get_by_role("option", name=re.compile(name)).click()
    expect(page.locator(".detail h2")).to_have_text(name)


def answer_command(van: Vehicle, ok: bool = True) -> str:
    """The text of the message that it is sent, which it says to have."""
    while True:
        heard = van.hear()
        if heard["type"] == "command":
            van.send(type="result", id=heard["id"], ok=ok)
            van.send(type="read", id=heard["id"])
            return str(heard["args"].get("text", heard["name"]))


@pytest.mark.mapless
def test_a_device_is_changed_in_the_page_and_told_from_others(
    dashboard: Page, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated.append("422")
    with vehicle(server, "van-12", "Van 12") as van, vehicle(server, "bus", "Bus"):
        van.drive(*HERE)
        choose(dashboard, "Van 12")
        dashboard.get_by_role("button", name="Edit this device").click()
        form = dashboard.get_by_role("dialog", name="Edit")
        form.get_by_label("Name", exact=True).fill("\u200b")
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("name")
        form.get_by_label("Name", exact=True).fill("Ada's van")
        expect(form.get_by_role("alert")).to_have_count(0)
        form.get_by_label("Category").fill("delivery")
        form.get_by_label("Seconds between positions").fill("30")
        form.get_by_role("radio", name="green").check(force=True)
        form.get_by_role("radio", name="truck").check(force=True)
        form.get_by_label("Notes").fill("key in the office")
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("status").first).to_have_text("Saved.")
        form.get_by_label("Other device").fill("Bus")
        form.get_by_label("Within").fill("250")
        form.get_by_role("button", name="Add", exact=True).click()
        expect(form.get_by_role("listitem")).to_contain_text("250 m")
        dashboard.keyboard.press("Escape")
        expect(form).to_have_count(0)
        expect(dashboard.locator(".detail h2")).to_have_text("Ada's van")
        expect(dashboard.locator(".detail .device-icon")).to_be_visible()
    with server.api() as api:
        shown = api.get("/api/devices/van-12").json()
        (pair,) = api.get("/api/pairs").json()["pairs"]
    said = {key: shown[key] for key in ("name", "category", "interval", "color", "icon", "notes")}
    assert said == {
        "name": "Ada's van",
        "category": "delivery",
        "interval": 30,
        "color": "#12805c",
        "icon": "truck",
        "notes": "key in the office",
    }
    assert (set(pair["devices"]), pair["distance"]) == ({"van-12", "bus"}, 250)


@pytest.mark.mapless
def test_a_photo_is_made_small_here_and_shown_in_list_and_card(
    dashboard: Page, server: RunningServer, watched: Watched
) -> None:
    picture: FilePayload = {"name": "van.png", "mimeType": "image/png", "buffer": make_png(1200, 700)}
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE)
        choose(dashboard, "Van 12")
        dashboard.get_by_role("button", name="Edit this device").click()
        part = dashboard.get_by_role("region", name="Photo")
        part.get_by_label("Choose a picture").set_input_files(
            {"name": "note.txt", "mimeType": "text/plain", "buffer": b"no picture"}
        )
        expect(part.get_by_role("alert")).to_contain_text("cannot read that file")
        part.get_by_label("Choose a picture").set_input_files(picture)
        expect(part.get_by_role("status")).to_have_text("Saved.")
        expect(part.get_by_role("alert")).to_have_count(0)
        dashboard.keyboard.press("Escape")
        for shown in (".device .face", ".detail header .face"):
            until(dashboard, f"() => document.querySelector('{shown}').naturalWidth === 256")
        with server.api() as api:
            stored = api.get("/api/devices/van-12/photo")
            assert stored.headers["content-type"] == "image/jpeg" and len(stored.content) < 20_000
        dashboard.get_by_role("button", name="Edit this device").click()
        part.get_by_role("button", name="Remove the photo").click()
        expect(part.get_by_role("status")).to_have_text("Removed.")
        expect(dashboard.locator(".face:not(.none)")).to_have_count(0)
        with server.api() as api:  # somebody else's is told at once
            content, headers = make_png(8, 8), {"Content-Type": "image/png"}
            api.put("/api/devices/van-12/photo", content=content, headers=headers).raise_for_status()
        until(dashboard, "() => document.querySelector('.device .face').naturalWidth === 8")


@pytest.mark.mapless
def test_a_device_is_guarded_where_it_is_parked(dashboard: Page, server: RunningServer) -> None:
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE, speed=0)
        choose(dashboard, "Van 12")
        guard = dashboard.get_by_role("group", name="Moved while parked")
        guard.get_by_role("combobox").select_option("100")
        guard.get_by_role("button", name="Guard it here").click()
        expect(guard).to_contain_text("when it is moved farther than 100 m")
        van.drive(HERE[0] + 0.004, HERE[1], speed=9)
        expect(dashboard.locator(".events .event.moved")).to_contain_text("Van 12 was moved while parked")
        dashboard.locator(".events .event.moved").click()
        expect(dashboard.locator(".evidence")).to_contain_text("from where it was")
        guard.get_by_role("button", name="No longer").click()
        expect(guard.get_by_role("button", name="Guard it here")).to_be_visible()


@pytest.mark.mapless
def test_a_new_token_is_shown_once_and_what_goes_with_a_device_is_said_first(
    dashboard: Page, server: RunningServer
) -> None:
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE)
        choose(dashboard, "Van 12")
        dashboard.keyboard.press("e")
        form = dashboard.get_by_role("dialog", name="Edit")
        form.get_by_role("button", name="New token").click()
        form.get_by_role("button", name="New token").click()
        pasted = form.locator("pre").inner_text()
        token = pasted.split("TOKEN")[1].strip()
        with server.api() as api:
            assert api.get("/api/me", headers={"Authorization": f"Bearer {token}"}).json()["device"] == "van-12"
        form.get_by_role("button", name="Remove the device").click()
        expect(form).to_contain_text("1 position since")
        form.get_by_role("button", name="Remove for good").click()
        expect(form).to_have_count(0)
        expect(dashboard.get_by_role("option", name="Van 12")).to_have_count(0)
        with server.api() as api:
            assert api.get("/api/devices/van-12").status_code == 404


@pytest.mark.mapless
def test_a_conversation_goes_both_ways_and_says_what_became_of_each(dashboard: Page, server: RunningServer) -> None:
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*HERE)
        van.send(type="message", id="m-1", at=van.now(), text="on my way")
        choose(dashboard, "Van 12")
        expect(dashboard.get_by_role("option", name="Van 12").locator(".unread")).to_contain_text("1")
        dashboard.get_by_role("button", name="Messages").click()
        thread = dashboard.get_by_role("log")
        expect(thread).to_contain_text("on my way")
        expect(dashboard.locator(".unread")).to_have_count(0)
        dashboard.get_by_role("textbox", name="Message").fill("call me")
        dashboard.keyboard.press("Enter")
        assert answer_command(van) == "call me"
        expect(thread.locator(".said.down")).to_contain_text("read")
        dashboard.get_by_role("button", name="Where are you?").click()
        assert answer_command(van, ok=True) == "Where are you?"
        dashboard.get_by_role("button", name="Where are you now?").click()
        assert answer_command(van) == "report_now"
        expect(thread.locator(".asked")).to_contain_text("delivered")
    dashboard.get_by_role("textbox", name="Message").fill("are you there?")
    dashboard.keyboard.press("Enter")
    expect(thread.locator(".said").last).to_contain_text("waits for the device")
    expect(dashboard.locator(".talk")).to_contain_text("1 message or request waits until it is back.")


@pytest.mark.mapless
def test_a_call_for_help_stands_over_the_map_until_somebody_has_seen_it(dashboard: Page, server: RunningServer) -> None:
    with vehicle(server, "phone", "Ada's phone") as phone:
        phone.drive(*HERE)
        phone.send(type="message", id="m-1", at=phone.now(), text="", alarm="sos")
        banner = dashboard.get_by_role("alert")
        expect(banner).to_contain_text("Ada's phone calls for help")
        banner.get_by_role("button", name="Show").click()
        expect(dashboard.locator(".detail h2")).to_have_text("Ada's phone")
        banner.get_by_role("button", name="I have seen it").click()
        expect(banner).to_have_count(0)
        while (heard := phone.hear())["type"] != "seen":
            pass
        assert heard["id"] == "m-1"
    dashboard.locator(".events .event.sos").click()
    expect(dashboard.locator(".evidence")).to_contain_text("seen by")


def test_the_last_hours_are_drawn_when_somebody_looks_and_the_map_follows_the_cursor(
    dashboard: Page, server: RunningServer
) -> None:
    with vehicle(server, "van-12", "Van 12") as van:
        for step in range(20):
            van.drive(
                HERE[0] + 0.0003 * step, HERE[1], ago=400 - 10 * step, speed=step, altitude=40 + step, battery=0.8
            )
        choose(dashboard, "Van 12")
        dashboard.get_by_role("button", name="Charts").click()
        charts = dashboard.locator(".drawn figure")
        expect(charts).to_have_count(3)
        charts.first.locator(".u-over").hover()
        expect(charts.first.locator("figcaption")).to_contain_text("km/h at")
        dots = "tracker.view.value.map.getSource('dots').serialize().data.features"
        until(dashboard, f"() => {dots}.length === 1")
        dashboard.locator(".detail h2").hover()
        until(dashboard, f"() => {dots}.length === 0")


@pytest.mark.mapless
def test_what_one_looks_at_is_in_the_address(dashboard: Page, server: RunningServer) -> None:
    with vehicle(server, "van-12", "Van 12") as van, vehicle(server, "bus", "Bus") as bus:
        van.drive(*HERE, speed=20)
        bus.drive(HERE[0], HERE[1] + 0.001, speed=3, battery=0.1)
        expect(dashboard.locator(".device")).to_have_count(2)
        dashboard.get_by_role("button", name="More filters").click()
        dashboard.get_by_role("combobox", name="Battery").select_option("20")
        expect(dashboard.locator(".device")).to_have_count(1)
        dashboard.locator(".device", has_text="Bus").click()
        dashboard.get_by_role("button", name="Follow").click()
        until(dashboard, "() => location.search === '?below=20&device=bus&follow=bus'")
        dashboard.reload()
        expect(dashboard.locator(".detail h2")).to_have_text("Bus")
        expect(dashboard.get_by_role("button", name="Following")).to_be_visible()
        expect(dashboard.locator(".device")).to_have_count(1)
        dashboard.get_by_role("button", name="Clear the filters").click()
        dashboard.get_by_role("combobox", name="Order").select_option("speed")
        expect(dashboard.locator(".device").first).to_contain_text("Van 12")
        until(dashboard, "() => location.search.startsWith('?order=speed&device=bus')")
