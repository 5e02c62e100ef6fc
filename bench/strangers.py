"""What a bystander feels of the worst that strangers do, all at once: `python -m bench.strangers`.

Twenty devices, one fix under way each, measure how long an ack takes: quiet, then while forty receivers of alerts
answer with what has no end or never, names are looked up that nobody answers for, and files are sent that are made to
take all time and memory there is. Then the same with a server that reads those files itself and without limits. Ends
with 1 where the goals are missed, or where the second server reaches them, too: then this measures nothing.

The strangers run at nice 19, for they would be on other machines; what the server makes of them does not.
"""

import asyncio
import sys
import time
from typing import Final, NamedTuple

import httpx2

from bench import changed_fence
from bench.ground import ADMIN_TOKEN, Ground, serving
from bench.load import device
from bench.websocket import Process

BYSTANDERS: Final = changed_fence.BYSTANDERS
SECONDS: Final = 20.0
SETTLE_S: Final = 3.0  # until the first of what strangers sent is being read
RECEIVERS: Final = 40
MEDIAN: Final = 1.5  # times the quiet one
P99_MS: Final = 60.0
LONGEST_MS: Final = 100.0
HEADERS: Final = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
UNBOUNDED: Final = "from bench.unbounded import main; main()"
PORT: Final = {
    "type": "Feature",
    "id": "port",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[7.0, 43.0], [7.1, 43.0], [7.1, 43.1], [7.0, 43.1], [7.0, 43.0]]],
    },
    "properties": {"name": "Port", "preset": "strict"},
}


class Waits(NamedTuple):
    """ms, of one phase."""

    p50: float
    p99: float
    most: float
    acks: int

    def __str__(self) -> str:
        return f"{self.acks:,} acks, p50 {self.p50:.1f} p99 {self.p99:.1f} max {self.most:.1f} ms"


def is_well(quiet: Waits, loud: Waits) -> bool:
    return loud.p50 <= MEDIAN * quiet.p50 and loud.p99 <= P99_MS and loud.most <= LONGEST_MS


async def measure(port: int, seconds: float = SECONDS) -> Waits:
    waited: list[float] = []
    end = time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        for number in range(BYSTANDERS):
            tasks.create_task(changed_fence.watch(port, number, end, waited))
    waited.sort()
    return Waits(waited[len(waited) // 2], waited[len(waited) * 99 // 100], waited[-1], len(waited))


def subscribe(port: int, urls: list[str]) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=HEADERS, timeout=60) as api:
        api.post("/api/geofences", json=PORT).raise_for_status()
        for url in urls:
            api.post("/api/subscriptions", json={"channel": {"kind": "webhook", "url": url}}).raise_for_status()


def compare(port: int) -> tuple[Waits, Waits]:
    """Quiet, and beside strangers."""
    quiet = asyncio.run(measure(port))
    liars = Process("bench.worst", "receivers")
    try:
        own = [f"http://127.0.0.1:{liars.greeting.split()[n % 4]}/{n}" for n in range(RECEIVERS)]
        subscribe(port, own)
        visitor = Process("bench.worst", "visitor", port, *device(BYSTANDERS))
        senders = Process("bench.worst", "senders", port, ADMIN_TOKEN)
        try:
            time.sleep(SETTLE_S)
            return quiet, asyncio.run(measure(port))
        finally:
            senders.end()
            visitor.end()
    finally:
        liars.end()


def try_server(program: str | None) -> bool:
    ground = Ground(BYSTANDERS + 1, 0)
    try:
        with serving("ours", ground.new_database(), program) as (_, port):
            quiet, loud = compare(port)
    finally:
        ground.end()
    print(f"  quiet: {quiet}\n  beside strangers: {loud}", flush=True)
    return is_well(quiet, loud)


def main() -> None:
    print("the server:", flush=True)
    is_bounded = try_server(None)
    print("without limits:", flush=True)
    is_measured = not try_server(UNBOUNDED)
    sys.exit(0 if is_bounded and is_measured else 1)


if __name__ == "__main__":
    main()
