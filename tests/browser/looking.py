"""Where the tests of the page are, and how they wait for what it shows."""

import json
import time
from typing import Any, Final

import pytest
from playwright.sync_api import Page, TimeoutError

from tests.browser.conftest import PATIENCE_MS

HERE: Final = (24.9400, 60.1700)  # in the streets of Helsinki that come with the page
THERE: Final = (24.9430, 60.1700)
MAP: Final = "tracker.view.value.map"


def until(page: Page, condition: str, argument: object = None) -> Any:
    """Waits for a JavaScript condition. One that cannot be asked, for there is no map yet, does not hold. It may not be
    asynchronous: its promise would hold whatever it promises (`promised` waits for one)."""
    kept = "if (found instanceof Promise) throw Error('a promise'); return found;"
    asked = f"it => {{ try {{ const found = ({condition})(it); {kept} }} catch (e) {{ window.unasked = `${{e}}`; }} }}"
    try:
        return page.wait_for_function(asked, arg=argument, timeout=PATIENCE_MS, polling=50).json_value()
    except TimeoutError as error:
        raise AssertionError(f"{condition}: never so; last {page.evaluate('window.unasked')}") from error


def promised(page: Page, condition: str) -> None:
    """Waits for a JavaScript expression whose promise is asked for again until it holds."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"{condition}: never so"
        page.wait_for_timeout(50)


def start_at(page: Page, lon: float, lat: float, zoom: float = 15.0) -> None:
    """The map opens there, as if one had looked there last: the world need not be drawn first."""
    camera = json.dumps({"center": [lon, lat], "zoom": zoom})
    page.add_init_script(
        f"localStorage.getItem('tracker.camera') ?? localStorage.setItem('tracker.camera', {camera!r})"
    )


def until_whole(page: Page) -> None:
    """The map has its worker, the last part that is fetched: a page that loses the network before it is another story.
    A network that is quiet for a while says nothing of it, where the processor is what one waits for."""
    until(page, "() => performance.getEntriesByType('resource').some(it => it.name.includes('maplibre-gl-worker'))")


def spot(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the screen, once the map lies still."""
    until(page, f"() => !{MAP}.isMoving()")
    box = page.locator(".map canvas").bounding_box()
    assert box
    x, y = page.evaluate(
        f"([lon, lat]) => {{ const at = {MAP}.project([lon, lat]); return [at.x, at.y]; }}", [lon, lat]
    )
    return box["x"] + x, box["y"] + y


def click_at(page: Page, lon: float, lat: float) -> None:
    """As a hand does: it gets there first."""
    x, y = spot(page, lon, lat)
    page.mouse.move(x, y)
    page.mouse.click(x, y)


def color_at(page: Page, x: float, y: float) -> tuple[int, int, int]:
    """Of what the browser shows there: the map's canvas included, unlike what a script could read."""
    box = page.locator(".map canvas").bounding_box()
    assert box
    png = page.screenshot(clip={"x": round(box["x"] + x), "y": round(box["y"] + y), "width": 1, "height": 1})
    read = """async bytes => {
        const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], {type: 'image/png'}));
        const drawing = new OffscreenCanvas(1, 1).getContext('2d');
        drawing.drawImage(image, 0, 0);
        return [...drawing.getImageData(0, 0, 1, 1).data].slice(0, 3);
    }"""
    red, green, blue = page.evaluate(read, list(png))
    return red, green, blue


def until_colored(page: Page, x: float, y: float, color: tuple[int, int, int]) -> None:
    """The picture of what is known may be still to come."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while (seen := color_at(page, x, y)) != pytest.approx(color, abs=6):
        assert time.monotonic() < end, seen
