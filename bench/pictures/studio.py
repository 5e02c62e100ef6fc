"""The studio: one Chromium, width after width, each screen in both themes. Nothing is asserted."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from re import Pattern
from typing import Any, Final, NamedTuple

from playwright.sync_api import Browser, Error, Page, TimeoutError, expect

from tests.running import ADMIN_TOKEN, RunningServer

THEMES: Final = ("light", "dark")
HEIGHTS: Final = {320: 640, 390: 844, 1440: 900, 3840: 2160}
PHONE: Final = 760  # px: below it the page is laid out for a hand
TALLEST: Final = 3_000  # px
GERMAN: Final = 320  # px: there words have the least room
TOO_WIDE: Final = """[...document.querySelectorAll('html, dialog, form, section, aside, main, ul, ol')]
    .filter(it => it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0)
    .filter(it => it === document.documentElement || /auto|scroll/.test(getComputedStyle(it).overflowX))
    .map(it => `: ${it.localName}.${it.className} is ${it.scrollWidth} px wide in ${it.clientWidth}`)"""
PATIENCE_MS: Final = 30_000  # two cores that also run the server, PostgreSQL and a software GPU
DRAWN_MS: Final = 15_000  # for the tiles of one view
TURNED_MS: Final = 1_200  # until another theme's map has begun to be drawn
SETTLED_MS: Final = 700  # names and charts are drawn a moment after what they belong to
DRAWN: Final = """() => {
    const isHidden = document.querySelector('.veil') || !document.querySelector('.map canvas')?.clientWidth;
    const map = isHidden ? null : window.tracker?.view.peek()?.map;
    const isDrawn = !map || (!map.isMoving() && map.isStyleLoaded() && map.loaded() && map.areTilesLoaded());
    return isDrawn && document.fonts.status === 'loaded';
}"""
# How much higher the window has to be for all to be seen of what is scrolled.
HIDDEN: Final = """() => {
    const shown = document.querySelector('.veil') ? '.veil > *' : '.side *, .detail';
    return Math.max(0, ...[...document.querySelectorAll(shown)]
        .filter((each) => ['auto', 'scroll'].includes(getComputedStyle(each).overflowY))
        .filter((each) => !each.matches('.list, .events *'))
        .map((each) => each.scrollHeight - each.clientHeight));
}"""


BARE: Final = """document.addEventListener('DOMContentLoaded', () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.map { display: none !important; }');
    document.adoptedStyleSheets = [sheet];
});"""


def stay(_: Page) -> None:
    """What is opened is what there is to see."""


class Screen(NamedTuple):
    """`query`: what is opened. `act`: what is then done. `whole`: the window is as high as all there is to see."""

    query: str = ""
    act: Callable[[Page], object] = stay
    whole: bool = False


@dataclass(frozen=True)
class Studio:
    browser: Browser
    folder: Path
    widths: tuple[int, ...]
    named: Pattern[str]
    themes: tuple[str, ...] = THEMES
    bare: bool = False  # without the map, which is drawn without a GPU and costs more than all the rest

    def wants(self, name: str) -> bool:
        return self.named.search(name) is not None

    @contextmanager
    def opened(self, width: int, **more: Any) -> Iterator[Page]:
        """A browser of its own."""
        context = self.browser.new_context(
            viewport=size_at(width),
            locale="de-DE" if width == GERMAN else "en-GB",
            color_scheme="light",
            reduced_motion="reduce",  # what glides is drawn all the time, without a GPU
            **more,
        )
        context.set_default_timeout(PATIENCE_MS)
        if self.bare:
            context.add_init_script(BARE)
        try:
            yield context.new_page()
        finally:
            context.close()

    def take(self, page: Page, name: str, *, full: bool = False) -> None:
        """In both themes. `full`: the page as long as it is."""
        if not self.wants(name):
            return
        width = page.evaluate("innerWidth")
        for theme in self.themes:
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            settle(page)
            path = self.folder / f"{name}-{width}-{theme}.png"
            page.screenshot(path=path, full_page=full)
            print(path.name, *page.evaluate(TOO_WIDE), flush=True)
        page.emulate_media(color_scheme="light")

    def take_each(self, server: RunningServer, screens: Mapping[str, Screen], token: str = ADMIN_TOKEN) -> None:
        wanted = {name: screen for name, screen in screens.items() if self.wants(name)}
        for width in self.widths if wanted else ():
            with self.opened(width) as page:
                enter(page, server, token)
                for name, screen in wanted.items():
                    self.take_one(page, server, name, screen)

    def take_one(self, page: Page, server: RunningServer, name: str, screen: Screen) -> None:
        page.set_viewport_size(size_at(page.evaluate("innerWidth")))
        page.goto(f"{server.url}/{screen.query}")
        expect(page.locator(".badge")).to_contain_text("Live", timeout=PATIENCE_MS)
        try:
            screen.act(page)
        except (AssertionError, Error) as error:  # the others are looked at all the same
            print(f"{name}: {error}".splitlines()[0], flush=True)
        if screen.whole:
            heighten(page)
        self.take(page, name)
        page.emulate_media(color_scheme="light")


def size_at(width: int) -> Any:
    return {"width": width, "height": HEIGHTS.get(width, 800)}


def enter(page: Page, server: RunningServer, token: str = ADMIN_TOKEN) -> None:
    page.goto(f"{server.url}/#token={token}")
    expect(page.locator(".badge")).to_contain_text("Live", timeout=PATIENCE_MS)


def settle(page: Page) -> None:
    """As far as it comes to rest: what moves all the time is taken as it is then."""
    page.wait_for_timeout(TURNED_MS)
    try:
        page.wait_for_function(DRAWN, timeout=DRAWN_MS)
    except TimeoutError:
        print("what follows was still being drawn", flush=True)
    page.wait_for_timeout(SETTLED_MS)


def heighten(page: Page) -> None:
    """Without the map, which is drawn without a GPU and costs by its pixels."""
    page.wait_for_timeout(SETTLED_MS)
    page.evaluate("document.querySelector('.map')?.style.setProperty('display', 'none')")
    size = page.viewport_size
    assert size
    more = page.evaluate(HIDDEN)
    if size["width"] < PHONE and not page.locator(".veil").count():
        more *= 2  # what is beside the map has half of the height
    if more > 0:
        page.set_viewport_size({"width": size["width"], "height": min(TALLEST, round(1.15 * (size["height"] + more)))})
