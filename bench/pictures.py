"""Every screen and state of the page as pictures, to look at: `python -m bench.pictures FOLDER [WIDTH ...]`.

At 320, 390, 1440 and 3840 px, in both themes; at 320 in German, whose words are long. It starts a server and a database
of its own, and stops that server for a moment to see what the page says of one that is slow, or gone. Nothing is
asserted.
"""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.driving import vehicle
from tests.browser.looking import HERE
from tests.databases import Databases, choose_memory, copied
from tests.running import ADMIN_TOKEN, RunningServer, running
from tracker.postgis.cluster import Cluster
from tracker.setup.browser import find_chromium

HEIGHTS: Final = {320: 640, 390: 844, 1440: 900, 3840: 2160}
THEMES: Final = ("light", "dark")
GERMAN: Final = 320  # px: there words have the least room
NAMES: Final = (
    "Ada's van",
    "Delivery van of the southern depot, a long name",
    "שליח 7",
    "Bus 12",
    "Kurier Jürgen",
)
DEPOT: Final = {
    "type": "Feature",
    "id": "depot",
    "geometry": {"type": "Point", "coordinates": [24.9430, 60.1700]},
    "properties": {"name": "Depot North", "radius": 120, "preset": "balanced"},
}
SETTLED_MS: Final = 1_500  # until tiles, cards and charts are there
Screen = Callable[[Page], object]


def press(keys: str) -> Screen:
    def act(page: Page) -> None:
        for key in keys.split():
            page.keyboard.press(key)

    return act


def open_card(page: Page) -> None:
    page.locator(".device").first.click()
    expect(page.locator(".detail")).to_be_visible()


def open_view(number: int) -> Screen:
    def act(page: Page) -> None:
        open_card(page)
        page.locator(".views button").nth(number).click()

    return act


def open_pane(pane: str) -> Screen:
    return lambda page: page.locator(f".tabs .to-{pane}").click()


def pick(page: Page) -> None:
    for number in range(3):
        page.locator(".device").nth(number).click(modifiers=["ControlOrMeta"])
    page.keyboard.press("f")


def miss(page: Page) -> None:
    page.goto(page.url.partition("?")[0] + "?device=ghost&inside=secret")


SCREENS: Final[dict[str, Screen]] = {
    "live": lambda page: None,
    "card": open_card,
    "messages": open_view(1),
    "charts": open_view(2),
    "several": pick,
    "views": press("v"),
    "filters": lambda page: page.locator(".more-filters .link").first.click(),
    "geofences": open_pane("geofences"),
    "alerts": open_pane("alerts"),
    "shortcuts": press("?"),
    "adding": lambda page: page.locator(".add").click(),
    "missing": miss,
    "account": lambda page: page.goto(page.url.partition("?")[0] + "?open=account"),
}
# What the server does not say, as it would look: a path of the API and what becomes of it.
FAILING: Final = {"loading": None, "error": 500}


def main(folder: Path, widths: list[int]) -> None:
    found = find_chromium(os.environ)
    assert found, "there is no Chromium"
    folder.mkdir(parents=True, exist_ok=True)
    with served() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        take_each(browser, server, folder, widths, {"empty": lambda page: None})
        with ExitStack() as stack:
            for number, name in enumerate(NAMES):
                van = stack.enter_context(vehicle(server, f"van-{number}", name))
                for step in range(12):
                    ago = 900 if number == 4 else 120 - 10 * step  # one of them is silent
                    van.drive(HERE[0] + 0.002 * number + 0.0003 * step, HERE[1], ago=ago, speed=8 + step, battery=0.6)
            server.new_geofence(DEPOT)
            take_each(browser, server, folder, widths, SCREENS)
            take_failing(browser, server, folder, widths)
            take_stopped(browser, server, folder, widths)
        browser.close()


