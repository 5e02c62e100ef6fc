"""What several processes cost: `tracker bench scale`.

The same paced load to 1, 2, 4 and 8 processes in one run, and the CPU that each fix takes of the servers (all of them),
of NATS and of PostgreSQL, with the bytes that pass NATS; then as much as 1 and 2 take. Nothing is measured before each
process owns its share of the log and, where nobody looks, hears no more where the devices of others are; one load is
looked at. On a machine with fewer cores than processes it shows what the work between processes costs, and not how far
more cores go.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import httpx2

from bench.ground import ADMIN_TOKEN, Ground, cpu_s, serving
from tracker.processes.nats import find_program, free_port
from tracker.store.ownership import STRANDS

PROCESSES: Final = (1, 2, 4, 8)
FLOODED: Final = (1, 2)
DEVICES: Final = 400
WARM_S: Final = 3
MEET_S: Final = 120.0
HEARS: Final = "tracker_hears_positions"  # the metric
VIEWERS: Final = 24  # enough for each of eight processes to have some


class Load(NamedTuple):
    name: str
    fixes: int  # in a frame
    kind: str
    frames_per_s: int
    viewers: int = 0


LOADS: Final = (
    Load("one per message, 4,000/s", 1, "text", 4_000),
    Load("50 per message, 40,000/s", 50, "text", 800),
    Load(f"one per message, 4,000/s, {VIEWERS} viewers", 1, "text", 4_000, VIEWERS),
)


class Nats(NamedTuple):
    """One that says what passes it."""

    pid: int
    url: str
    monitor: int  # port

    def count_bytes(self) -> float:
        found = httpx2.get(f"http://127.0.0.1:{self.monitor}/varz").json()
        return float(found["in_bytes"] + found["out_bytes"])


class Look(NamedTuple):
    """Seconds of processor time, and bytes."""

    servers: float
    nats: float
    database: float
    passed: float


def find_parent(server: int) -> int:
    return int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1])


def find_servers(server: int) -> list[int]:
    """All of its parent."""
    parent = find_parent(server)
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in children if Path(f"/proc/{pid}/cmdline").read_text().split("\0")[-2:-1] == ["server"]]


@contextmanager
def nats() -> Iterator[Nats]:
    port, monitor = free_port(), free_port()
    command = [find_program(), "-a", "127.0.0.1", "-p", str(port), "-m", str(monitor)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield Nats(process.pid, f"nats://127.0.0.1:{port}", monitor)
        finally:
            process.kill()


def wait_for_all(port: int, count: int) -> None:
    """Until each was met, and was ready."""
    met, end = set[str](), time.monotonic() + MEET_S
    while len(met) < count:
        assert time.monotonic() < end, "not all processes are there"
        answer = httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=MEET_S)
        if answer.status_code == 200:
            met.add(answer.headers.get("X-Tracker-Process", ""))


Owners = dict[int, str]  # by strand, what the process is called


async def read_owners(conn: asyncpg.Connection) -> Owners:
    rows = await conn.fetch(
        """select l.partition % $1 as strand, max(o.name) as name from lease l join owner o on o.id = l.owner
           where not o.fenced group by 1""",
        STRANDS,
    )
    return dict(rows)


def are_shared(owners: Owners, count: int) -> bool:
    """Each of so many processes has its share."""
    names = list(owners.values())
    return len(names) == STRANDS and sorted(map(names.count, set(names))) == [STRANDS // count] * count


async def wait_for_shares(url: str, count: int) -> None:
    conn, end = await asyncpg.connect(url), time.monotonic() + MEET_S
    try:
        while not are_shared(owners := await read_owners(conn), count):
            assert time.monotonic() < end, owners
            await asyncio.sleep(0.2)
    finally:
        await conn.close()


def read_hearing(port: int) -> list[float]:
    """1 for each process that hears where all devices are, and 0 for each that rests."""
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    found = httpx2.get(f"http://127.0.0.1:{port}/metrics", headers=headers, timeout=MEET_S).text
    return [float(line.rpartition(" ")[2]) for line in found.splitlines() if line.startswith(HEARS)]


def wait_for_rest(port: int, count: int) -> None:
    """Until of so many processes only the one that numbers events hears all."""
    end = time.monotonic() + MEET_S
    while sorted(read_hearing(port)) != [0.0] * (count - 1) + [1.0]:
        assert time.monotonic() < end, "processes that nobody looks at still hear where all devices are"
        time.sleep(1)


class Running(NamedTuple):
    """Devices that wait for words, the pids of the processes they are connected to, and the port of these."""

    sender: "subprocess.Popen[str]"
    servers: list[int]
    port: int


@contextmanager
def sending(ground: Ground, found: Nats, count: int, load: Load) -> Iterator[Running]:
    os.environ |= {"TRACKER_PROCESSES": str(count), "TRACKER_NATS_URL": found.url if count > 1 else ""}
    url = ground.new_database()
    with serving("ours", url) as (server, port):
        wait_for_all(port, count)
        if count > 1:
            asyncio.run(wait_for_shares(url, count))
            if not load.viewers:
                wait_for_rest(port, count)
        command = [sys.executable, "-m", "bench.load", str(port), str(DEVICES), str(load.fixes), load.kind, "4"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
            assert sender.stdin is not None and sender.stdout is not None
            assert sender.stdout.readline() == "ready\n"
            yield Running(sender, find_servers(server), port)
            sender.stdin.close()
    ground.drop(url)


class Watching:
    """The viewers of a run, if it has any; and a probe that says how old what it is shown is."""

    def __init__(self, port: int, count: int) -> None:
        command = [sys.executable, "-m", "bench.viewers", str(port), str(count), ADMIN_TOKEN]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) if count else None
        if self.process is not None and self.process.stdout is not None:
            assert self.process.stdout.readline() == "ready\n"

    def begin(self) -> None:
        if self.process is not None:
            say(self.process, "begin")

    def end(self) -> str:
        """p50 and p99 from a device to the probe's screen; ends them."""
        if self.process is None:
            return ""
        found = json.loads(say(self.process, "end"))
        self.process.kill()
        self.process.wait()
        return f"{found['p50_ms']:.0f} / {found['p99_ms']:.0f}"


