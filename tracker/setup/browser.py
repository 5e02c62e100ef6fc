"""The browser the page is tested in."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC: Final = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)


def find_chromium(environ: Mapping[str, str]) -> Path | None:
    """$TRACKER_CHROMIUM, or what is on PATH, or a Mac's application."""
    if given := environ.get("TRACKER_CHROMIUM"):
        return Path(given)
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    return Path(on_path) if on_path else next((path for path in MAC if path.exists()), None)
