"""A real Chromium and a real server, one of each for all tests here; each test leaves the server without devices.

Every page is watched: no foreign request, no error on the console, no dialog.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from os import environ
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.databases import Databases, copied
from tests.running import ADMIN_TOKEN, RunningServer, running
from tracker.setup.browser import find_chromium

# A page gives up a connection after 15 seconds and begins another; a machine with other things to do needs as long.
HASTE = "WebSocket is closed before the connection is established"
# WebGL in software: the same picture on every machine, and there need be no GPU.
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-gpu-compositing",  # the map alone needs one, and all else costs less without
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a page is opened with where a test does not ask for more: without a worker of its own to start, nor frames
# between where a thing was and where it goes. A quarter of what it costs to look at a page with a map, an eighth
# without one.
FRUGAL: dict[str, Any] = {"service_workers": "block", "reduced_motion": "reduce"}
NO_WEBGL = """
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
        return kind.startsWith('webgl') ? null : get.call(this, kind, ...more);
    };
"""
PATIENCE_MS = 60_000  # two cores that also run the server, PostgreSQL and a software GPU

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = find_chromium(environ)
    assert found, "the page is tested in Chromium, and there is none: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def town(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"TRACKER_PRIVATE_RECEIVERS": "127.0.0.0/8", "TRACKER_DATA": str(tmp_path_factory.mktemp("data"))}
    with copied(databases) as url, running(url, **settings) as server:
        yield server


@pytest.fixture
def server(town: RunningServer) -> Iterator[RunningServer]:
    """The server of all tests, emptied after each."""
    yield town
    town.empty()


@dataclass
class Watched:
    """What no page may do. `tolerated`: parts of messages on the console that the test itself provokes; what is thrown
    and caught by nobody is tolerated nowhere."""

    origin: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    thrown: list[str] = field(default_factory=list)
    tolerated: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self.requested(request.url))
        page.on("console", self.logged)
        page.on("pageerror", self.failed)
        page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))

    def requested(self, url: str) -> None:
        if not url.startswith((self.origin, self.origin.replace("http", "ws"), "blob:", "data:")):
            self.foreign.append(url)

    def logged(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def failed(self, error: Error) -> None:
        self.thrown.append(str(error))

    def check(self) -> None:
        assert self.foreign == []
        assert self.thrown == []
        found = [error for error in self.errors if not any(part in error for part in self.tolerated)]
        hasty = [error for error in found if HASTE in error]
        assert [error for error in found if error not in hasty[:1]] == []


@pytest.fixture
def watched(server: RunningServer) -> Iterator[Watched]:
    watched = Watched(server.url)
    yield watched
    watched.check()


@pytest.fixture
def options() -> dict[str, Any]:
    """Of the browser's context, beside what is frugal; a test that needs others says so by parametrizing."""
    return {}


@pytest.fixture
def context(chromium: Browser, server: RunningServer, options: dict[str, Any]) -> Iterator[BrowserContext]:
    """Closed before the server is emptied: what a page asks for to the last is still there."""
    context = chromium.new_context(**(FRUGAL | {"viewport": {"width": 960, "height": 540}} | options))
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, context: BrowserContext, watched: Watched) -> Page:
    """Empty as yet."""
    page = context.new_page()
    watched.watch(page)
    if request.node.get_closest_marker("mapless"):
        page.add_init_script(NO_WEBGL)
    return page


@pytest.fixture
def dashboard(page: Page, server: RunningServer) -> Page:
    """Signed in by the link that the terminal shows, and live."""
    return enter(page, server)


def enter(page: Page, server: RunningServer, token: str = ADMIN_TOKEN) -> Page:
    """By a link. To open the map costs four seconds of a processor."""
    page.goto(f"{server.url}/#token={token}")
    expect(page.locator(".badge")).to_contain_text("Live")
    return page


def let_in(page: Page, server: RunningServer, token: str = ADMIN_TOKEN) -> None:
    """Who opens a page next is signed in, and has opened none for it."""
    session, origin = f"{server.url}/api/session", {"Origin": server.url}
    answer = page.context.request.post(session, data={"token": token}, headers=origin)
    assert answer.ok, answer.text()
