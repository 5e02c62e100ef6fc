"""What a fix costs by each protocol, side by side: `python -m bench.protocols [--quick]`.

First one protocol after the other, each on a server and a database of its own: HTTP as OsmAnd and OwnTracks speak it,
over kept and over new connections, and our WebSocket. Then twenty devices on the WebSocket, one fix under way each,
count how long an ack takes: alone, and beside phones that post as fast as they are answered. Ends with 1 where the p99
of the second is more than twice that of the first.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.ground import Ground, cpu_s, execute, serving
from bench.protocol_load import key
from bench.strangers import BYSTANDERS, Waits, measure
from bench.websocket import Process

KINDS: Final = (  # words, kind, frames a second
    ("WebSocket, JSON, one fix", "json", 400),
    ("WebSocket, binary, one fix", "binary", 400),
    ("WebSocket, JSON, 50 fixes", "batch", 100),
    ("WebSocket, binary, 50 fixes", "binary-batch", 100),
    ("OsmAnd, connection kept", "osmand", 400),
    ("OsmAnd, a connection each", "osmand-closing", 400),
    ("OwnTracks, connection kept", "owntracks", 400),
    ("OwnTracks, a connection each", "owntracks-closing", 400),
)
DEVICES: Final = 800  # so that each has a second of its own, for OwnTracks counts in seconds
FLOODING: Final = 64  # phones
WARM_S: Final = 1.5
GOAL: Final = 2.0  # times the quiet p99
WIDE: Final = 140
Result = dict[str, Any]


def prepare(url: str) -> None:
    """Ingest keys that the load knows."""
    numbers = ",".join(f"('bench-{number}','{key(number)}')" for number in range(DEVICES))
    asyncio.run(
        execute(url, f"update device d set ingest_key = g.key from (values {numbers}) as g (id, key) where g.id = d.id")
    )


def try_kind(ground: Ground, words: str, kind: str, rate: int, seconds: float) -> Result:
    url = ground.new_database()
    prepare(url)
    try:
        with serving("ours", url) as (pid, port):
            load = Process("bench.protocol_load", port, kind, 0, DEVICES)
            try:
                load.ask(f"paced {rate} {WARM_S}")
                before, stored = cpu_s(pid), ground.cpu_s()
                found: Result = json.loads(load.ask(f"paced {rate} {seconds}"))
                spent, kept = cpu_s(pid) - before, ground.cpu_s() - stored
            finally:
                load.end()
    finally:
        ground.drop(url)
    fixes = found["fixes"]
    return found | {"what": words, "us": spent / fixes * 1e6, "pg": kept / fixes * 1e6, "load": os.getloadavg()[0]}


def show(results: list[Result]) -> Table:
    first = results[0]
    found = Table(
        title=f"{DEVICES} devices; CPU of the server process and of PostgreSQL",
        caption="bytes a fix: of both directions together, without TLS; with TCP/IP: 52 more a packet",
    )
    names = ("", "fixes/s", "us a fix", "x WebSocket", "PG us", "bytes a fix", "with TCP/IP", "p50 / p99 ms", "load")
    for name in names:
        found.add_column(name, justify="right" if name else "left")
    for each in results:
        found.add_row(
            each["what"],
            f"{each['fixes'] / each['seconds']:,.0f}",
            f"{each['us']:.0f}",
            f"{each['us'] / first['us']:.2f}",
            f"{each['pg']:.0f}",
            f"{each['bytes']:.0f}",
            f"{each['wire']:.0f}",
            f"{each['p50']:.1f} / {each['p99']:.1f}",
            f"{each['load']:.1f}",
        )
    return found


def try_flood(ground: Ground, seconds: float) -> tuple[Waits, Waits, Result]:
    """Alone, and beside the flood; and what the flood came to."""
    url = ground.new_database()
    prepare(url)
    try:
        with serving("ours", url) as (_, port):
            quiet = asyncio.run(measure(port, seconds))
            flood = Process("bench.protocol_load", port, "osmand", BYSTANDERS, FLOODING)
            try:
                flood.ask(f"flood {WARM_S}")
                return quiet, *asyncio.run(measure_beside(port, seconds, flood))
            finally:
                flood.end()
    finally:
        ground.drop(url)


async def measure_beside(port: int, seconds: float, flood: Process) -> tuple[Waits, Result]:
    flooding = asyncio.create_task(asyncio.to_thread(flood.ask, f"flood {seconds}"))
    waits = await measure(port, seconds)
    return waits, json.loads(await flooding)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a quarter of the time")
    parser.add_argument("--only", choices=("cost", "flood"))
    given = parser.parse_args()
    seconds = 3.0 if given.quick else 10.0
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    ground = Ground(DEVICES, 100)
    try:
        if given.only != "flood":
            console.print(show([try_kind(ground, *each, seconds) for each in KINDS]))
        if given.only == "cost":
            return
        time.sleep(WARM_S)
        quiet, loud, flood = try_flood(ground, seconds * 2)
    finally:
        ground.end()
    rate = flood["frames"] / flood["seconds"]
    console.print(f"acks alone: {quiet}\nbeside {rate:,.0f} posts a second: {loud}", highlight=False)
    ratio = loud.p99 / quiet.p99
    console.print(f"p99 x {ratio:.2f} (goal {GOAL:g}); load {os.getloadavg()[0]:.1f}", highlight=False)
    sys.exit(0 if ratio <= GOAL else 1)


if __name__ == "__main__":
    main()
