"""One evening, in German: from the first device to the alert and its reason on the map, the network gone in between."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Watched
from tests.browser.driving import vehicle
from tests.browser.looking import MAP, click_at, start_at, until
from tests.running import ADMIN_TOKEN, RunningServer

HOME = (-8.6267, 52.6638)  # Limerick
AWAY = (-8.6300, 52.6638)
AROUND = [(-8.6277, 52.6632), (-8.6257, 52.6632), (-8.6257, 52.6644), (-8.6277, 52.6644)]

USUAL: dict[str, Any] = {"locale": "de-DE", "service_workers": "allow", "reduced_motion": "no-preference"}


@pytest.mark.parametrize(
    "options",
    [
        USUAL | {"viewport": {"width": 1440, "height": 900}},
        USUAL | {"viewport": {"width": 390, "height": 844}},
    ],
)
def test_from_a_new_device_to_an_alert(
    page: Page, server: RunningServer, context: BrowserContext, watched: Watched, options: dict[str, Any]
) -> None:
    watched.tolerated += ["401", "422", "net::ERR_", "WebSocket", "Failed to fetch"]
    start_at(page, *HOME)
    page.goto(server.url)
    page.get_by_label("Token").fill(ADMIN_TOKEN)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.locator(".badge")).to_contain_text("Live")
    page.get_by_role("button", name="Gerät hinzufügen").click()
    dialogue = page.get_by_role("dialog", name="Gerät hinzufügen")
    dialogue.get_by_label("Name").fill("\N{BRAILLE PATTERN BLANK}")
    dialogue.get_by_role("button", name="Hinzufügen", exact=True).click()
    expect(dialogue.get_by_role("alert")).to_contain_text("Darin ist nichts, was zu sehen wäre")
    dialogue.get_by_label("Name").fill("Adas Bus")
    dialogue.get_by_role("button", name="Hinzufügen", exact=True).click()
    expect(dialogue.get_by_role("status")).to_contain_text("Wartet auf die erste Position")
    with server.api() as api:
        (made,) = api.get("/api/devices").json()["devices"]
    with vehicle(server, made["id"]) as bus:
        bus.drive(*AWAY)
        expect(dialogue.get_by_role("status")).to_contain_text("Die erste Position ist da.")
        dialogue.get_by_role("button", name="Zeigen").click()
        write_to_it(page, bus)
        draw_around(page, options["viewport"]["width"])
        go_offline(page, context)
        bus.drive(*HOME)
        context.set_offline(False)
        expect(page.locator(".badge")).to_contain_text("Live")
        if options["viewport"]["width"] < 760:
            page.get_by_role("button", name="Ereignisse").click()
        told = page.locator(".events .event", has_text="Adas Bus hat Zu Hause betreten")
        told.click()
        expect(page.locator(".evidence .near")).to_have_text("in \u2068Limerick\u2069")
        page.get_by_role("button", name="Den Ort zeigen").click()
        until(page, f"() => Math.abs({MAP}.getCenter().lng - {HOME[0]}) < 0.01")


def write_to_it(page: Page, bus: Any) -> None:
    """And it answers."""
    page.get_by_role("button", name="Nachrichten").click()
    page.get_by_role("textbox", name="Nachricht").fill("Wo bleibst du?")
    page.get_by_role("button", name="Senden").click()
    heard = bus.hear()
    while "text" not in str(heard):
        heard = bus.hear()
    bus.send(type="message", id="m-1", at=bus.now(), text="Gleich da")
    expect(page.get_by_role("log")).to_contain_text("Gleich da")
    page.get_by_role("button", name="Schließen").click()


def draw_around(page: Page, width: int) -> None:
    """A corner too many is taken back."""
    page.get_by_role("button", name="Gebiete").click()
    page.get_by_role("button", name="Vieleck zeichnen").click()
    until(page, f"() => {MAP}.getLayer('td-point')")
    page.evaluate(f"{MAP}.jumpTo({{center: [{HOME[0]}, {HOME[1]}], zoom: 15.5}})")
    for place in [*AROUND, (HOME[0], HOME[1] - 0.0009)]:
        click_at(page, *place)
    page.keyboard.press("Control+z")
    page.keyboard.press("Enter")
    page.get_by_label("Name").fill("Zu Hause")
    page.get_by_label("streng").check()
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("option", name="Zu Hause")).to_be_visible()


def go_offline(page: Page, context: BrowserContext) -> None:
    """Until the page has said so: ten seconds after the last word."""
    context.set_offline(True)
    expect(page.locator(".badge")).to_contain_text(re.compile("Langsam|Verbindung verloren"))