def measure(ground: Ground, found: Nats, count: int, load: Load, seconds: int) -> str:
    with sending(ground, found, count, load) as (sender, servers, port):
        watching = Watching(port, load.viewers)
        ask(sender, f"paced {load.frames_per_s} {WARM_S}")
        watching.begin()
        before = look(ground, found, servers)
        done = ask(sender, f"paced {load.frames_per_s} {seconds}")
        after = look(ground, found, servers)
        seen = watching.end()
    spent = Look(*((b - a) / done["fixes"] for a, b in zip(before, after, strict=True)))
    cells = f"{spent.servers * 1e6:.1f} | {spent.nats * 1e6:.1f} | {spent.database * 1e6:.1f} | {spent.passed:.0f}"
    rate = done["fixes"] / done["seconds"]
    return f"| {load.name} | {count} | {cells} | {rate:.0f} | {seen} | {os.getloadavg()[0]:.1f} |"


def flood(ground: Ground, found: Nats, count: int, load: Load, seconds: int) -> str:
    with sending(ground, found, count, load) as (sender, _, port):
        watching = Watching(port, load.viewers)
        ask(sender, f"flood {WARM_S}")
        watching.begin()
        done = ask(sender, f"flood {seconds}")
        seen = watching.end()
    name = f"{load.fixes} per message, {load.viewers} viewers"
    return f"| {name} | {count} | {done['rate']:.0f} | {seen} | {os.getloadavg()[0]:.1f} |"


def look(ground: Ground, found: Nats, servers: list[int]) -> Look:
    return Look(sum(map(cpu_s, servers)), cpu_s(found.pid), ground.cpu_s(), found.count_bytes())


def ask(sender: "subprocess.Popen[str]", line: str) -> dict[str, float]:
    answer: dict[str, float] = json.loads(say(sender, line))
    return answer


def say(process: "subprocess.Popen[str]", line: str) -> str:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline()


def main(wanted: float | None) -> None:
    """`wanted`: seconds of each measurement."""
    seconds, ground = round(wanted or 10), Ground(DEVICES, 100)
    try:
        with nats() as found:
            columns = "bytes past NATS | acked a second | p50 / p99 ms | load |"
            print(f"| load | processes | servers, us a fix | NATS | PostgreSQL | {columns}")
            print("|---|---|---|---|---|---|---|---|---|")
            for load in LOADS:
                for count in PROCESSES:
                    print(measure(ground, found, count, load, seconds), flush=True)
            print("\n| as fast as it goes | processes | acked a second | p50 / p99 ms | load |\n|---|---|---|---|---|")
            for load in LOADS:
                for count in FLOODED:
                    print(flood(ground, found, count, load, seconds), flush=True)
    finally:
        ground.end()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else None)
