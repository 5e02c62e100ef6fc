"""What several processes cost: `python -m bench.scale [SECONDS]`.

The same paced load to 1, 2 and 4 processes in one run, and the CPU that each fix takes of the servers (all of them), of
NATS and of PostgreSQL. On a machine with fewer cores than processes it shows what the work between processes costs, and
not how far more cores go.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

import httpx2

from bench.ground import Ground, cpu_s, serving

PROCESSES: Final = (1, 2, 4)
DEVICES: Final = 400
WARM_S: Final = 3
MEET_S: Final = 60.0


class Load(NamedTuple):
    name: str
    fixes: int  # in a frame
    kind: str
    frames_per_s: int


LOADS: Final = (Load("one per message, 2,000/s", 1, "text", 2_000), Load("50 per message, 20,000/s", 50, "text", 400))


class Children(NamedTuple):
    servers: list[int]
    nats: list[int]


def find_parent(server: int) -> int:
    return int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1])


def find_children(server: int) -> Children:
    parent = find_parent(server)
    found = Children([], [])
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        if words[-2:-1] == ["server"]:
            found.servers.append(int(pid))
        elif "nats-server" in words[0]:
            found.nats.append(int(pid))
    return found


def wait_for_all(port: int, count: int) -> None:
    """Until each was met, and was ready."""
    met, end = set[str](), time.monotonic() + MEET_S
    while len(met) < count:
        assert time.monotonic() < end, "not all processes are there"
        answer = httpx2.get(f"http://127.0.0.1:{port}/readyz")
        if answer.status_code == 200:
            met.add(answer.headers.get("X-Tracker-Process", ""))


def measure(ground: Ground, count: int, load: Load, seconds: int) -> str:
    os.environ["TRACKER_PROCESSES"] = str(count)
    url = ground.new_database()
    with serving("ours", url) as (server, port):
        wait_for_all(port, count)
        children = find_children(server)
        command = [sys.executable, "-m", "bench.load", str(port), str(DEVICES), str(load.fixes), load.kind, "4"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
            assert sender.stdin is not None and sender.stdout is not None
            assert sender.stdout.readline() == "ready\n"
            ask(sender, f"paced {load.frames_per_s} {WARM_S}")
            before = look(ground, children)
            done = ask(sender, f"paced {load.frames_per_s} {seconds}")
            after = look(ground, children)
            sender.stdin.close()
        spent = [(b - a) * 1e6 / done["fixes"] for a, b in zip(before, after, strict=True)]
    ground.drop(url)
    rate = done["fixes"] / done["seconds"]
    return f"| {load.name} | {count} | {spent[0]:.1f} | {spent[1]:.1f} | {spent[2]:.1f} | {rate:.0f} |"


def look(ground: Ground, children: Children) -> tuple[float, float, float]:
    return sum(map(cpu_s, children.servers)), sum(map(cpu_s, children.nats)), ground.cpu_s()


def ask(sender: "subprocess.Popen[str]", line: str) -> dict[str, float]:
    assert sender.stdin is not None and sender.stdout is not None
    sender.stdin.write(line + "\n")
    sender.stdin.flush()
    answer: dict[str, float] = json.loads(sender.stdout.readline())
    return answer


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    ground = Ground(DEVICES, 100)
    try:
        print(
            "| load | processes | servers, us a fix | NATS | PostgreSQL | acked a second |\n|---|---|---|---|---|---|"
        )
        for load in LOADS:
            for count in PROCESSES:
                print(measure(ground, count, load, seconds), flush=True)
    finally:
        ground.end()


if __name__ == "__main__":
    main()
