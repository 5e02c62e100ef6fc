"""The screens of events and of who is told of them."""

import re
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from playwright.sync_api import Page, expect

from bench.pictures.people import MAIL
from bench.pictures.studio import Screen, Studio
from bench.pictures.town import Town
from tests.answering import answering
from tests.browser.looking import until
from tests.running import RunningServer

DEAD: Final = "http://127.0.0.1:9/hook"
CARRIERS: Final = MAIL | {"TRACKER_PRIVATE_RECEIVERS": "127.0.0.0/8", "TRACKER_MQTT_URL": "mqtt://127.0.0.1:9"}


class Hook(BaseHTTPRequestHandler):
    """Takes what it is sent."""

    def do_POST(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


def write(page: Page) -> None:
    page.locator(".alerts .making button").click()
    expect(page.locator("#wish-name")).to_be_visible()


def choose(carrier: int) -> Any:
    def act(page: Page) -> None:
        write(page)
        page.locator("input[name=channel]").nth(carrier).check(force=True)

    return act


def chat(page: Page) -> None:
    write(page)
    page.locator("#wish-url").fill("https://discord.example/api/webhooks/1")
    page.locator("#wish-form").select_option(index=2)


def quiet(page: Page) -> None:
    write(page)
    page.locator("#wish-url").fill("https://example.org/hook")
    page.locator("#wish-geofences").fill("e")
    page.get_by_label(re.compile("Not at all hours|Nicht zu jeder Zeit")).check()


def fail(page: Page) -> None:
    write(page)
    page.locator(".alerts form button.primary").click()
    expect(page.get_by_role("alert").first).to_be_visible()


def publish(page: Page) -> None:
    """It is taken only where the server has a broker."""
    choose(3)(page)
    page.locator("#wish-name").fill("To the house")
    page.locator("#wish-topic").fill("tracker/{device}/{type}")
    page.locator(".alerts form button.primary").click()
    expect(page.locator(".alerts .sheet")).to_be_visible()


FORMS: Final = {
    "alerts": Screen("?pane=alerts"),
    "alert-webhook": Screen("?pane=alerts", write, whole=True),
    "alert-chat": Screen("?pane=alerts", chat, whole=True),
    "alert-quiet": Screen("?pane=alerts", quiet, whole=True),
    "alert-fault": Screen("?pane=alerts", fail, whole=True),
    "alert-mail": Screen("?pane=alerts", choose(1), whole=True),
    "alert-browser": Screen("?pane=alerts", choose(2), whole=True),
    "alert-mqtt": Screen("?pane=alerts", choose(3), whole=True),
    "alert-mqtt-made": Screen("?pane=alerts", publish, whole=True),
}


def open_filters(page: Page) -> None:
    page.locator(".to-filters").click()


FEED: Final = {
    "feed": Screen("?pane=events"),
    "feed-filters": Screen("?pane=events", open_filters),
    "feed-narrow": Screen("?pane=events&kind=enter&of=van-1", open_filters),
    "feed-nothing": Screen("?pane=events&kind=sos&of=van-9"),
    "kiosk": Screen("?kiosk"),
}


def subscribe(server: RunningServer, name: str, **channel: Any) -> str:
    wish = {"name": name, "types": ["enter", "exit"], "geofences": ["central-station"], "channel": channel}
    with server.api() as api:
        return str(api.post("/api/subscriptions", json=wish).raise_for_status().json()["id"])


def evidence(server: RunningServer) -> dict[str, Screen]:
    """The newest of each kind that there is, why on the map."""
    kinds = ("enter", "exit", "dwell", "speeding", "near", "cross")
    found = {}
    with server.api() as api:
        for kind in kinds:
            events = api.get("/api/events", params={"type": kind}).json()["events"]
            if events:
                found[f"evidence-{kind}"] = Screen(f"?pane=events&event={events[-1]['id']}", show_place)
    return found


def show_place(page: Page) -> None:
    expect(page.locator(".evidence").first).to_be_visible()
    page.wait_for_timeout(1_000)


def take(studio: Studio, town: Town) -> None:
    server = town.server
    with answering(Hook) as url:
        told = subscribe(server, "Depot, by hook", kind="webhook", url=url)
        dead = subscribe(server, "A receiver that is gone", kind="webhook", url=DEAD)
        with server.api() as api:
            for id in (told, dead):
                api.post(f"/api/subscriptions/{id}/test").raise_for_status()
        studio.take_each(server, FORMS)
        logs = {
            "alert-log": Screen(f"?pane=alerts&alert={told}", whole=True),
            "alert-failing": Screen(f"?pane=alerts&alert={dead}", whole=True),
            "alert-delete": Screen(f"?pane=alerts&alert={told}", ask_deletion),
        }
        studio.take_each(server, logs)
        studio.take_each(server, FEED | evidence(server))


def ask_deletion(page: Page) -> None:
    until(page, "() => document.querySelectorAll('.alerts .sheet .buttons button').length > 3")
    page.locator(".alerts .sheet .buttons button").last.click()
