"""People at the page: the second factor, passkeys in Chromium's own authenticator, what an account shows."""

import json
import time
from base64 import b32decode
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FRUGAL, NO_WEBGL, Watched
from tests.browser.driving import vehicle
from tests.browser.finger import lay_finger
from tests.browser.looking import HERE, start_at
from tests.databases import Databases, copied
from tests.integration.people import GOOD
from tests.running import RunningServer, running
from tracker.model.totp import STEP, make_code

ANN, CID, EVE, FAY = "ann@example.org", "cid@example.org", "eve@example.org", "fay@example.org"


@pytest.fixture(scope="module")
def inhabited(databases: Databases) -> Iterator[RunningServer]:
    """Its people stay, so it is not the server of the other tests. By its name: a passkey is bound to one."""
    settings = {
        "TRACKER_SMTP_URL": "smtp://127.0.0.1:9",  # named, and never sent to
        "TRACKER_SMTP_FROM": "Tracker <alerts@example.org>",
        "TRACKER_OIDC_ISSUER": "http://127.0.0.1:9",
        "TRACKER_OIDC_CLIENT_ID": "tracker",
        "TRACKER_OIDC_NAME": "Example Login",
    }
    with copied(databases) as url, running(url, **settings) as server:
        server.address = server.address.replace("127.0.0.1", "localhost")
        with server.api() as api:
            for email in (ANN, "bob@example.org"):
                api.post("/api/people", json={"email": email, "password": GOOD, "owner": True}).raise_for_status()
            made = api.post("/api/people", json={"email": CID, "password": GOOD, "name": "Cid"})
            api.post("/api/groups", json={"id": "north", "name": "North"})
            api.put(f"/api/groups/north/people/{made.json()['id']}", json={"role": "viewer"}).raise_for_status()
        yield server


@pytest.fixture
def server(inhabited: RunningServer) -> RunningServer:
    return inhabited


@pytest.fixture
def door(page: Page, server: RunningServer, watched: Watched) -> Page:
    watched.tolerated += ["401", "422"]  # Chromium writes to the console what was refused
    page.goto(server.url)
    expect(page.get_by_label("E-mail address")).to_be_focused()
    return page


def fill_in(door: Page, email: str) -> None:
    door.get_by_label("E-mail address").fill(email)
    door.get_by_label("Password").fill(GOOD)
    door.get_by_role("button", name="Sign in", exact=True).click()


def open_account(page: Page) -> Page:
    expect(page.locator(".badge")).to_contain_text("Live")
    page.get_by_role("button", name="Account and people").click()
    return page


def sign_out(page: Page) -> None:
    page.evaluate("fetch('/api/session', {method: 'DELETE'}).then(() => location.replace('/'))")  # as the button does
    expect(page.get_by_label("E-mail address")).to_be_visible()


def leave(page: Page, server: RunningServer, *devices: str) -> None:
    """For a page that asks nothing of devices: what is asked about one that is gone is an error on the console."""
    page.goto(f"{server.url}/track")
    for id in devices:
        assert page.evaluate("id => fetch(`/api/devices/${id}`, {method: 'DELETE'}).then((answer) => answer.ok)", id)


def show_code(secret: str, step: int) -> str:
    return make_code(b32decode(secret.replace(" ", "")), step * STEP)


