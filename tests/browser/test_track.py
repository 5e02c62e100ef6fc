"""The phone page in a browser whose place is set by the test: paired by a code, streaming, offline, reloaded, back."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import FRUGAL, Watched
from tests.patience import until
from tests.running import RunningServer

HOME = (8.6267, 52.6638)  # longitude, latitude
# What the browser writes to the console where a test takes the network away; last, of what a page was still reading.
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "WebSocket connection", "ERR_CONNECTION", "ERR_FAILED", "Failed to fetch")


PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "permissions": ["geolocation"],
    "geolocation": {"longitude": HOME[0], "latitude": HOME[1], "accuracy": 8},
}


@pytest.fixture
def options() -> dict[str, Any]:
    return PHONE


@pytest.fixture
def phone(page: Page, server: RunningServer) -> Iterator[Page]:
    """Paired, and not sending yet."""
    server.new_device("phone")
    page.goto(pairing_url(server))
    expect(page.get_by_role("heading", level=1)).to_have_text("This phone is phone")
    yield page


def pairing_url(server: RunningServer) -> str:
    with server.api() as api:
        return str(api.post("/api/devices/phone/pairing").raise_for_status().json()["url"])


def move(context: BrowserContext, steps: int) -> None:
    context.set_geolocation({"longitude": HOME[0] + steps / 1000, "latitude": HOME[1], "accuracy": 8})


def track(server: RunningServer) -> list[list[str]]:
    """Every stored fix: its time and its longitude."""
    with server.api() as api:
        lines = api.get("/api/devices/phone/track", params={"format": "csv"}).raise_for_status().text.splitlines()
    return [line.split(",")[:2] for line in lines[1:]]


def steps_of(server: RunningServer) -> set[int]:
    return {round((float(lon) - HOME[0]) * 1000) for _, lon in track(server)}


def pace(server: RunningServer, page: Page, seconds: str) -> None:
    with server.api() as api:
        command = {"name": "set_interval", "args": {"seconds": float(seconds)}}
        api.post("/api/devices/phone/commands", json=command).raise_for_status()
    expect(page.locator(".facts")).to_contain_text(f"{seconds} s")


@pytest.mark.parametrize("options", [PHONE | {"viewport": {"width": 320, "height": 640}, "locale": "de-DE"}])
def test_the_smallest_phone_shows_all_of_its_page(page: Page, server: RunningServer) -> None:
    server.new_device("phone")
    page.goto(pairing_url(server))
    expect(page.locator(".facts")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("options", [PHONE | {"service_workers": "allow"}])
def test_a_phone_streams_keeps_and_delivers_once(
    phone: Page, context: BrowserContext, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated += OFFLINE
    assert "#" not in phone.url, "the code is gone from the address"
    pace(server, phone, "0.3")
    phone.get_by_role("button", name="Start").click()
    expect(phone.locator(".state")).to_have_text("Sending")
    move(context, 1)
    until(lambda: 1 in steps_of(server))
    expect(phone.locator("[data-queue]")).to_have_attribute("data-queue", "0")
    until(lambda: phone.evaluate("caches.match('track').then((kept) => kept !== undefined)"))

    context.set_offline(True)
    expect(phone.locator(".state")).to_have_text("No connection: kept on the phone")
    for step in (2, 3, 4):
        move(context, step)
        until(partial(is_kept, phone, step))
    held = kept(phone)
    phone.reload()
    expect(phone.get_by_role("heading", level=1)).to_have_text("This phone is phone")
    expect(phone.locator(".state")).to_have_text("No connection: kept on the phone")
    assert kept(phone) >= held, "a reload loses nothing"
    assert not {2, 3, 4} & steps_of(server)

    context.set_offline(False)
    expect(phone.locator(".state")).to_have_text("Sending")
    move(context, 5)
    until(lambda: steps_of(server) >= {1, 2, 3, 4, 5})
    phone.get_by_role("button", name="Stop").click()
    expect(phone.locator("[data-queue]")).to_have_attribute("data-queue", "0")
    stored = track(server)
    assert len({at for at, _ in stored}) == len(stored), "each is stored once"


def kept(page: Page) -> int:
    return int(page.locator("[data-queue]").get_attribute("data-queue") or 0)


KEPT = """new Promise(done => {
    indexedDB.open('tracker.phone').onsuccess = ({target: {result}}) => {
        result.transaction('fix').objectStore('fix').getAll().onsuccess = ({target}) => {
            result.close();
            done(target.result.map(fix => fix.lon));
        };
    };
})"""


def is_kept(page: Page, step: int) -> bool:
    """On the phone, which may have another place ten times before it asks again."""
    return step in {round((lon - HOME[0]) * 1000) for lon in page.evaluate(KEPT)}


def test_a_person_writes_is_written_to_and_calls_for_help(phone: Page, server: RunningServer) -> None:
    with server.api() as api:
        sent = api.post("/api/devices/phone/messages", json={"text": "Where are you?"}).raise_for_status().json()
        expect(phone.locator(".lines li.theirs")).to_contain_text("Where are you?")
        until(lambda: state(api, sent["number"]) == "read")
        phone.get_by_role("button", name="On my way").click()
        expect(phone.locator(".lines li.mine")).to_contain_text("received")
        sos = phone.get_by_role("button", name="SOS")
        sos.click()
        sos.hover()
        phone.mouse.down()  # for two seconds of the page's, however slow it is
        expect(phone.locator(".help [role=status]")).to_contain_text("Nobody has seen it yet")
        phone.mouse.up()
        (event,) = api.get("/api/events", params={"type": "sos"}).json()["events"]
        assert event["device"] == "phone", "a short press calls nobody"
        api.post(f"/api/events/{event['id']}/seen").raise_for_status()
        expect(phone.locator(".help [role=status]")).to_have_text("operator has seen your call for help.")
        phone.get_by_role("button", name="15 minutes").click()
        expect(phone.locator(".state")).to_have_text("Paused")
        until(lambda: (api.get("/api/devices/phone").json()["status"] or {}).get("paused"))


def state(api: Any, number: int) -> str:
    thread = api.get("/api/devices/phone/messages").json()["messages"]
    return next(str(each["state"]) for each in thread if each["number"] == number)


def test_a_phone_is_vague_or_paused_to_others_and_sees_who_watches(phone: Page, server: RunningServer) -> None:
    hide = phone.locator(".pause")
    hide.get_by_role("group", name="Vague").get_by_role("button", name="8 hours").click()
    expect(hide.get_by_role("status")).to_contain_text("Vague until")
    with server.api() as api:
        until(lambda: api.get("/api/devices/phone/privacy").json()["mode"] == "vague")
        phone.reload()
        expect(hide.get_by_role("status")).to_contain_text("Vague until")
        hide.get_by_role("button", name="Go on").click()
        until(lambda: api.get("/api/devices/phone/privacy").json()["mode"] == "exact")
        hide.get_by_role("group", name="Pause").get_by_role("button", name="15 minutes").click()
        expect(phone.locator(".state")).to_have_text("Paused")
        until(lambda: api.get("/api/devices/phone/privacy").json()["mode"] == "paused")
    phone.get_by_text("Who watches me").click()
    expect(phone.locator(".watchers")).to_contain_text("May see this phone now")
    expect(phone.locator(".watchers")).to_contain_text("Nobody yet.")


def test_a_phone_shares_itself_for_an_hour_and_ends_it(phone: Page, server: RunningServer) -> None:
    phone.get_by_role("button", name="Share me for an hour").click()
    expect(phone.get_by_label("Link, shown once")).to_have_value(re.compile("/s#trk_"))
    expect(phone.locator(".share")).to_contain_text("Looking now: 0")
    with server.api() as api:
        (share,) = api.get("/api/shares").json()["shares"]
        assert [each["id"] for each in share["devices"]] == ["phone"]
        phone.locator(".share").get_by_role("button", name="End").click()
        expect(phone.get_by_label("Link, shown once")).to_have_count(0)
        assert api.get("/api/shares").json() == {"shares": []}


def test_a_code_that_is_used_leads_nowhere_and_a_new_one_ends_the_former_phone(
    phone: Page, context: BrowserContext, server: RunningServer, watched: Watched, chromium: Any
) -> None:
    watched.tolerated += ("404", "429")
    url = pairing_url(server)
    other = chromium.new_context(**FRUGAL)
    second = other.new_page()
    second.goto(url)
    expect(second.get_by_role("heading", level=1)).to_have_text("This phone is phone")
    state = phone.locator(".state")
    expect(state).to_have_text(re.compile("The pairing ended|Another page or phone"))  # whichever is heard first
    if "Another" in state.inner_text():
        phone.get_by_role("button", name="Send from here").click()
        expect(state).to_have_text(re.compile("The pairing ended"))
    third = other.new_page()
    third.goto(url)
    expect(third.get_by_role("status")).to_contain_text("This code was used already")
    other.close()
