"""The screens of devices: the list, one, several, added, changed, shared."""

import json
import re
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from bench.pictures.studio import Screen, Studio
from bench.pictures.town import STATION, Town
from tests.browser.driving import Vehicle, vehicle
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms

EMPTY: Final = {
    "empty": Screen(),
    "empty-geofences": Screen("?pane=geofences"),
    "empty-alerts": Screen("?pane=alerts"),
    "empty-events": Screen("?pane=events"),
    "empty-gatherings": Screen("?open=gatherings", whole=True),
    "empty-sources": Screen("?open=sources", whole=True),
    "empty-add": Screen("?open=add", whole=True),
    "empty-views": Screen("?open=views"),
    "no-streets": Screen("?at=-8.63000,52.66000,13.00"),
}
ONE: Final = {"one": Screen(), "one-card": Screen("?device=van-0")}
NEAR: Final = "at=24.94120,60.17120,14.50"


def add(page: Page) -> None:
    page.locator("#device-name").fill("Ada's phone")
    page.locator(".adding form button.primary").click()
    expect(page.locator(".connect figure").first).to_be_visible()


def add_app(number: int) -> Any:
    def act(page: Page) -> None:
        add(page)
        page.locator("details.apps summary").click()
        page.locator("details.apps input[type=radio]").nth(number).check(force=True)

    return act


def look_back(page: Page) -> None:
    figure = page.locator(".drawn figure").first
    expect(figure).to_be_visible()
    figure.locator(".u-over").hover()


def open_part(selector: str) -> Any:
    return lambda page: page.locator(selector).first.click()


def remove(page: Page) -> None:
    page.locator("section.part").last.locator(".buttons button").click()
    expect(page.locator("section.part .confirm")).to_be_visible()


def renew(page: Page) -> None:
    page.locator("section.part").nth(-2).locator(".buttons button").first.click()


def make_link(page: Page) -> None:
    page.locator("#share-blur").select_option(index=1)
    page.locator(".adding form button.primary").click()
    expect(page.locator(".connect iframe")).to_be_visible()
    page.wait_for_timeout(2_000)


def write_to_all(page: Page) -> None:
    page.locator(".many .buttons").last.locator("button").nth(1).click()


def keep_view(page: Page) -> None:
    page.locator("#view-new").fill("Night shift")
    page.keyboard.press("Enter")
    expect(page.locator(".views-kept .open").first).to_be_visible()


def type_to(text: str) -> Any:
    return lambda page: page.locator("input[type=search]").first.fill(text)


def gather(page: Page) -> None:
    page.locator("#gathering-name").fill("Night ride")
    page.locator(".adding form button.primary").click()
    expect(page.locator(".connect figure")).to_be_visible()
    page.wait_for_timeout(2_000)


def gather_some(page: Page) -> None:
    """Seven open the link; one of them may not tell where it is, and two have told."""
    gather(page)
    link = urlsplit(page.locator(".connect code").inner_text())
    found = [
        httpx2.post(f"{link.scheme}://{link.netloc}/api/pairing", json={"code": link.fragment})
        .raise_for_status()
        .json()
        for _ in range(7)
    ]
    for number, phone in enumerate(found[:4]):
        headers = {"Authorization": f"Bearer {phone['token']}"}
        with connect(f"ws://{link.netloc}/ws/device", additional_headers=headers, compression=None) as ws:
            car = Vehicle(ws, phone["device"])
            car.say(type="hello", device=phone["device"], boot="b", version=1)
            car.send(type="status", page="visible", location="denied" if number == 0 else "granted")
            if number > 1:
                car.drive(*STATION)
            else:
                car.say(type="message", id="m", at=car.now(), text="hello")  # acked behind the status
    expect(page.locator(".funnel .phones li.placed")).to_have_count(2)


