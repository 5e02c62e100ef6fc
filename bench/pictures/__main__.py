"""`python -m bench.pictures [FOLDER] [WIDTH ...]`: every screen and state, into `docs/pictures` unless told otherwise.

At 320, 390, 1440 and 3840 px, in both themes; at 320 in German, whose words are long. It starts servers and databases
of its own, and stops one for a moment to see what the page says of one that is slow, or gone.
"""

import argparse
import os
import re
from pathlib import Path
from typing import Final

from playwright.sync_api import expect, sync_playwright

from bench.pictures import alerts, devices, fleets, geofences, people, phones, states
from bench.pictures.studio import HEIGHTS, PATIENCE_MS, THEMES, Studio
from bench.pictures.town import inhabited, served
from tests.browser.conftest import FLAGS
from tracker.setup.browser import find_chromium

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs/pictures"  # left out of the repository
IN_TOWN: Final = ("devices", "geofences", "alerts", "phones", "states")
ROOMS: Final = ("first", *IN_TOWN, "people", "fleets")


def main() -> None:
    given = read_arguments()
    found = find_chromium(os.environ)
    assert found, "there is no Chromium"
    given.folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        widths, themes, named = tuple(given.widths or HEIGHTS), tuple(given.themes), re.compile(given.named)
        studio = Studio(browser, given.folder, widths, named, themes, given.bare)
        take(studio, given.rooms)
        browser.close()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pictures")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("widths", nargs="*", type=int, choices=[*HEIGHTS, []], help="px; all unless given")
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=ROOMS, help="what is looked at; all unless given")
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--bare", action="store_true", help="without the map: ten times as fast")
    parser.add_argument("--named", default="", help="a regular expression that finds the names of those that are taken")
    return parser.parse_args()


def take(studio: Studio, rooms: list[str]) -> None:
    if "first" in rooms:
        with served() as server:
            devices.take_first(studio, server)
    if not set(rooms).isdisjoint(IN_TOWN):
        with served(**alerts.CARRIERS) as server, inhabited(server) as town:
            for room in IN_TOWN:
                if room in rooms:
                    ROOM[room](studio, town)
    if "people" in rooms:
        with served(**people.SETTINGS) as server:
            people.take(studio, server)
    if "fleets" in rooms:
        fleets.take(studio)


ROOM: Final = {
    "devices": devices.take,
    "geofences": geofences.take,
    "alerts": alerts.take,
    "phones": phones.take,
    "states": states.take,
}

if __name__ == "__main__":
    main()