@contextmanager
def served() -> Iterator[RunningServer]:
    """On a database in memory, gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="tracker-", dir=choose_memory()))
    place.chmod(0o711)
    cluster = Cluster(place / "data", durable=False)
    cluster.start()
    databases = Databases(cluster.url)
    databases.prepare()
    try:
        with copied(databases) as url, running(url, TRACKER_DATA=str(place)) as server:
            yield server
    finally:
        databases.close()
        cluster.stop()
        shutil.rmtree(place)


@contextmanager
def opened(browser: Browser, server: RunningServer, width: int, theme: str, token: str = ADMIN_TOKEN) -> Iterator[Page]:
    scheme: Literal["dark", "light"] = "dark" if theme == "dark" else "light"
    language = "de" if width == GERMAN else "en"
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]}, color_scheme=scheme, locale=language
    )
    page = context.new_page()
    page.goto(f"{server.url}/#token={token}")
    expect(page.locator(".badge")).to_contain_text("Live", timeout=60_000)
    yield page
    context.close()


def each_look(widths: list[int]) -> Iterator[tuple[int, str]]:
    for width in widths:
        for theme in THEMES:
            yield width, theme


def take(page: Page, folder: Path, name: str, width: int, theme: str) -> None:
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=folder / f"{name}-{width}-{theme}.png")
    print(f"{name}-{width}-{theme}.png", flush=True)


def take_each(
    browser: Browser, server: RunningServer, folder: Path, widths: list[int], screens: dict[str, Screen]
) -> None:
    for width, theme in each_look(widths):
        with opened(browser, server, width, theme) as page:
            for name, act in screens.items():
                page.goto(server.url)
                expect(page.locator(".badge")).to_contain_text("Live", timeout=60_000)
                act(page)
                take(page, folder, name, width, theme)


def answer_with(status: int | None, route: Route) -> None:
    """None: it does not come."""
    if status is not None:
        route.fulfill(status=status, json={})


def take_failing(browser: Browser, server: RunningServer, folder: Path, widths: list[int]) -> None:
    """What is read by HTTP does not come, or is refused; who may only look, and one whose session ends."""
    with server.api() as api:
        tokens = {
            (width, theme): api.post("/api/tokens", json={"kind": "viewer", "name": "a viewer"}).json()
            for width, theme in each_look(widths)
        }
    for width, theme in each_look(widths):
        token = tokens[width, theme]
        with opened(browser, server, width, theme, token["token"]) as page:
            open_card(page)
            take(page, folder, "viewer", width, theme)
            for name, status in FAILING.items():
                page.route("**/api/devices?*", partial(answer_with, status))
                page.route_web_socket("**/ws/live", lambda socket: None)  # it opens, and nothing is said
                page.goto(server.url)
                take(page, folder, name, width, theme)
                page.unroute("**/api/devices?*")
            page.goto(server.url)
            expect(page.locator(".badge")).to_contain_text("Live", timeout=60_000)
            with server.api() as api:
                api.delete(f"/api/tokens/{token['id']}").raise_for_status()
            expect(page.get_by_role("alert")).to_be_visible(timeout=60_000)
            take(page, folder, "session-ended", width, theme)


def take_stopped(browser: Browser, server: RunningServer, folder: Path, widths: list[int]) -> None:
    for width, theme in each_look(widths):
        with opened(browser, server, width, theme) as page:
            badge = page.locator(".badge")
            os.kill(server.pid, signal.SIGSTOP)
            try:
                for health in ("slow", "lost"):
                    expect(badge).to_have_attribute("data-health", health, timeout=60_000)
                    take(page, folder, health, width, theme)
            finally:
                os.kill(server.pid, signal.SIGCONT)
            expect(badge).to_have_attribute("data-health", "live", timeout=60_000)
            page.evaluate("tracker.healthChanged('catching up', tracker.feed.socket.link)")
            page.screenshot(path=folder / f"catching-up-{width}-{theme}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(each) for each in sys.argv[2:]] or list(HEIGHTS))
