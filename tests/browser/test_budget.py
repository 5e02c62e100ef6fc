"""What is fetched before the first map: JavaScript of ours, MapLibre apart."""

import gzip
import re
from pathlib import Path
from typing import Final

BUILT: Final = Path(__file__).parents[2] / "web/dist"
MOST: Final = 90_000  # bytes, compressed
MOST_OF_PHONES: Final = 30_000
IMPORTED: Final = re.compile(
    r"""(?:\bfrom|\bimport)\s*["']\./([\w.-]+\.js)["']"""
)  # an import() that waits has a bracket


def test_what_comes_before_the_map_is_small() -> None:
    sizes = measure("index.html")
    assert len(sizes) > 1
    assert sum(sizes.values()) <= MOST, sizes


def test_the_phone_page_is_small() -> None:
    """With its styles; it has words of its own, and none of the dashboard's."""
    styles = re.findall(r'assets/([\w.-]+\.css)"', (BUILT / "track.html").read_text())
    sizes = measure("track.html") | {
        name: len(gzip.compress((BUILT / "assets" / name).read_bytes(), 6)) for name in styles
    }
    assert sum(sizes.values()) <= MOST_OF_PHONES, sizes


def measure(page: str) -> dict[str, int]:
    """Compressed, of each script that is fetched at once."""
    waiting = re.findall(r'assets/([\w.-]+\.js)"', (BUILT / page).read_text())
    sizes: dict[str, int] = {}
    while waiting:
        name = waiting.pop()
        text = (BUILT / "assets" / name).read_bytes()
        if name in sizes or b"maplibregl-canvas" in text:  # MapLibre itself
            continue
        sizes[name] = len(gzip.compress(text, 6))
        waiting += IMPORTED.findall(text.decode())
    return sizes
