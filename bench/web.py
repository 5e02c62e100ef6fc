"""What a moving fleet costs a browser: `python -m bench.web` (needs Chromium and the built page).

60, 1,000 and 10,000 devices that all move once a second (`bench/web_source.py`), looked at with our page, which draws,
counts and lists them over its own map, and with a page that does no more than hand each message to a GeoJSON source by
`setData` (`bench/web_peer.html`, over no map at all). Headless, WebGL in software; one after the other, in turns.

main: CPU of the page's main thread (script, style, layout, paint, garbage), a share of a core, by Chromium's trace.
longest: the longest task by that CPU and by the clock; a busy machine lengthens the second alone.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from statistics import median
from typing import Any, Final, NamedTuple
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from tracker.setup.browser import find_chromium

SIZES: Final = (60, 1_000, 10_000)
SECONDS: Final = 10.0
REST: Final = 6.0  # s until what loading costs is over
ROUNDS: Final = 5
FLAGS: Final = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--no-first-run",
    "--disable-background-networking",
    "--enable-precise-memory-info",
]
CATEGORIES: Final = ["disabled-by-default-devtools.timeline", "__metadata"]
OURS: Final = "/?at=24.95,60.6,14"
READY: Final = {
    OURS: "() => window.tracker?.feed.health === 'live' && tracker.view.value?.layer.framesDrawn > 0",
    "/peer": "() => window.peer?.features.size > 0",
}
FRAMES: Final = {OURS: "tracker.view.value.layer.framesDrawn", "/peer": "peer.frames"}


class Cost(NamedTuple):
    main: float  # of a core
    longest_cpu: float  # ms
    longest: float  # ms
    frames: float  # a second
    kilobytes: float  # a second
    heap: float  # MB


@contextmanager
def sourced(size: int) -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.web_source", str(port), str(size)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout and process.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def measure(browser: Browser, origin: str, path: str) -> Cost:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    try:
        page.goto(origin + path)
        page.wait_for_function(READY[path], timeout=120_000)
        page.wait_for_timeout(1000 * REST)
        return trace(browser, page, origin, path)
    finally:
        page.close()


def read_sent(origin: str) -> int:
    """Bytes of the stream so far. Asked of its server: a listener in the browser would be work of the page's."""
    with urlopen(f"{origin}/api/sent") as answer:
        return int(json.load(answer)["bytes"])


def trace(browser: Browser, page: Page, origin: str, path: str) -> Cost:
    before, frames = read_sent(origin), int(page.evaluate(FRAMES[path]))
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.wait_for_timeout(1000 * SECONDS)
    kilobytes = (read_sent(origin) - before) / 1000 / SECONDS
    events = json.loads(browser.stop_tracing())["traceEvents"]
    drawn = int(page.evaluate(FRAMES[path])) - frames
    tasks = [each for each in events if each.get("name") == "RunTask" and is_main(each, find_main(events))]
    cpu = [each.get("tdur", 0) / 1000 for each in tasks]
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    return Cost(
        sum(cpu) / 1000 / SECONDS,
        max(cpu, default=0.0),
        max((each.get("dur", 0) / 1000 for each in tasks), default=0.0),
        drawn / SECONDS,
        kilobytes,
        heap / 1e6,
    )


def find_main(events: list[dict[str, Any]]) -> tuple[int, int]:
    """The busiest of the renderers' main threads is the page's: the others belong to blank tabs."""
    mains = {(e["pid"], e["tid"]) for e in events if e.get("args", {}).get("name") == "CrRendererMain"}
    spent = dict.fromkeys(mains, 0.0)
    for each in events:
        if each.get("name") == "RunTask" and (each["pid"], each["tid"]) in spent:
            spent[each["pid"], each["tid"]] += each.get("tdur", 0)
    return max(spent, key=lambda thread: spent[thread])


def is_main(event: dict[str, Any], main: tuple[int, int]) -> bool:
    return (event["pid"], event["tid"]) == main


def main(rounds: int) -> None:
    found = find_chromium(environ)
    assert found, "there is no Chromium"
    costs: dict[tuple[int, str], list[Cost]] = {(size, path): [] for size in SIZES for path in READY}
    with sync_playwright() as playwright:
        for _ in range(rounds):
            for size in SIZES:
                browser = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
                with sourced(size) as origin:
                    for path in READY:
                        costs[size, path].append(measure(browser, origin, path))
                        print(size, path, costs[size, path][-1], file=sys.stderr, flush=True)
                browser.close()
    show({key: Cost(*map(median, zip(*each, strict=True))) for key, each in costs.items()})


def show(medians: dict[tuple[int, str], Cost]) -> None:
    print("| devices | page | main thread | of 60 | longest task, CPU / clock ms | frames/s | kB/s | heap MB |")
    print("|---|---|---|---|---|---|---|---|")
    for (size, path), cost in medians.items():
        least = medians[SIZES[0], path].main
        longest = f"{cost.longest_cpu:.0f} / {cost.longest:.0f}"
        print(
            f"| {size:,} | {'ours' if path == OURS else 'setData'} | {cost.main:.1%} | {cost.main / least:.2f} | "
            f"{longest} | {cost.frames:.0f} | {cost.kilobytes:.1f} | {cost.heap:.0f} |"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
