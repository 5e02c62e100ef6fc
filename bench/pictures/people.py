"""The screens of people: the door, who is asked in, the account with all it holds, groups, passkeys, codes."""

import time
from base64 import b32decode
from typing import Final

from playwright.sync_api import Page, expect

from bench.pictures.studio import PATIENCE_MS, Screen, Studio, heighten, size_at
from tests.browser.finger import lay_finger
from tests.integration.people import GOOD
from tests.running import RunningServer
from tracker.model.totp import STEP, make_code

ANN, BOB, CID = "ann@example.org", "bob@example.org", "cid@example.org"
MAIL: Final = {
    "TRACKER_SMTP_URL": "smtp://127.0.0.1:9",  # named, and never sent to
    "TRACKER_SMTP_FROM": "Tracker <alerts@example.org>",
}
SETTINGS: Final = MAIL | {
    "TRACKER_OIDC_ISSUER": "http://127.0.0.1:9",
    "TRACKER_OIDC_CLIENT_ID": "tracker",
    "TRACKER_OIDC_NAME": "Example Login",
}
FIRST: Final = {"account-first": Screen("?open=account", whole=True)}


def take(studio: Studio, server: RunningServer) -> None:
    """By its name: a passkey is bound to one."""
    server.address = server.address.replace("127.0.0.1", "localhost")
    studio.take_each(server, FIRST)
    for width in studio.widths:
        with studio.opened(width) as page:
            page.goto(server.url)
            expect(page.locator("#token")).to_be_visible()
            studio.take(page, "door-first")
    people = settle(server)
    for width in studio.widths:
        take_door(studio, server, width, people)
        take_account(studio, server, width)


def settle(server: RunningServer) -> dict[str, int]:
    with server.api() as api:
        found = {}
        for email, more in ((ANN, {"owner": True, "name": "Ann"}), (BOB, {"owner": True}), (CID, {"name": "Cid"})):
            made = api.post("/api/people", json={"email": email, "password": GOOD} | more)
            found[email] = int(made.raise_for_status().json()["id"])
        api.post("/api/groups", json={"id": "north", "name": "North, the harbour and all of its ramps"})
        for email, role in ((ANN, "manager"), (CID, "viewer")):
            api.put(f"/api/groups/north/people/{found[email]}", json={"role": role}).raise_for_status()
        for number in range(3):
            api.post("/api/devices", json={"id": f"van-{number}", "name": f"Van {number}"}).raise_for_status()
            api.put(f"/api/groups/north/devices/van-{number}").raise_for_status()
    return found


def take_door(studio: Studio, server: RunningServer, width: int, people: dict[str, int]) -> None:
    with studio.opened(width) as page:
        page.goto(server.url)
        expect(page.locator("#email")).to_be_visible()
        studio.take(page, "door")
        fill_in(page, CID, "not the password")
        expect(page.get_by_role("alert")).to_be_visible()
        studio.take(page, "door-refused")
        page.locator(".ways button").first.click()
        page.locator("#email").fill(CID)
        studio.take(page, "door-forgotten")
        page.locator("button.primary").click()
        page.wait_for_timeout(1_000)
        studio.take(page, "door-link-sent")
        page.goto("about:blank")  # else only the fragment would change
        page.goto(f"{server.url}/#token=nonsense")
        expect(page.get_by_role("alert")).to_be_visible()
        studio.take(page, "door-token-refused")
    with server.api() as api:
        wanted = {"email": f"new-{width}@example.org", "group": "north", "role": "viewer"}
        invited = api.post("/api/invitations", json=wanted).raise_for_status().json()["link"]
        reset = api.post(f"/api/people/{people[CID]}/reset").raise_for_status().json()["link"]
    for name, link in (("door-invited", invited), ("door-new-password", reset)):
        with studio.opened(width) as page:
            page.goto(f"{server.url}/{link.partition('/#')[1].lstrip('/')}{link.partition('/#')[2]}")
            expect(page.locator("#new-password")).to_be_visible()
            studio.take(page, name)


def fill_in(page: Page, email: str, password: str = GOOD) -> None:
    page.locator("#email").fill(email)
    page.locator("#password").fill(password)
    page.locator("button.primary").click()


def open_account(page: Page, server: RunningServer) -> None:
    page.set_viewport_size(size_at(page.evaluate("innerWidth")))
    page.goto(f"{server.url}/?open=account")
    expect(page.locator(".account h3").first).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(500)


def open_all(page: Page) -> None:
    page.evaluate("for (const each of document.querySelectorAll('.account details')) each.open = true")
    page.wait_for_timeout(1_000)


def take_account(studio: Studio, server: RunningServer, width: int) -> None:
    with studio.opened(width) as page:
        page.goto(server.url)
        fill_in(page, ANN)
        expect(page.locator(".badge")).to_be_visible()
        open_account(page, server)
        studio.take(page, "account")
        open_all(page)
        heighten(page)
        studio.take(page, "account-open")
        take_factor(studio, server, page)
    with studio.opened(width) as page:
        lay_finger(page)
        page.goto(server.url)
        fill_in(page, BOB)
        expect(page.locator(".badge")).to_be_visible()
        open_account(page, server)
        page.locator("details:has(#passkey-name) summary").click()
        page.locator("#passkey-name").fill(f"laptop {width}")
        page.locator("#passkey-password").fill(GOOD)
        page.locator("form:has(#passkey-name) button.primary").click()
        page.wait_for_timeout(1_500)
        page.locator("details:has(#passkey-name)").scroll_into_view_if_needed()
        studio.take(page, "account-passkeys")
    with studio.opened(width) as page:
        page.goto(server.url)
        fill_in(page, CID)
        expect(page.locator(".badge")).to_be_visible()
        page.goto(f"{server.url}/?pane=alerts")
        page.locator(".alerts .making button").click()
        studio.take(page, "account-alert-of-own")
        open_account(page, server)
        open_all(page)
        heighten(page)
        studio.take(page, "account-viewer")


def take_factor(studio: Studio, server: RunningServer, page: Page) -> None:
    open_account(page, server)
    factor = page.locator("details:has(#factor-password)")
    factor.locator("summary").click()
    page.locator("#factor-password").fill(GOOD)
    factor.locator("button.primary").click()
    page.wait_for_timeout(1_000)
    secret = page.locator(".account details code").first.text_content() or ""
    heighten(page)
    studio.take(page, "account-factor")
    page.locator("#code").fill(make_code(b32decode(secret.replace(" ", "")), int(time.time()) // STEP * STEP))
    page.locator("form:has(#code) button.primary").click()
    expect(page.locator(".codes li").first).to_be_visible()
    studio.take(page, "account-recovery-codes")
    with server.api() as api:
        ann = api.get("/api/people").json()["people"][0]["id"]
        api.delete(f"/api/people/{ann}/second-factor")
