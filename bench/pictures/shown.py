"""The few pictures that README and docs show: `python -m bench.pictures.shown`. WebP, each of 150 kB at most."""

import base64
import os
import re
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.pictures.people import MAIL
from bench.pictures.phones import NAME, PLACE, pairing
from bench.pictures.studio import PATIENCE_MS, Screen, Studio, enter, settle
from bench.pictures.town import Town, inhabited, served
from tests.browser.conftest import FLAGS
from tests.running import RunningServer
from tracker.setup.browser import find_chromium

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
LARGEST: Final = 150_000  # bytes
ENCODE: Final = """async ([png, quality]) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const drawing = new OffscreenCanvas(image.width, image.height);
    drawing.getContext('2d').drawImage(image, 0, 0);
    const bytes = new Uint8Array(await (await drawing.convertToBlob({type: 'image/webp', quality})).arrayBuffer());
    return btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(''));
}"""


def main() -> None:
    found = find_chromium(os.environ)
    assert found, "there is no Chromium"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright, served(**MAIL) as server, inhabited(server) as town:
        with server.api() as api:
            api.delete("/api/geofences/long").raise_for_status()  # its name is there for what breaks by it
        browser = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        show(browser, server, "page", Screen("?at=24.94120,60.17050,15.20&device=van-7"))
        show(browser, server, "evidence", evidence(server))
        show_phone(browser, town)
        browser.close()


def evidence(server: RunningServer) -> Screen:
    with server.api() as api:
        event = api.get("/api/events", params={"type": "enter", "geofence": "central-station"}).json()["events"][-1]
    return Screen(f"?event={event['id']}", show_place)


def show_place(page: Page) -> None:
    page.locator(".evidence .doing .link").nth(1).click()


def show(browser: Browser, server: RunningServer, name: str, screen: Screen) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
    enter(page, server)
    Studio(browser, DOCS, (1280,), re.compile("(?!)")).take_one(page, server, "", screen)
    settle(page)
    keep(browser, name, page.screenshot())
    page.close()


def show_phone(browser: Browser, town: Town) -> None:
    size = {"width": 390, "height": 844}
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        device_scale_factor=1.5,
        locale="en-GB",
        permissions=["geolocation"],
        geolocation={"longitude": PLACE["longitude"], "latitude": PLACE["latitude"], "accuracy": 8},
    )
    page = context.new_page()
    page.goto(pairing(town.server, NAME.split()[0]))
    page.locator("button.main").click()
    expect(page.locator(".state")).to_have_attribute("data-state", "live")
    settle(page)
    keep(browser, "phone", page.screenshot())
    context.close()


def keep(browser: Browser, name: str, png: bytes) -> None:
    page: Page = browser.new_page()
    for quality in (0.92, 0.85, 0.75, 0.6):
        webp = base64.b64decode(page.evaluate(ENCODE, [base64.b64encode(png).decode(), quality]))
        if len(webp) <= LARGEST:
            break
    assert len(webp) <= LARGEST, f"{name}.webp would have {len(webp):,} bytes"
    (DOCS / f"{name}.webp").write_bytes(webp)
    print(f"{name}.webp, {len(webp):,} bytes")
    page.close()


if __name__ == "__main__":
    main()
