"""What is fetched before the first map: JavaScript of ours, MapLibre apart."""

import gzip
import re
from pathlib import Path
from typing import Final

BUILT: Final = Path(__file__).parents[2] / "web/dist"
MOST: Final = 90_000  # bytes, compressed
IMPORTED: Final = re.compile(
    r"""(?:\bfrom|\bimport)\s*["']\./([\w.-]+\.js)["']"""
)  # an import() that waits has a bracket


def test_what_comes_before_the_map_is_small() -> None:
    waiting = re.findall(r'assets/([\w.-]+\.js)"', (BUILT / "index.html").read_text())
    sizes: dict[str, int] = {}
    while waiting:
        name = waiting.pop()
        text = (BUILT / "assets" / name).read_bytes()
        if name in sizes or b"maplibregl-canvas" in text:  # MapLibre itself
            continue
        sizes[name] = len(gzip.compress(text, 6))
        waiting += IMPORTED.findall(text.decode())
    assert len(sizes) > 1
    assert sum(sizes.values()) <= MOST, sizes
