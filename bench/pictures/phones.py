"""The phone's own page and the page of a link, in each state, on the widths of phones; a link on desktops, too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import BrowserContext, Page, expect

from bench.pictures.studio import PHONE, Studio
from bench.pictures.town import STATION, Town
from tests.integration.sharing import HOUR_MS, later
from tests.running import RunningServer

PLACE: Final[dict[str, Any]] = {"longitude": STATION[0], "latitude": STATION[1], "accuracy": 8}
NAME: Final = "Adas Telefon mit einem langen Namen"


def take(studio: Studio, town: Town) -> None:
    for width in studio.widths:
        if width < PHONE:
            take_phone(studio, town.server, width)
        take_link(studio, town.server, width)


@contextmanager
def phone(studio: Studio, width: int, **more: Any) -> Iterator[Page]:
    with studio.opened(width, **{"permissions": ["geolocation"], "geolocation": PLACE} | more) as page:
        yield page


def pairing(server: RunningServer, name: str = NAME) -> str:
    with server.api() as api:
        api.post("/api/devices", json={"id": "phone", "name": name})
        return str(api.post("/api/devices/phone/pairing").raise_for_status().json()["url"])


def take_phone(studio: Studio, server: RunningServer, width: int) -> None:
    with phone(studio, width) as page:
        page.goto(f"{server.url}/track")
        expect(page.locator("h1")).to_be_visible()
        studio.take(page, "track-unpaired", full=True)
        used = pairing(server)
        page.goto(used)
        expect(page.locator("button.main")).to_be_enabled()
        studio.take(page, "track-off", full=True)
        page.locator("button.main").click()
        expect(page.locator(".state")).to_have_attribute("data-state", "live")
        studio.take(page, "track-sending", full=True)
        take_replaced(studio, page)
        with server.api() as api:
            take_talk(studio, page, api)
            take_hidden(studio, page)
            take_offline(studio, page, page.context)
            api.delete("/api/devices/phone")
        expect(page.locator(".state")).to_have_attribute("data-state", "ended")
        studio.take(page, "track-ended", full=True)
    with phone(studio, width) as page:
        page.goto(used)
        expect(page.get_by_role("status")).to_be_visible()
        studio.take(page, "track-used-code", full=True)
    with phone(studio, width, permissions=[]) as page:
        page.goto(pairing(server))
        page.locator("button.main").click()
        expect(page.get_by_role("alert")).to_be_visible()
        studio.take(page, "track-denied", full=True)
    with server.api() as api:
        api.delete("/api/devices/phone")


def take_replaced(studio: Studio, page: Page) -> None:
    """Another page of the same phone sends now."""
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("button.main").click()
    expect(page.locator(".state")).to_have_attribute("data-state", "replaced")
    studio.take(page, "track-replaced", full=True)
    other.close()
    page.locator("button.main").click()
    expect(page.locator(".state")).to_have_attribute("data-state", "live")


def take_talk(studio: Studio, page: Page, api: Any) -> None:
    api.post("/api/devices/phone/messages", json={"text": "Where are you?"}).raise_for_status()
    expect(page.locator(".lines li.theirs")).to_be_visible()
    page.locator(".talk .row button").first.click()
    expect(page.locator(".lines li.mine")).to_be_visible()
    page.locator(".watchers summary").click()
    page.locator(".share button").first.click()
    expect(page.locator(".share input")).to_be_visible()
    studio.take(page, "track-talk", full=True)
    sos = page.locator("button.sos")
    sos.scroll_into_view_if_needed()
    sos.hover()
    page.mouse.down()
    expect(page.locator(".sos.held")).to_be_visible()
    page.screenshot(path=studio.folder / f"track-sos-held-{page.evaluate('innerWidth')}-light.png")
    expect(page.locator(".help [role=status]")).not_to_be_empty()
    page.mouse.up()
    page.wait_for_timeout(1_000)
    studio.take(page, "track-sos")
    event = api.get("/api/events", params={"type": "sos", "device": "phone"}).json()["events"][-1]
    api.post(f"/api/events/{event['id']}/seen").raise_for_status()
    page.wait_for_timeout(1_000)
    studio.take(page, "track-sos-seen")


def take_hidden(studio: Studio, page: Page) -> None:
    choices = page.locator(".pause .choice")
    choices.last.locator("button").first.click()
    expect(page.locator(".pause [role=status]")).to_be_visible()
    studio.take(page, "track-vague", full=True)
    page.locator(".pause button").first.click()
    choices.first.locator("button").first.click()
    expect(page.locator(".state")).to_have_attribute("data-state", "paused")
    studio.take(page, "track-paused", full=True)
    page.locator(".pause button").first.click()
    expect(page.locator(".state")).to_have_attribute("data-state", "live")


def take_offline(studio: Studio, page: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    expect(page.locator(".state")).to_have_attribute("data-state", "offline")
    for step in range(3):
        context.set_geolocation({"longitude": STATION[0] + step / 1000, "latitude": STATION[1], "accuracy": 8})
        page.wait_for_timeout(1_000)
    studio.take(page, "track-offline", full=True)
    context.set_offline(False)
    expect(page.locator(".state")).to_have_attribute("data-state", "live")


def take_link(studio: Studio, server: RunningServer, width: int) -> None:
    shown = [{"id": f"van-{number}", "alias": f"a{number}", "name": name} for number, name in SHOWN]
    wish = {"devices": shown, "until": later(HOUR_MS), "name": "School run", "trail": 600}
    with server.api() as api:
        made = {
            name: api.post("/api/shares", json=wish | more).raise_for_status().json()
            for name, more in (("link", {"password": "open sesame"}), ("link-veiled", {"blur": 500, "delay": 600}))
        }
        with studio.opened(width) as page:
            page.goto(made["link"]["url"])
            page.locator("input[type=password]").fill("sesame")
            page.locator("button").click()
            expect(page.get_by_role("alert")).to_be_visible()
            studio.take(page, "link-password")
            page.locator("input[type=password]").fill("open sesame")
            page.locator("button").click()
            expect(page.locator(".places button").first).to_be_visible()
            page.wait_for_timeout(3_000)
            studio.take(page, "link")
            page.context.set_offline(True)
            expect(page.locator(".state")).to_have_attribute("data-state", "lost")
            studio.take(page, "link-lost")
            page.context.set_offline(False)
            api.delete(f"/api/shares/{made['link']['id']}").raise_for_status()
            expect(page.locator(".dot")).to_have_count(0)
            studio.take(page, "link-ended")
        with studio.opened(width) as page:
            page.goto(made["link-veiled"]["url"])
            page.wait_for_timeout(3_000)
            studio.take(page, "link-veiled")
        api.delete(f"/api/shares/{made['link-veiled']['id']}").raise_for_status()


SHOWN: Final = ((1, "Mia"), (2, "שליח 7"), (5, "Großmutter mit dem roten Fahrrad und dem Anhänger"))