@pytest.mark.mapless
def test_a_second_factor_is_set_up_and_asked_for(door: Page) -> None:
    fill_in(door, ANN)
    account = open_account(door)
    account.locator("summary", has_text="Second factor").click()
    account.locator("#factor-password").fill(GOOD)
    account.get_by_role("button", name="Set up").click()
    expect(account.get_by_role("img", name="QR code")).to_be_visible()
    secret = account.locator("details code").inner_text()
    account.get_by_label("Code", exact=True).fill("000000")
    account.get_by_role("button", name="Turn on").click()
    expect(account.get_by_role("alert").filter(has_text="is its clock right")).to_be_visible()
    used = int(time.time()) // STEP
    account.get_by_label("Code", exact=True).fill(show_code(secret, used))
    account.get_by_role("button", name="Turn on").click()
    expect(account.locator(".codes li")).to_have_count(10)
    spare = account.locator(".codes li").first.inner_text()
    account.get_by_role("button", name="I have kept them").click()
    expect(account.get_by_text("10 recovery codes are left")).to_be_visible()
    sign_out(door)
    fill_in(door, ANN)
    expect(door.get_by_text("Your second factor is on")).to_be_visible()
    expect(door.get_by_label("Code", exact=True)).to_be_focused()
    door.get_by_label("Code", exact=True).fill("123456")
    door.get_by_role("button", name="Sign in", exact=True).click()
    expect(door.get_by_text("This code is wrong, or was used")).to_be_visible()
    door.get_by_label("Code", exact=True).fill(spare)
    door.get_by_role("button", name="Sign in", exact=True).click()
    account = open_account(door)
    account.locator("summary", has_text="Second factor").click()
    expect(account.get_by_text("9 recovery codes are left")).to_be_visible()
    account.locator("#factor-password").fill(GOOD)
    account.get_by_label("Code", exact=True).fill(show_code(secret, max(used + 1, int(time.time()) // STEP)))
    account.get_by_role("button", name="Turn off").click()
    expect(account.get_by_role("button", name="Set up")).to_be_visible()


@pytest.mark.mapless
def test_a_passkey_is_made_signs_in_and_is_removed(door: Page) -> None:
    lay_finger(door)
    fill_in(door, "bob@example.org")
    account = open_account(door)
    account.locator("summary", has_text="Passkeys").click()
    account.get_by_label("Name of the passkey").fill("laptop")
    account.locator("#passkey-password").fill("not the password")
    account.get_by_role("button", name="Make a passkey").click()
    expect(account.get_by_text("This is not your password")).to_be_visible()
    account.locator("#passkey-password").fill(GOOD)
    account.get_by_role("button", name="Make a passkey").click()
    expect(account.get_by_text("not used yet")).to_be_visible()
    sign_out(door)
    door.get_by_role("button", name="Sign in with a passkey").click()
    account = open_account(door)
    expect(account.locator(".self")).to_contain_text("bob@example.org")
    account.locator("summary", has_text="Passkeys").click()
    expect(account.get_by_text("last used")).to_be_visible()
    account.get_by_role("listitem").filter(has_text="laptop").get_by_role("button", name="Remove").click()
    account.get_by_role("group", name="Remove this passkey?").get_by_role("button", name="Remove").click()
    expect(account.get_by_text("last used")).to_have_count(0)
    sign_out(door)
    expect(door.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


@pytest.mark.mapless
def test_two_phones_of_a_person_are_one_in_the_list(door: Page, server: RunningServer) -> None:
    with server.api() as api, vehicle(server, "old", "Old phone") as old, vehicle(server, "new", "New phone") as new:
        old.drive(*HERE, ago=5.0)
        new.drive(*HERE)
        ann = next(each["id"] for each in api.get("/api/people").json()["people"] if each["email"] == ANN)
        assert all(api.patch(f"/api/devices/{id}", json={"person": ann}).is_success for id in ("old", "new"))
        fill_in(door, ANN)
        expect(door.get_by_role("option", name="New phone")).to_be_visible()
        expect(door.get_by_role("option", name="Old phone")).to_have_count(0)
        leave(door, server, "old", "new")


def open_own(door: Page, api: httpx2.Client, id: str, name: str) -> None:
    """The device is Ann's from now on, and she looks at its card."""
    ann = next(each["id"] for each in api.get("/api/people").json()["people"] if each["email"] == ANN)
    assert api.patch(f"/api/devices/{id}", json={"person": ann}).is_success
    fill_in(door, ANN)
    door.get_by_role("option", name=name).click()


@pytest.mark.mapless
def test_a_person_hides_a_device_of_ones_own_and_sees_who_watches(door: Page, server: RunningServer) -> None:
    with server.api() as api, vehicle(server, "phone", "Ann's phone") as phone:
        phone.drive(*HERE)
        open_own(door, api, "phone", "Ann's phone")
        card = door.locator(".detail.card")
        card.get_by_role("button", name="Pause").click()
        expect(card.locator(".hidden-now")).to_contain_text("Paused to others until")
        card.get_by_role("button", name="Show exactly again").click()
        expect(card.locator(".hidden-now")).to_have_count(0)
        card.get_by_role("button", name="Be vague").click()
        expect(card.locator(".hidden-now")).to_contain_text("Vague to others until")
        card.get_by_text("Who watches").click()
        expect(card.locator(".watched")).to_contain_text("Nobody else.")
        leave(door, server, "phone")


@pytest.mark.mapless
def test_an_account_is_there_also_where_nobody_says_its_groups(door: Page, watched: Watched) -> None:
    watched.tolerated.append("503")
    door.route("**/api/groups?*", lambda route: route.fulfill(status=503, json={"detail": "later"}))
    fill_in(door, CID)
    account = open_account(door)
    expect(account.locator(".self")).to_contain_text("north: ")  # by its id
    expect(account.get_by_text("this browser", exact=True)).to_be_visible()


@pytest.mark.mapless
def test_a_viewer_makes_alerts_of_its_own(door: Page) -> None:
    expect(door.get_by_role("button", name="Sign in with Example Login")).to_be_visible()
    fill_in(door, CID)
    expect(door.locator(".badge")).to_contain_text("Live")
    door.get_by_role("button", name="Alerts").click()
    door.get_by_role("button", name="New subscription").click()
    expect(door.get_by_text("To the address of your account")).to_be_visible()
    expect(door.get_by_role("radio")).to_have_count(2)  # this browser, and one's own address
    door.get_by_label("Name").fill("My alerts")
    door.get_by_role("button", name="Save").click()
    expect(door.get_by_text(CID).first).to_be_visible()
    account = open_account(door)
    account.locator("summary", has_text="Your data").click()
    link = account.get_by_role("link", name="Download it as a zip")
    with door.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.endswith(".zip") and download.value.path().stat().st_size > 1000
    account.get_by_role("button", name="Delete my account").click()
    account.get_by_role("group", name="Delete it for good").get_by_role("button", name="Delete my account").click()
    expect(door.get_by_label("E-mail address")).to_be_visible()
    fill_in(door, CID)
    expect(door.get_by_text("do not belong together")).to_be_visible()


@pytest.mark.mapless
def test_a_group_is_made_filled_and_seen_as_a_view(door: Page, server: RunningServer) -> None:
    """By the owner; who is in it lists its devices alone, and is told its role."""
    with server.api() as api, vehicle(server, "tram", "Tram 4") as tram, vehicle(server, "bus", "Bus 7") as bus:
        api.post("/api/people", json={"email": "dora@example.org", "password": GOOD, "name": "Dora"})
        tram.drive(*HERE)
        bus.drive(*HERE)
        fill_in(door, ANN)
        account = open_account(door)
        account.get_by_label("Name of a new group").fill("Harbour")
        account.get_by_role("button", name="Make the group").click()
        account.locator(".groups summary", has_text="Harbour").click()
        group = account.locator(".groups details", has_text="Harbour")
        group.get_by_label("Add somebody…").select_option(label="Dora (dora@example.org)")
        with door.expect_response(lambda each: each.request.method != "GET"):  # shown before it is stored
            group.get_by_label("Role of Dora").select_option("dispatcher")
        group.get_by_label("Add a device…").select_option(label="Tram 4")
        expect(group.get_by_role("button", name="Take Tram 4 out")).to_be_visible()
        (made,) = [each for each in api.get("/api/groups").json()["groups"] if each["name"] == "Harbour"]
        expect(account.locator(".roles", has_text="Harbour: dispatcher")).to_have_count(1)
        account.get_by_role("button", name="Close").first.click()
        door.get_by_label("Group").select_option(label="Harbour")
        expect(door.get_by_role("option", name="Tram 4")).to_be_visible()
        expect(door.get_by_role("option", name="Bus 7")).to_have_count(0)
        sign_out(door)
        fill_in(door, "dora@example.org")
        expect(door.get_by_label("Group").locator("option", has_text="Harbour")).to_contain_text("(dispatcher)")
        expect(door.get_by_role("option", name="Tram 4")).to_be_visible()
        door.get_by_role("option", name="Tram 4").click()
        expect(door.locator(".rights")).to_contain_text("You may see, write to, and share it.")
        door.goto(f"{server.url}/track")
        assert all(api.delete(f"/api/devices/{id}").is_success for id in ("tram", "bus"))
        assert api.delete(f"/api/groups/{made['id']}").is_success


@pytest.mark.mapless
def test_a_device_of_ones_own_is_shown_to_a_group(door: Page, server: RunningServer) -> None:
    with server.api() as api, vehicle(server, "watch", "Ann's watch") as watch:
        watch.drive(*HERE)
        open_own(door, api, "watch", "Ann's watch")
        shown = door.get_by_role("group", name="Shown to")
        expect(shown).to_contain_text("Only you see it.")
        with door.expect_response(lambda each: each.request.method != "GET"):  # shown before it is stored
            shown.get_by_label("North").check()
        expect(shown).not_to_contain_text("Only you see it.")
        members = api.get("/api/groups/north/devices").json()["members"]
        assert [each["id"] for each in members] == ["watch"]
        with door.expect_response(lambda each: each.request.method != "GET"):
            shown.get_by_label("North").uncheck()
        expect(shown).to_contain_text("Only you see it.")
        leave(door, server, "watch")


@pytest.fixture
def managed(door: Page, server: RunningServer) -> Iterator[httpx2.Client]:
    """Two groups that Fay manages, a device in the first, all gone afterwards, also where the test fails."""
    with server.api() as api, vehicle(server, "child", "Mia") as child:
        child.drive(*HERE)
        fay = api.post("/api/people", json={"email": FAY, "password": GOOD, "name": "Fay"}).json()["id"]
        for group in ("east", "west"):
            api.post("/api/groups", json={"id": group, "name": group.title()}).raise_for_status()
            api.put(f"/api/groups/{group}/people/{fay}", json={"role": "manager"}).raise_for_status()
        api.put("/api/groups/east/devices/child").raise_for_status()
        try:
            yield api
        finally:
            leave(door, server)
            drawn = [f"geofences/{each['id']}" for each in api.get("/api/geofences").json()["features"]]
            for path in (*drawn, "devices/child", "groups/east", "groups/west", f"people/{fay}"):
                api.delete(f"/api/{path}")  # what the test took away itself is gone already


def test_who_manages_several_groups_picks_one_and_gets_back_what_lost_it(door: Page, managed: httpx2.Client) -> None:
    start_at(door, *HERE)
    door.reload()
    fill_in(door, FAY)
    door.get_by_role("option", name="Mia").click()
    door.locator(".detail").get_by_role("button", name="Share").click()
    door.get_by_role("button", name="Draw a place to hide").click()
    door.get_by_role("button", name="Put it in the middle of the map").click()
    door.get_by_label("Group").select_option(label="West")
    door.get_by_role("button", name="Save").click()
    door.get_by_role("dialog").get_by_role("button", name="Close").click()
    (drawn,) = managed.get("/api/geofences").json()["features"]
    holding = {"geofence": drawn["id"]}
    assert [each["id"] for each in managed.get("/api/groups", params=holding).json()["groups"]] == ["west"]
    door.keyboard.press("g")
    expect(door.locator(".fence")).to_have_count(1)
    expect(door.get_by_role("button", name="Draw circle")).to_be_visible()  # a manager draws as an admin does
    yard = {
        "type": "Feature",
        "id": "yard",
        "geometry": drawn["geometry"],
        "properties": {"name": "Yard", "radius": 50},
    }
    file = {"name": "yard.geojson", "mimeType": "application/json", "buffer": json.dumps(yard).encode()}
    door.get_by_label("Import a file").set_input_files(file)  # type: ignore[arg-type]
    with door.expect_response(lambda each: "group=west" in each.url and "dry_run=true" in each.url):
        door.get_by_label("Group").select_option(label="West")
    door.get_by_role("button", name="Import 1").click()
    expect(door.locator(".fence")).to_have_count(2)
    assert [each["id"] for each in managed.get("/api/groups", params={"geofence": "yard"}).json()["groups"]] == ["west"]
    door.get_by_role("button", name="Undo the import").click()
    expect(door.locator(".fence")).to_have_count(1)
    door.keyboard.press("Control+z")
    expect(door.locator(".fence")).to_have_count(0)
    managed.delete("/api/groups/west").raise_for_status()
    door.keyboard.press("Control+Shift+z")
    expect(door.get_by_text("None of the groups it was in")).to_contain_text("East")
    assert [each["id"] for each in managed.get("/api/groups", params=holding).json()["groups"]] == ["east"]


@pytest.mark.mapless
def test_an_owner_reads_what_was_done(door: Page) -> None:
    fill_in(door, ANN)
    account = open_account(door)
    account.get_by_text("What was done").click()
    account.get_by_label("Search by person, deed or thing").fill("person.made")
    expect(account.get_by_role("listitem").filter(has_text="person.made").first).to_be_visible()
    account.get_by_label("Search by person, deed or thing").fill("no such thing")
    expect(account.get_by_text("Nothing found.")).to_be_visible()


@pytest.mark.mapless
def test_a_view_comes_along_to_another_computer(door: Page, server: RunningServer, chromium: Browser) -> None:
    with server.api() as api:
        made = api.post("/api/people", json={"email": EVE, "password": GOOD, "name": "Eve"})
        api.put(f"/api/groups/north/people/{made.json()['id']}", json={"role": "viewer"}).raise_for_status()
    fill_in(door, EVE)
    expect(door.locator(".badge")).to_contain_text("Live")
    door.keyboard.press("v")
    kept = door.get_by_role("region", name="Views")
    kept.get_by_label("Keep what is shown now as").fill("Night shift")
    door.keyboard.press("Enter")
    expect(kept.get_by_role("button", name="Night shift", exact=True)).to_be_visible()
    elsewhere = chromium.new_context(**FRUGAL, viewport={"width": 960, "height": 540})
    page = elsewhere.new_page()
    page.add_init_script(NO_WEBGL)
    page.goto(server.url)
    fill_in(page, EVE)
    expect(page.locator(".badge")).to_contain_text("Live")
    page.keyboard.press("v")
    expect(page.get_by_role("button", name="Night shift", exact=True)).to_be_visible()
    elsewhere.close()
