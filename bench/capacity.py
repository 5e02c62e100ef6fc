"""What a fix, an event, a viewer, an idle socket and an alert cost: `tracker bench capacity`.

One server is measured under one load after the other, each on a fresh database. What the loads cost together gives, by
least squares, what one of each costs; by that two further loads are foretold, and measured as well. What it prints
stands in docs/scale.md.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import httpx2
import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from bench.connection import Connection
from bench.ground import ADMIN_TOKEN, Ground, cpu_s, serving
from bench.load import device
from bench.scale import find_parent

DEVICES: Final = 200  # that send one fix at a time; as many that send 50; as many of which each fix crosses a border
IDLE: Final = 2_000
WARM_S: Final = 2
FIXES_A_FRAME: Final = 50
MANY: Final = 100  # events
COUNTED: Final = ("tracker_commit_seconds_count", "tracker_fixes_total", "tracker_events_total", "tracker_alerts_total")


class Load(NamedTuple):
    """A second of it."""

    name: str
    single: int = 0  # fixes that come alone
    bulk: int = 0  # fixes in frames of 50
    crossing: int = 0  # fixes that cross a border
    viewers: int = 0
    idle: int = 0
    subscriptions: int = 0


FITTED: Final = (
    Load("nothing"),
    Load("idle sockets", idle=IDLE),
    Load("300 single", single=300),
    Load("1,000 single", single=1_000),
    Load("3,000 single", single=3_000),
    Load("5,000 in frames of 50", bulk=5_000),
    Load("20,000 in frames of 50", bulk=20_000),
    Load("100 crossing", crossing=100),
    Load("400 crossing", crossing=400),
    Load("1,000 single, 50 viewers", single=1_000, viewers=50),
    Load("1,000 single, 200 viewers", single=1_000, viewers=200),
    Load("100 crossing, 4 subscriptions", crossing=100, subscriptions=4),
)
CHECKED: Final = (
    Load("600 single, 8,000 in frames, 50 crossing, 100 viewers, 1,000 idle", 600, 8_000, 50, 100, 1_000),
    Load("2,000 single, 2,000 in frames, 200 crossing, 30 viewers, 1 subscription", 2_000, 2_000, 200, 30, 0, 1),
)
UNITS: Final = (
    *("a second", "batch", "frame", "fix", "event", "frame of a viewer", "place shown", "second of an idle socket"),
    "alert",
)


class Spent(NamedTuple):  # seconds of processor time
    server: float
    carriers: float
    database: float


class Disk(NamedTuple):  # bytes written ahead; of the tables of fixes; of events and transitions; all with indexes
    ahead: float
    fixes: float
    events: float


class Run(NamedTuple):  # `units`: how many of each of UNITS there were
    load: Load
    units: list[float]
    spent: Spent
    disk: Disk
    busy: float  # the load average at its end


@contextmanager
def started(*words: object) -> Iterator["subprocess.Popen[str]"]:
    """To be waited for: several start at once, for none answers pings before it has its first word."""
    command = [sys.executable, "-m", *map(str, words)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        try:
            yield process
        finally:
            process.stdin.close()


def wait_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None and process.stdout.readline() == "ready\n"


def count_all(port: int) -> dict[str, float]:
    """What the server counts, and its carriers."""
    text = httpx2.get(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}).text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in COUNTED and sample.labels.get("outcome", "stored") in ("stored", "sent"):
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def find_carriers(server: int) -> int:
    parent = find_parent(server)
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next(int(pid) for pid in children if Path(f"/proc/{pid}/cmdline").read_text().split("\0")[-2] == "carriers")


def measure(ground: Ground, load: Load, seconds: int) -> Run:
    print(load.name, file=sys.stderr, flush=True)
    url = ground.new_database()
    with serving("ours", url) as (server, port), ExitStack() as stack:
        viewers = open_viewers(stack, port, load.viewers)
        receive_alerts(stack, port, load.subscriptions)
        idle = [connect_idle(port, 3 * DEVICES + n) for n in range(load.idle)]
        senders = list(start_senders(stack, port, load))
        for sender, _ in senders:
            wait_ready(sender)
        drive(senders, WARM_S)
        carriers = find_carriers(server)
        if viewers is not None:
            tell(viewers, "begin")
        before, counted, disk = look(ground, server, carriers), count_all(port), find_disk(url)
        began = time.monotonic()
        frames = drive(senders, seconds)
        shown = json.loads(tell(viewers, "end")) if viewers is not None else {"frames": 0, "shown": 0}
        after, took = look(ground, server, carriers), time.monotonic() - began
        grown = {name: value - counted.get(name, 0.0) for name, value in count_all(port).items()}
        grown_disk = Disk(*(b - a for a, b in zip(disk, find_disk(url), strict=True)))
        for each in idle:
            each.socket.close()
    ground.drop(url)
    commits, fixes, events, alerts = (grown.get(name, 0.0) for name in COUNTED)
    units = [took, commits, frames, fixes, events, shown["frames"], shown["shown"], load.idle * took, alerts]
    return Run(load, units, Spent(*(b - a for a, b in zip(before, after, strict=True))), grown_disk, os.getloadavg()[0])


def open_viewers(stack: ExitStack, port: int, count: int) -> "subprocess.Popen[str] | None":
    if not count:
        return None
    wait_ready(viewers := stack.enter_context(started("bench.viewers", port, count, ADMIN_TOKEN)))
    return viewers


def start_senders(stack: ExitStack, port: int, load: Load) -> Iterator[tuple["subprocess.Popen[str]", float]]:
    if load.single:
        yield stack.enter_context(started("bench.load", port, DEVICES, 1, "text", 4)), load.single
    if load.bulk:
        process = stack.enter_context(started("bench.load", port, DEVICES, FIXES_A_FRAME, "text", 4, DEVICES))
        yield process, load.bulk / FIXES_A_FRAME
    if load.crossing:
        yield stack.enter_context(started("bench.crossing", port, ADMIN_TOKEN, 2 * DEVICES, DEVICES)), load.crossing


def drive(senders: list[tuple["subprocess.Popen[str]", float]], seconds: int) -> int:
    """For so long, all at once; the frames they sent."""
    for process, rate in senders:
        assert process.stdin is not None
        process.stdin.write(f"paced {rate} {seconds}\n")
        process.stdin.flush()
    if not senders:
        time.sleep(seconds)
    answers = [json.loads(process.stdout.readline()) for process, _ in senders if process.stdout]
    return sum(int(each["frames"]) for each in answers)


def tell(process: "subprocess.Popen[str]", word: str) -> str:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()
    return process.stdout.readline()


def connect_idle(port: int, number: int) -> Connection:
    id, token = device(number)
    link = Connection(port, "/ws/device", token)
    link.upgraded()
    link.say(json.dumps({"type": "hello", "device": id, "boot": "1"}).encode())
    link.hear()
    return link


def receive_alerts(stack: ExitStack, port: int, count: int) -> None:
    """So many webhooks for every event, at a receiver that says yes."""
    if not count:
        return
    wait_ready(receiver := stack.enter_context(started("bench.receiver")))
    address = tell(receiver, "where").strip()
    for n in range(count):
        wish = {"name": f"all {n}", "channel": {"kind": "webhook", "url": f"{address}/{n}"}}
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        answer = httpx2.post(f"http://127.0.0.1:{port}/api/subscriptions", json=wish, headers=headers)
        assert answer.is_success, answer.text


def look(ground: Ground, server: int, carriers: int) -> Spent:
    return Spent(cpu_s(server), cpu_s(carriers), ground.cpu_s())


DISK: Final = """select (pg_current_wal_insert_lsn() - '0/0')::float8,
    (select coalesce(sum(pg_total_relation_size(inhrelid)), 0) from pg_inherits
     where inhparent = 'fix'::regclass)::float8,
    (pg_total_relation_size('event') + (select coalesce(sum(pg_total_relation_size(relid)), 0)
                                        from pg_partition_tree('transition') where isleaf))::float8"""


def find_disk(url: str) -> Disk:
    async def ask() -> Disk:
        conn = await asyncpg.connect(url)
        try:
            return Disk(*await conn.fetchrow(DISK))
        finally:
            await conn.close()

    return asyncio.run(ask())


def fit(runs: list[Run], part: str) -> list[float]:
    """Seconds of `part` for one of each of UNITS, none below 0: by least squares of what is missed, as a share of what
    was spent. What would cost less than nothing costs nothing, and the others are fitted again."""
    spent = np.array([getattr(each.spent, part) for each in runs])
    units = np.array([each.units for each in runs]) / spent[:, None]
    wanted = list(range(len(UNITS)))
    while True:
        found, *_ = np.linalg.lstsq(units[:, wanted], np.ones(len(runs)), rcond=None)
        if (found >= 0).all():
            break
        wanted.remove(wanted[int(found.argmin())])
    costs = [0.0] * len(UNITS)
    for at, cost in zip(wanted, found, strict=True):
        costs[at] = float(cost)
    return costs


def print_costs(runs: list[Run]) -> dict[str, list[float]]:
    costs = {part: fit(runs, part) for part in Spent._fields}
    print("| what one costs, us | server | carriers | PostgreSQL |\n|---|---|---|---|")
    for at, unit in enumerate(UNITS):
        print(f"| {unit} | " + " | ".join(f"{costs[part][at] * 1e6:.1f}" for part in Spent._fields) + " |")
    return costs


def print_runs(runs: list[Run], costs: dict[str, list[float]]) -> None:
    print("| load | server, of a core | foretold | missed by | PostgreSQL | foretold | missed by | load average |")
    print("|---|---|---|---|---|---|---|---|")
    for run in runs:
        cells = []
        for part in ("server", "database"):
            spent, told = getattr(run.spent, part), float(np.dot(costs[part], run.units))
            cells += [f"{spent / run.units[0]:.1%}", f"{told / run.units[0]:.1%}", f"{told / spent - 1:+.0%}"]
        print(f"| {run.load.name} | {' | '.join(cells)} | {run.busy:.0f} |", flush=True)


def print_disk(runs: list[Run]) -> None:
    print("| load | bytes ahead, a fix | table of fixes, a fix | events and transitions, an event |\n|---|---|---|---|")
    for run in runs:
        fixes, events = run.units[3], run.units[4]
        if fixes:
            own = f"{run.disk.events / events:.0f}" if events > MANY else ""
            print(f"| {run.load.name} | {run.disk.ahead / fixes:.0f} | {run.disk.fixes / fixes:.0f} | {own} |")


class Fleet(NamedTuple):
    """What a device does, and who looks at the fleet."""

    name: str
    fixes_per_s: float
    fixes_a_frame: int
    devices_a_viewer: int = 100


FLEETS: Final = (
    Fleet("a fix each second", 1.0, 1),
    Fleet("a fix each ten seconds", 0.1, 1),
    Fleet("a fix each second, 50 at once", 1.0, FIXES_A_FRAME),
)
FIXES_AN_EVENT: Final = 500
FRAMES_PER_S: Final = 4.0  # of a viewer
SHOWN_SHARE: Final = 0.05  # of the fleet, that a viewer sees
BATCHES_PER_S: Final = 200.0  # as many as the writer's pace lets begin
FULL: Final = 0.8  # of a core: above, waits grow


def make_units(fleet: Fleet, devices: float) -> list[float]:
    """Of a second of such a fleet, as UNITS."""
    fixes = devices * fleet.fixes_per_s
    frames = fixes / fleet.fixes_a_frame
    viewers = devices / fleet.devices_a_viewer
    shown = viewers * SHOWN_SHARE * min(devices * FRAMES_PER_S, frames)
    units = [1.0, min(BATCHES_PER_S, frames), frames, fixes, fixes / FIXES_AN_EVENT]
    return [*units, viewers * FRAMES_PER_S, shown, devices, fixes / FIXES_AN_EVENT]


def find_most(costs: list[float], fleet: Fleet) -> int:
    """Devices of which one core is full."""
    low, high = 0.0, 1e7
    while high - low > 1:
        middle = (low + high) / 2
        is_full = float(np.dot(costs, make_units(fleet, middle))) > FULL
        low, high = (low, middle) if is_full else (middle, high)
    return int(low)


def print_reach(costs: dict[str, list[float]]) -> None:
    head = f"| a fleet, a viewer for 100 devices | devices on {FULL:.0%} of a server's core | of a PostgreSQL's core |"
    print(f"{head}\n|---|---|---|")
    for fleet in FLEETS:
        most = [f"{find_most(costs[part], fleet):,}" for part in ("server", "database")]
        print(f"| {fleet.name} | {most[0]} | {most[1]} |")


def main(wanted: float | None) -> None:
    """`wanted`: seconds of each measurement."""
    seconds = round(wanted or 8)
    ground = Ground(3 * DEVICES + IDLE, 100)
    try:
        fitted = [measure(ground, load, seconds) for load in FITTED]
        print()
        costs = print_costs(fitted)
        print_runs(fitted, costs)
        print("\nnot fitted to:\n")
        print_runs([measure(ground, load, seconds) for load in CHECKED], costs)
        print_disk(fitted)
        print_reach(costs)
    finally:
        ground.end()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else None)
