"""Ten thousand devices that all move, from far and from near."""

from typing import Final

from playwright.sync_api import expect

from bench.pictures.studio import PATIENCE_MS, Studio
from bench.web import sourced

COUNT: Final = 10_000
VIEWS: Final = {
    "ten-thousand": "?at=24.95,60.6,14",
    "ten-thousand-far": "?at=24.95,60.6,10",
    "ten-thousand-near": "?at=24.95,60.6,16",
    "ten-thousand-card": "?at=24.95,60.6,15&device=van-1",
}


def take(studio: Studio) -> None:
    wanted = {name: query for name, query in VIEWS.items() if studio.wants(name)}
    with sourced(COUNT) as origin:
        for width in studio.widths:
            with studio.opened(width) as page:
                for name, query in wanted.items():
                    page.goto(f"{origin}/{query}")
                    expect(page.locator(".badge")).to_contain_text("Live", timeout=PATIENCE_MS)
                    page.wait_for_timeout(3_000)
                    studio.take(page, name)
