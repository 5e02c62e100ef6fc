"""Subscriptions made, tried and followed on the page."""

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from tests.alerts.conftest import Receiver, started
from tests.browser.conftest import PATIENCE_MS, Watched, enter
from tests.browser.driving import vehicle
from tests.browser.looking import MAP, start_at, until
from tests.running import RunningServer

OUTSIDE = (24.9400, 62.1700)
INSIDE = (24.9430, 62.1700)
PORT = {
    "type": "Feature",
    "id": "port",
    "geometry": {"type": "Point", "coordinates": INSIDE},
    "properties": {"name": "Old Port", "radius": 60, "preset": "strict"},
}


SMALL: dict[str, Any] = {"viewport": {"width": 800, "height": 460}, "permissions": ["notifications"]}
PUSHED = pytest.mark.parametrize("options", [SMALL | {"service_workers": "allow"}])


@pytest.fixture
def options() -> dict[str, Any]:
    return SMALL


@pytest.fixture
def alerts(page: Page, server: RunningServer) -> Page:
    start_at(page, *INSIDE)
    server.new_geofence(PORT)
    enter(page, server)
    page.get_by_role("button", name="Alerts").click()
    return page


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Receiver]:
    with started(Receiver(tmp_path)) as receiver:
        yield receiver


@pytest.mark.mapless
def test_a_webhook_is_subscribed_tried_and_told(alerts: Page, server: RunningServer, hook: Receiver) -> None:
    alerts.get_by_role("button", name="New subscription").click()
    alerts.get_by_label("Name").fill("Port, by hook")
    alerts.get_by_role("textbox", name="Address").fill(hook.url("/?status=200"))
    alerts.get_by_role("textbox", name="Geofences").fill("old")
    alerts.get_by_role("button", name="Old Port").click()
    alerts.get_by_label("Leaves").uncheck()
    alerts.get_by_role("button", name="Save").click()
    expect(alerts.locator(".secret code")).to_have_text(re.compile("^whsec_"))
    with server.api() as api:
        (made,) = api.get("/api/subscriptions").json()["subscriptions"]
    assert (made["name"], made["types"], made["geofences"]) == ("Port, by hook", ["enter"], ["port"])
    alerts.get_by_role("button", name="Send a test").click()
    log = alerts.get_by_role("region", name="Deliveries")
    entries = log.locator("ol > li")
    expect(entries).to_have_count(1)
    expect(entries.first).to_contain_text(re.compile(r"Test.*Delivered.*Attempt 1: 200 in \d+ ms"))
    assert hook.received()[0]["message"]["type"] == "tracker.test"
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*OUTSIDE)
        van.drive(*INSIDE)
        expect(entries.first).to_contain_text("Entered · \u2068Old Port\u2069 · \u2068Van 12\u2069")
        expect(entries.first).to_contain_text("Delivered")
    entries.first.get_by_role("button", name=re.compile("again")).click()
    expect(entries).to_have_count(3)
    expect(entries.first).to_contain_text("Delivered")
    (first, again) = [each["headers"]["webhook-id"] for each in hook.received()[1:]]
    assert first == again, "the receiver can tell that it has it already"
    alerts.get_by_role("button", name="All subscriptions").click()
    expect(alerts.get_by_role("button", name="Port, by hook")).to_contain_text("enters \u2068Old Port\u2069, post to")
    alerts.get_by_role("button", name="Port, by hook").click()
    until(alerts, "id => location.search === `?pane=alerts&alert=${id}`", made["id"])
    alerts.reload()
    expect(alerts.get_by_role("heading", name="Port, by hook")).to_be_visible()
    expect(alerts.get_by_text("whsec_")).to_have_count(0)


@pytest.mark.mapless
def test_a_dead_receiver_is_seen_and_the_subscription_changed_and_deleted(
    alerts: Page, server: RunningServer, hook: Receiver, watched: Watched
) -> None:
    watched.tolerated.append("422")
    alerts.get_by_role("button", name="New subscription").click()
    alerts.get_by_role("button", name="Save").click()
    expect(alerts.locator("#wish-url-fault")).to_contain_text("Where")
    alerts.get_by_role("textbox", name="Address").fill("http://10.0.0.1/hook")
    alerts.get_by_role("button", name="Save").click()
    expect(alerts.locator("#wish-url-fault")).to_contain_text("10.0.0.1")
    alerts.get_by_role("textbox", name="Address").fill(hook.url("/?status=503"))
    alerts.get_by_label("Not at all hours").check()
    alerts.get_by_label("Quiet from").fill("03:00")
    alerts.get_by_role("button", name="Save").click()
    alerts.get_by_role("button", name="Send a test").click()
    entry = alerts.get_by_role("region", name="Deliveries").locator("ol > li")
    expect(entry).to_contain_text(re.compile(r"Waiting, next try in.*Attempt 1: 503 in \d+ ms"))
    alerts.get_by_role("button", name="Edit").click()
    expect(alerts.get_by_label("Quiet from")).to_have_value("03:00")
    alerts.get_by_label("Not at all hours").uncheck()
    alerts.get_by_label("One alert in").fill("5")
    alerts.get_by_role("button", name="Save").click()
    expect(alerts.get_by_text("one in 5 min")).to_be_visible()
    with server.api() as api:
        (changed,) = api.get("/api/subscriptions").json()["subscriptions"]
    assert (changed["quiet"], changed["cooldown"]) == (None, 300)
    alerts.get_by_role("button", name="Switch off").click()
    expect(alerts.get_by_role("button", name="Send a test")).to_be_disabled()
    alerts.get_by_role("button", name="Delete").click()
    alerts.get_by_role("group").get_by_role("button", name="Delete").click()
    expect(alerts.get_by_role("heading", name="Nobody is told yet")).to_be_visible()


