"""A wall: the page without controls, which comes back by itself and does not grow."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, let_in
from tests.browser.driving import Vehicle, vehicle
from tests.browser.looking import HERE, MAP, start_at, until, until_whole
from tests.browser.test_track import OFFLINE
from tests.running import RunningServer

YARD = {
    "type": "Feature",
    "id": "yard",
    "geometry": {"type": "Point", "coordinates": [*HERE]},
    "properties": {"name": "Yard", "radius": 60, "preset": "strict"},
}
OUT = (HERE[0] + 0.002, HERE[1])


def show_wall(page: Page, server: RunningServer, query: str = "?kiosk") -> None:
    start_at(page, *HERE)
    let_in(page, server)
    page.goto(f"{server.url}/{query}")
    expect(page.locator(".kiosk .badge")).to_contain_text("Live")


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 320, "height": 640}},
        pytest.param({"viewport": {"width": 1440, "height": 900}}, marks=pytest.mark.mapless),
        pytest.param({"viewport": {"width": 3840, "height": 900}}, marks=pytest.mark.mapless),
    ],
)
def test_a_wall_tells_what_happens_and_has_nothing_to_press(page: Page, server: RunningServer) -> None:
    server.new_geofence(YARD)
    with vehicle(server, "van-12", "Van 12") as van:
        van.drive(*OUT, ago=60)
        show_wall(page, server)
        van.drive(*HERE)
        told = page.locator(".kiosk .event")
        expect(told.first).to_contain_text("Van 12 entered Yard")
        expect(page.locator(".kiosk .clock")).to_be_visible()
        pressable = "button, a, input, select, textarea, [tabindex]:not([tabindex='-1'])"
        reachable = f"[...document.querySelectorAll({pressable!r})].filter(it => !it.closest('[inert]'))"
        assert page.evaluate(f"{reachable}.length") == 0
        page.keyboard.press("?")
        page.keyboard.press("e")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    until(page, "() => location.search === '?kiosk'")


@pytest.mark.parametrize("options", [{"service_workers": "allow"}])
def test_a_wall_comes_back_after_the_server_was_away_and_keeps_its_filter(
    page: Page, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated += OFFLINE
    server.new_geofence(YARD)
    with vehicle(server, "van-12", "Van 12") as van, vehicle(server, "bus", "Bus") as bus:
        van.drive(*OUT, ago=60)
        bus.drive(*OUT, ago=60)
        show_wall(page, server, "?kiosk&of=bus")
        until_whole(page)
        page.context.set_offline(True)
        expect(page.locator(".badge")).to_contain_text("Connection lost")
        van.drive(*HERE)
        bus.drive(*HERE)
        page.context.set_offline(False)
        expect(page.locator(".badge")).to_contain_text("Live")
        expect(page.locator(".kiosk .event")).to_have_count(1)
        expect(page.locator(".kiosk .event")).to_contain_text("Bus entered Yard")


@pytest.mark.parametrize("options", [{"service_workers": "block"}])  # what it keeps would come all the same
def test_a_wall_that_lost_the_network_before_it_had_its_parts_gets_them(
    page: Page, server: RunningServer, watched: Watched
) -> None:
    watched.tolerated += [*OFFLINE, "Failed to fetch dynamically", "Worker failed to load"]
    parts, worker = re.compile("/Kiosk-"), re.compile("/maplibre-gl-worker")
    for missing in (parts, worker):
        page.route(missing, lambda route: route.abort())
    let_in(page, server)
    with page.expect_request(parts):
        page.goto(f"{server.url}/?kiosk")
    with page.expect_request(worker):
        page.unroute(parts)
    expect(page.locator(".kiosk .badge")).to_contain_text("Live")
    page.unroute(worker)  # and nothing else happens: the connection holds
    until(page, f"() => {MAP}.querySourceFeatures('world', {{sourceLayer: 'earth'}}).length > 0")


VEHICLES, A_SECOND, MINUTES, FIRST, GROWTH = 20, 5, 20, 5, 1.05


@contextmanager
def driving(vehicles: list[Vehicle]) -> Iterator[None]:
    """Five times what vehicles do: each says where it is five times a second, and goes in and out."""
    ended = threading.Event()

    def drive() -> None:
        step = 0
        while not ended.wait(1 / (A_SECOND * len(vehicles))):
            van, turn = vehicles[step % len(vehicles)], step // len(vehicles)
            lon = HERE[0] + 0.00002 * (turn % 200 if turn % 400 < 200 else 200 - turn % 200)
            van.drive(lon, HERE[1], speed=7.0)
            step += 1

    thread = threading.Thread(target=drive)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def measure(page: Page) -> tuple[int, int]:
    """Bytes of the heap and nodes of the document, after what nobody holds was collected."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.enable")
    for _ in range(3):
        client.send("HeapProfiler.collectGarbage")
    used = client.send("Runtime.getHeapUsage")["usedSize"]
    counted = client.send("Memory.getDOMCounters")["nodes"]
    client.detach()
    return round(used), round(counted)


@pytest.mark.long
def test_a_wall_does_not_grow(page: Page, server: RunningServer) -> None:
    server.new_geofence(YARD)
    with ExitStack() as stack:
        vehicles = [stack.enter_context(vehicle(server, f"van-{n}", f"Van {n}")) for n in range(VEHICLES)]
        show_wall(page, server)
        with driving(vehicles):
            begun = time.monotonic()
            page.wait_for_timeout(60_000 * FIRST)
            heap, nodes = measure(page)
            page.wait_for_timeout(60_000 * MINUTES - 1000 * (time.monotonic() - begun))
            after = measure(page)
        frames = page.evaluate("tracker.feed.framesReceived")
        print(f"heap {heap} to {after[0]}, nodes {nodes} to {after[1]}, {frames} frames")
        assert frames > 60 * MINUTES
        assert after[0] <= GROWTH * heap and after[1] <= GROWTH * nodes
