"""The page of a sharing link in Chromium, on a real server: opened by anybody, followed, framed, and ended."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.answering import answering
from tests.browser.conftest import FRUGAL, Watched
from tests.browser.driving import vehicle
from tests.browser.looking import until
from tests.browser.test_track import OFFLINE
from tests.integration.sharing import HOUR_MS, later
from tests.running import RunningServer

HOME = (24.9384, 60.1699)
PICTURES = os.environ.get("TRACKER_PICTURES")  # a folder to put pictures into, to look at


@contextmanager
def reader(chromium: Browser, server: RunningServer, watched: Watched, **context: Any) -> Iterator[Page]:
    """A browser of somebody who has nothing but a link."""
    opened = chromium.new_context(**FRUGAL | {"locale": "en-GB"} | context)
    try:
        page = opened.new_page()
        watched.watch(page)
        yield page
    finally:
        opened.close()


def share(server: RunningServer, **wish: Any) -> dict[str, Any]:
    with server.api() as api:
        body = {"devices": [{"id": "child", "alias": "mia", "name": "Mia"}], "until": later(HOUR_MS), **wish}
        made = api.post("/api/shares", json=body)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found


def test_a_link_is_followed_until_it_ends(chromium: Browser, server: RunningServer, watched: Watched) -> None:
    """A password first; then names, ages and a way; then nothing."""
    watched.tolerated += ["401", "404"]
    with vehicle(server, "child") as child, reader(chromium, server, watched) as page:
        for step in range(4):
            child.drive(HOME[0] + step * 0.0004, HOME[1], ago=40 - 10 * step)
        made = share(server, name="School run", password="open sesame", trail=600, **{"from": later(-HOUR_MS)})
        page.goto(made["url"])
        page.get_by_label("Password").fill("sesame")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the password.")
        page.get_by_label("Password").fill("open sesame")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("heading")).to_have_text("School run")
        expect(page.get_by_role("button", name="Mia")).to_be_visible()
        expect(page.locator(".dot bdi")).to_have_text("Mia")
        before = page.locator(".dot").bounding_box()
        child.drive(HOME[0] + 4 * 0.0004, HOME[1] + 0.0005)
        until(
            page,
            "before => { const { x, y } = document.querySelector('.dot').getBoundingClientRect();"
            " return Math.hypot(x - before.x, y - before.y) > 2; }",
            before,
        )
        take(page, "followed")
        with server.api() as api:
            assert api.delete(f"/api/shares/{made['id']}").status_code == 204
        expect(page.get_by_role("status")).to_have_text("This link has ended, or never was. Nothing is shown any more.")
        expect(page.locator(".dot")).to_have_count(0)
        assert (
            page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)") == "{}{}"
        )


def test_what_a_link_veils_is_said(chromium: Browser, server: RunningServer, watched: Watched) -> None:
    with vehicle(server, "child") as child:
        child.drive(*HOME, ago=20)
        made = share(server, blur=500)
        for scheme in ("light", "dark"):
            for width in (1440, 390):
                if scheme == "dark" and width == 1440 and not PICTURES:
                    continue
                size = {"width": width, "height": 844}
                with reader(chromium, server, watched, color_scheme=scheme, viewport=size) as page:
                    page.goto(made["url"])
                    expect(page.locator("p.facts")).to_have_text("only the area, about 500 m")
                    expect(page.locator(".dot.area")).to_be_visible()
                    assert page.evaluate("document.documentElement.scrollWidth") <= width
                    take(page, f"veiled-{scheme}-{width}")


def test_a_link_says_when_the_network_is_gone_and_goes_on_with_it(
    chromium: Browser, server: RunningServer, watched: Watched
) -> None:
    """What the map lacks is read then: here its worker, the last part of the page that comes."""
    watched.tolerated += [*OFFLINE, "Worker failed to load"]
    blocked = {"service_workers": "block"}  # what one keeps would come all the same
    with vehicle(server, "child") as child, reader(chromium, server, watched, **blocked) as page:
        child.drive(*HOME)
        worker = re.compile("/maplibre-gl-worker")
        page.route(worker, lambda route: route.abort())
        with page.expect_request(worker):
            page.goto(share(server)["url"])
        state = page.locator(".state")
        expect(state).to_have_attribute("data-state", "live")
        page.unroute(worker)
        page.context.set_offline(True)  # closes no socket
        expect(state).to_have_attribute("data-state", "lost")
        tiled = re.compile("/tiles/world.pmtiles")  # the worker is who asks for them
        with page.expect_response(tiled) as tiles, page.expect_response(worker) as answer:
            page.context.set_offline(False)
        assert answer.value.ok and tiles.value.ok
        expect(state).to_have_attribute("data-state", "live")


def test_the_map_of_a_link_comes_when_its_part_can_be_read(
    chromium: Browser, server: RunningServer, watched: Watched
) -> None:
    """The page is loaded anew for it, by itself where no password is lost with that."""
    watched.tolerated += [*OFFLINE, "401"]
    part, blocked = re.compile("/assets/map-"), {"service_workers": "block"}
    with vehicle(server, "child") as child, reader(chromium, server, watched, **blocked) as page:
        child.drive(*HOME, ago=4)
        page.route(part, lambda route: route.abort())
        page.goto(share(server, password="open sesame")["url"])
        page.get_by_label("Password").fill("open sesame")
        page.get_by_role("button", name="Open").click()
        again = page.get_by_role("button", name="Load the map again")
        expect(again).to_be_visible()
        expect(page.get_by_role("button", name="Mia")).to_contain_text("ago")  # after 10 s: longer than the first wait
        take(page, "mapless")
        again.click()
        expect(page.get_by_label("Password")).to_be_visible()
        page.goto("about:blank")
        page.goto(share(server)["url"])
        expect(again).to_be_visible()
        page.unroute(part)
        expect(page.locator(".dot bdi")).to_have_text("Mia")
        expect(page.get_by_role("button", name="Zoom in")).to_be_visible()
        expect(again).to_have_count(0)


class Site(BaseHTTPRequestHandler):
    """A page of somebody else, with a link in a frame."""

    framed = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{self.framed}" width="700" height="500"></iframe>'.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


def test_only_the_pages_a_link_names_may_frame_it(chromium: Browser, server: RunningServer, watched: Watched) -> None:
    watched.tolerated += ["frame-ancestors", "Framing", "404"]
    with vehicle(server, "child") as child, answering(Site) as mine, answering(Site) as other:
        child.drive(*HOME)
        watched.origin = "http://127.0.0.1"
        made = share(server, frames=[mine])
        code = made["url"].partition("#")[2]
        with reader(chromium, server, watched) as page:
            for framed, origin, is_shown in (
                (f"/s?embed={made['id']}", mine, True),
                (f"/s?embed={made['id']}", other, False),
                ("/s", mine, False),
                ("/", mine, False),
            ):
                Site.framed = f"{server.url}{framed}#{code}"
                page.goto(origin)
                frame = page.frame_locator("iframe")
                if is_shown:
                    expect(frame.get_by_role("button", name="Mia")).to_be_visible()
                else:
                    assert frame.locator("#app").count() == 0
            Site.framed = f"{server.url}/s?embed#{code}"
            page.goto(other)
            expect(page.frame_locator("iframe").get_by_role("status")).to_contain_text("may not be shown inside")


def take(page: Page, name: str) -> None:
    if PICTURES:
        page.wait_for_timeout(2_000)
        page.screenshot(path=f"{PICTURES}/{name}.png")


def test_a_device_is_shared_from_the_map(dashboard: Page, server: RunningServer) -> None:
    """The dialogue shows the very page that others will see; a link that is ended is off the list."""
    with vehicle(server, "child", "Mia") as child, vehicle(server, "other", "Otto") as other:
        child.drive(*HOME)
        other.drive(*HOME)
        place = {"type": "Point", "coordinates": [HOME[0] + 1, HOME[1]]}
        far = {"type": "Feature", "id": "school", "geometry": place, "properties": {"name": "School", "radius": 100}}
        server.new_geofence(far)
        dashboard.reload()
        dashboard.get_by_role("option", name="Mia").click()
        dashboard.locator(".detail").get_by_role("button", name="Share").click()
        dialogue = dashboard.get_by_role("dialog", name="Share a position")
        dialogue.get_by_label("Place").select_option("1000")
        dialogue.get_by_label("Trail behind it").select_option("60")
        dialogue.get_by_role("button", name="Draw a place to hide").click()
        dashboard.get_by_role("button", name="Put it in the middle of the map").click()
        dashboard.get_by_role("button", name="Save").click()
        drawn = dialogue.get_by_role("checkbox", name="Hidden place of Mia")
        expect(drawn).to_be_checked()
        expect(dialogue.get_by_label("Place", exact=True)).to_have_value("1000")
        with server.api() as api:
            hidden = api.get("/api/geofences").json()["features"]
        assert [each["properties"].get("enabled") for each in hidden if each["id"] != "school"] == [False]
        drawn.uncheck()  # else it would hide Mia from the page below
        dialogue.get_by_role("checkbox", name="School").check()
        dialogue.get_by_label("Ends on arrival at").select_option("school")
        dialogue.get_by_role("button", name="Make the link").click()
        expect(dialogue.locator("pre")).to_contain_text("/s#")
        with server.api() as api:
            (made,) = api.get("/api/shares").json()["shares"]
        assert (made["hide"], made["stop"], made["trail"], made["blur"]) == (["school"], "school", 3600, 1000)
        preview = dialogue.frame_locator("iframe")
        expect(preview.locator("p.facts")).to_contain_text("only the area")
        expect(preview.get_by_role("button", name="Mia")).to_be_visible()
        expect(preview.get_by_role("button", name="Otto")).to_have_count(0)  # whom the reader would see by the cookie
        take(dashboard, "dialogue")
        dialogue.get_by_role("button", name="Close").click()
        dashboard.locator(".detail").get_by_role("button", name="Share").click()
        links = dialogue.get_by_role("list", name="Links of this device")
        links.get_by_text("Who looked").click()
        expect(links.locator(".looks")).to_contain_text("127.0.0.1")
        links.get_by_role("button", name="End").click()
        expect(links).to_have_count(0)
        with server.api() as api:
            assert api.get("/api/shares").json() == {"shares": []}