@pytest.mark.mapless
def test_a_chat_is_told_in_its_own_words_and_the_link_shows_the_event(
    alerts: Page, server: RunningServer, hook: Receiver, watched: Watched
) -> None:
    """In German, where the rule is a sentence with its verb at the end."""
    watched.tolerated.append("422")
    alerts.evaluate("localStorage.setItem('tracker.language', 'de')")
    alerts.reload()
    alerts.get_by_role("button", name="Meldungen").click()
    alerts.get_by_role("button", name="Neues Abonnement").click()
    expect(alerts.locator("p.rule")).to_have_text(
        "Wenn ein Gerät ein Gebiet betritt oder verlässt, dann geht ein Webhook an eine Adresse."
    )
    alerts.get_by_role("textbox", name="Adresse").fill(hook.url("/?status=200"))
    alerts.get_by_label("Format").select_option("Discord")
    alerts.get_by_role("textbox", name="Text").fill('{"content": "{title}: {place}, {nonsense}"}')
    alerts.get_by_role("button", name="Speichern").click()
    expect(alerts.get_by_role("alert")).to_contain_text("{nonsense}")
    alerts.get_by_role("textbox", name="Text").fill('{"content": "{title}: {place}"}')
    alerts.get_by_role("button", name="Speichern").click()
    deliveries = alerts.get_by_role("region", name="Zustellungen")
    expect(deliveries).to_be_visible()  # it is saved: what happens before it is told to nobody
    log = deliveries.locator("ol > li")
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*OUTSIDE)
        van.drive(*INSIDE)
        expect(log.first).to_contain_text("Betreten · \u2068Old Port\u2069 · \u2068Van 12\u2069")
        expect(log.first).to_contain_text("Zugestellt")
    said = hook.received()[0]["message"]["content"]
    assert re.fullmatch(r"Van 12 entered Old Port: \d+ km [a-z-]+ of \w+", said), said
    with server.api() as api:
        number = api.get("/api/events?type=enter").json()["events"][-1]["id"]
    opened = alerts.context.new_page()  # with a map
    watched.watch(opened)
    opened.goto(f"{server.url}/?event={number}")
    evidence = opened.locator(".evidence")
    expect(evidence.locator(".near")).to_contain_text(re.compile(r"^\d+ km \S+ von \S+$"))
    assert opened.url.endswith(f"?event={number}")
    until(opened, f"() => Math.abs({MAP}.getCenter().lng - {INSIDE[0]}) < 0.001")


NOTE = """() => {
    const show = ServiceWorkerRegistration.prototype.showNotification;
    self.asked = [];
    ServiceWorkerRegistration.prototype.showNotification = function (title, options) {
        self.asked.push([title, options.body]);
        return show.call(this, title, options);
    };
}"""


@PUSHED
@pytest.mark.mapless
def test_what_is_pushed_becomes_a_notification(alerts: Page, server: RunningServer) -> None:
    """A push service cannot be reached from a test: the browser is given the message as if one had brought it.

    Where nothing on the machine shows notifications, the browser takes each away again within milliseconds, and
    `getNotifications()`, which one would be tempted to ask, is empty: so what the browser was asked to show is noted.
    """
    devtools = alerts.context.new_cdp_session(alerts)
    registrations: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: registrations.extend(each["registrationId"] for each in told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    alerts.evaluate("""async () => {
        const {active} = await navigator.serviceWorker.ready;
        while (active.state !== 'activated') await new Promise(done => setTimeout(done, 20)); }""")
    end = time.monotonic() + PATIENCE_MS / 1000
    while not (alerts.context.service_workers and registrations):  # the page has asked for its worker by itself
        assert time.monotonic() < end, "the page has no worker"
        alerts.wait_for_timeout(20)
    worker = alerts.context.service_workers[-1]
    worker.evaluate(NOTE)
    message = {"title": "Van 12 entered Old Port", "body": "10:00, event 7", "url": "https://elsewhere.example/"}
    push = {"origin": server.url, "registrationId": registrations[-1], "data": json.dumps(message)}
    devtools.send("ServiceWorker.deliverPushMessage", push)
    while not (told := worker.evaluate("self.asked")):
        assert time.monotonic() < end, "nothing was shown"
        alerts.wait_for_timeout(20)
    assert told == [[message["title"], message["body"]]]


@PUSHED
@pytest.mark.mapless
def test_this_browser_is_subscribed(alerts: Page, server: RunningServer) -> None:
    """No push service can be reached, so the browser is given what one would have answered."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    coded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (key, b"sixteen bytes...")]
    given = {"endpoint": "https://127.0.0.1:9/push", "keys": dict(zip(("p256dh", "auth"), coded, strict=True))}
    alerts.evaluate(
        """given => { PushManager.prototype.subscribe = async options => {
            window.signedBy = new Uint8Array(options.applicationServerKey);
            return {toJSON: () => given}; }; }""",
        given,
    )
    alerts.get_by_role("button", name="New subscription").click()
    alerts.get_by_label("This browser").check()
    alerts.get_by_role("button", name="Save").click()
    alerts.get_by_role("button", name="Edit").click()
    alerts.get_by_label("Name").fill("My phone")
    alerts.get_by_role("button", name="Save").click()
    expect(alerts.get_by_role("heading", name="My phone")).to_be_visible()
    with server.api() as api:
        (made,) = api.get("/api/subscriptions").json()["subscriptions"]
    assert (made["channel"]["kind"], made["channel"]["endpoint"]) == ("webpush", given["endpoint"])
    assert alerts.evaluate("[signedBy.length, signedBy[0]]") == [65, 4], "a point that is not compressed"
