"""What the page says of itself: loading, wrong, not allowed, slow, lost, catching up, old, without a map, offline."""

import os
import signal
from functools import partial
from typing import Final

from playwright.sync_api import Page, Route, expect

from bench.pictures.studio import PATIENCE_MS, Screen, Studio, enter
from bench.pictures.town import Town
from tests.browser.looking import promised
from tests.browser.test_states import hold_back_places, say_nothing
from tests.running import ADMIN_TOKEN, RunningServer

# What is read by HTTP does not come, or is refused: what becomes of a path of the API.
FAILING: Final = {"loading": None, "error": 500}
NO_WEBGL: Final = """
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
        return kind.startsWith('webgl') ? null : get.call(this, kind, ...more);
    };"""


def take(studio: Studio, town: Town) -> None:
    server = town.server
    studio.take_each(
        server,
        {"viewer": Screen("?device=van-1"), "viewer-fence": Screen("?pane=geofences&fence=school")},
        viewer(server),
    )
    for width in studio.widths:
        take_failing(studio, server, width)
        take_without_map(studio, server, width)
        take_away(studio, server, width)
        take_stopped(studio, town, width)


def viewer(server: RunningServer) -> str:
    with server.api() as api:
        return str(api.post("/api/tokens", json={"kind": "viewer", "name": "a viewer"}).json()["token"])


def answer_with(status: int | None, route: Route) -> None:
    """None: it does not come."""
    if status is not None:
        route.fulfill(status=status, json={})


def take_failing(studio: Studio, server: RunningServer, width: int) -> None:
    """Who may only look, and whose session ends."""
    with server.api() as api:
        token = api.post("/api/tokens", json={"kind": "viewer", "name": "for a while"}).json()
    with studio.opened(width) as page:
        enter(page, server, token["token"])
        page.route_web_socket("**/ws/live", hold_back_places)
        page.goto(server.url)
        expect(page.locator(".badge")).to_have_attribute("data-health", "catching-up")
        studio.take(page, "catching-up")
        page.route_web_socket("**/ws/live", say_nothing)
        for name, status in FAILING.items():
            page.route("**/api/devices?*", partial(answer_with, status))
            page.goto(server.url)
            studio.take(page, name)
            page.unroute("**/api/devices?*")
    with studio.opened(width) as page:
        enter(page, server, token["token"])
        with server.api() as api:
            api.delete(f"/api/tokens/{token['id']}").raise_for_status()
        expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE_MS)
        studio.take(page, "session-ended")


def take_without_map(studio: Studio, server: RunningServer, width: int) -> None:
    with studio.opened(width) as page:
        page.add_init_script(NO_WEBGL)
        enter(page, server)
        studio.take(page, "no-webgl")
        page.goto(f"{server.url}/?device=van-1")
        studio.take(page, "no-webgl-card")


def take_away(studio: Studio, server: RunningServer, width: int) -> None:
    """The page is opened and there is no network."""
    with studio.opened(width) as page:
        enter(page, server)
        promised(page, "caches.match('./').then((kept) => kept !== undefined)")
        page.context.set_offline(True)
        page.goto(f"{server.url}/")
        expect(page.locator(".away")).to_be_visible()
        studio.take(page, "offline")


def take_stopped(studio: Studio, town: Town, width: int) -> None:
    """Nobody reports meanwhile; who was cut off by it connects again afterwards."""
    if not any(studio.wants(name) for name in ("slow", "lost")):
        return
    with studio.opened(width) as page:
        enter(page, town.server, ADMIN_TOKEN)
        with town.lock:
            stop(page, town.server, studio)


def stop(page: Page, server: RunningServer, studio: Studio) -> None:
    badge = page.locator(".badge")
    os.kill(server.pid, signal.SIGSTOP)
    try:
        for health in ("slow", "lost"):
            expect(badge).to_have_attribute("data-health", health, timeout=PATIENCE_MS)
            width = page.evaluate("innerWidth")
            page.screenshot(path=studio.folder / f"{health}-{width}-light.png")  # at once: it does not last
            if health == "lost":
                studio.take(page, health)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    expect(badge).to_have_attribute("data-health", "live", timeout=PATIENCE_MS)