DEVICES: Final = {
    "sixty": Screen(f"?{NEAR}"),
    "sixty-far": Screen("?at=24.94000,60.17000,9.00"),
    "list-order": Screen("?order=oldest"),
    "search": Screen("", type_to("bus")),
    "search-nothing": Screen("", type_to("zeppelin")),
    "filters": Screen("?below=20"),
    "card": Screen("?device=van-1"),
    "card-own-color": Screen("?device=van-0"),
    "card-right-to-left": Screen("?device=van-2"),
    "card-silent": Screen("?device=van-3"),
    "card-unbroken": Screen("?device=van-6"),
    "card-whole": Screen("?device=van-0", whole=True),
    "messages": Screen("?device=van-0&card=talk"),
    "messages-waiting": Screen("?device=van-3&card=talk"),
    "charts": Screen("?device=van-7&card=charts&hours=1", look_back),
    "health": Screen("?device=van-7&card=health", whole=True),
    "health-silent": Screen("?device=van-3&card=health", whole=True),
    "edit": Screen("?device=van-0&open=edit", whole=True),
    "edit-new-token": Screen("?device=van-0&open=edit", renew, whole=True),
    "edit-remove": Screen("?device=van-0&open=edit", remove, whole=True),
    "edit-forward": Screen("?device=van-0&open=edit", open_part("section.part details summary"), whole=True),
    "share": Screen("?device=van-0&open=share", whole=True),
    "share-made": Screen("?device=van-0&open=share", make_link, whole=True),
    "several": Screen("?pick=van-0,van-1,van-2&follow=van-0,van-1,van-2&trails=van-0,van-1,van-2"),
    "several-message": Screen("?pick=van-0,van-1,van-2", write_to_all),
    "views": Screen("?open=views&show=moving", keep_view),
    "layers": Screen("", open_part(".layers summary")),
    "settings": Screen("?open=settings", whole=True),
    "missing": Screen("?device=ghost&inside=secret"),
    "add": Screen("?open=add", whole=True),
    "add-waiting": Screen("?open=add", add, whole=True),
    **{f"add-app-{number}": Screen("?open=add", add_app(number), whole=True) for number in range(7)},
    "gatherings": Screen("?open=gatherings", gather, whole=True),
    "gatherings-filled": Screen("?open=gatherings", gather_some, whole=True),
    "sources": Screen("?open=sources", open_part(".joining details summary"), whole=True),
}


def take_first(studio: Studio, server: RunningServer) -> None:
    """Nobody yet; then one who has said nothing for two hours; then one."""
    studio.take_each(server, EMPTY)
    with vehicle(server, "pool", "Pool car") as car:
        car.drive(*STATION, ago=7_000)
        studio.take_each(server, {"stale": Screen()})
    with ExitStack() as stack, server.api() as api:
        api.delete("/api/devices/pool").raise_for_status()
        Town(server, stack).settle(1)
        studio.take_each(server, ONE)


def take(studio: Studio, town: Town) -> None:
    with town.server.api() as api:
        api.post("/api/groups", json={"id": "riders", "name": "Riders"})
        made = api.post("/api/sources", json={"id": "traccar", "name": "Our Traccar"}).raise_for_status().json()
        place = {"latitude": 60.17, "longitude": 24.94, "fixTime": format_ms(now_ms()), "valid": True}
        said = {"position": place, "device": {"uniqueId": "imei 356"}}
        api.post(made["ingest_url"], json=said).raise_for_status()
    studio.take_each(town.server, DEVICES)
    with town.server.api() as api:  # what was added by the way
        for each in api.get("/api/devices").json()["devices"]:
            if not re.fullmatch(r"van-\d+", each["id"]):
                api.delete(f"/api/devices/{each['id']}")
    take_help(studio, town)


def take_help(studio: Studio, town: Town) -> None:
    """Somebody calls; seen afterwards, so that the others stand without the call."""
    if not any(studio.wants(name) for name in ("sos", "sos-card")):
        return
    with town.lock:
        town.vehicles[0].send(type="message", id="sos-1", at=format_ms(now_ms()), text="", alarm="sos")
    called = Screen("", lambda page: expect(page.locator(".alarms, [role=alert]").first).to_be_visible())
    studio.take_each(town.server, {"sos": called, "sos-card": called._replace(query="?device=van-0")})
    with town.server.api() as api:
        for event in api.get("/api/events", params={"type": "sos"}).json()["events"]:
            api.post(f"/api/events/{event['id']}/seen", content=json.dumps({}))
