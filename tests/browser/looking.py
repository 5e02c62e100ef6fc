"""Where the tests of the page are, and how they wait for what it shows."""

import json
from typing import Any, Final

from playwright.sync_api import Page, TimeoutError

from tests.browser.conftest import PATIENCE_MS

HERE: Final = (24.9400, 60.1700)  # in the streets of Helsinki that come with the page
THERE: Final = (24.9430, 60.1700)
MAP: Final = "tracker.view.value.map"


def until(page: Page, condition: str, argument: object = None) -> Any:
    """Waits for a JavaScript condition. One that cannot be asked, for there is no map yet, does not hold. It may not be
    asynchronous: its promise would count as what it promises."""
    asked = f"it => {{ try {{ return ({condition})(it); }} catch (e) {{ window.unasked = `${{e}}`; }} }}"
    try:
        return page.wait_for_function(asked, arg=argument, timeout=PATIENCE_MS, polling=50).json_value()
    except TimeoutError as error:
        raise AssertionError(f"{condition}: never so; last {page.evaluate('window.unasked')}") from error


def start_at(page: Page, lon: float, lat: float, zoom: float = 15.0) -> None:
    """The map opens there, as if one had looked there last: the world need not be drawn first."""
    camera = json.dumps({"center": [lon, lat], "zoom": zoom})
    page.add_init_script(
        f"localStorage.getItem('tracker.camera') ?? localStorage.setItem('tracker.camera', {camera!r})"
    )


def spot(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the screen."""
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
