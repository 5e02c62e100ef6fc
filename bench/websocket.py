"""What the WebSocket room costs, next to picows alone and to stock Quart on Hypercorn.

`python -m bench.websocket` prints a table; `--json FILE` writes it. Figures are CPU of the server process (schedstat),
and what counts is the ratio to picows in the same round. `--hold 600` instead holds 10,000 idle connections and 200
viewers for ten minutes.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVERS = ("picows", "ours", "stock")


class Process:
    """A child that obeys lines."""

    def __init__(self, module: str, *words: object) -> None:
        command = [sys.executable, "-m", module, *map(str, words)]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.greeting = self.answer()

    def ask(self, order: str) -> str:
        assert self._child.stdin is not None
        self._child.stdin.write(order + "\n")
        self._child.stdin.flush()
        return self.answer()

    def answer(self) -> str:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._child.args!r} ended")
        return line.strip()

    def cpu_s(self) -> float:
        tasks = Path(f"/proc/{self._child.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def rss(self) -> int:
        return int(Path(f"/proc/{self._child.pid}/statm").read_text().split()[1]) * resource.getpagesize()

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self._child.pid}/fd"))

    def end(self) -> None:
        self._child.kill()
        self._child.communicate()


def allow_descriptors() -> None:
    """As many as may be had, for this process and those it starts: a shell has a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def pair(server: str, connections: int) -> Iterator[tuple[Process, Process, int]]:
    """A server, a client with so many connections, and the server's memory before they came."""
    allow_descriptors()
    serving = Process("bench.websocket_servers", server)
    try:
        Process("bench.websocket_load", serving.greeting, 50).end()  # what the first ones bring with them
        serving.ask("collect")
        before = serving.rss()
        loading = Process("bench.websocket_load", serving.greeting, connections)
        try:
            yield serving, loading, before
        finally:
            loading.end()
    finally:
        serving.end()


def settled(serving: Process) -> int:
    """The messages counted, once nothing more comes: stock may be seconds behind."""
    counted = -1
    while (now := int(serving.ask("count").split()[0])) != counted:
        counted = now
        time.sleep(0.3)
    return counted


def receiving(server: str, seconds: float) -> float:
    """CPU us per one-fix message, 4,000/s over 1,000 connections."""
    with pair(server, 1000) as (serving, loading, _):
        loading.ask("paced 4000 1")
        counted, spent = settled(serving), serving.cpu_s()
        sent = int(loading.ask(f"paced 4000 {seconds}"))
        arrived = settled(serving) - counted
        spent = serving.cpu_s() - spent
        if arrived != sent:
            raise RuntimeError(f"{server}: sent {sent}, counted {arrived}")
        return spent / sent * 1e6


def sending(server: str, seconds: float) -> float:
    """CPU us per viewer and frame, 1 KB to 1,000 viewers, 10 times a second."""
    times = int(seconds * 10)
    with pair(server, 1000) as (serving, loading, _):
        serving.ask("push 1024 5 10")
        loading.ask("received")
        spent = serving.cpu_s()
        serving.ask(f"push 1024 {times} 10")
        spent = serving.cpu_s() - spent
        time.sleep(0.2)
        got = int(loading.ask("received").split()[0])
        if got != times * 1000 * 1024:
            raise RuntimeError(f"{server}: {got} bytes arrived")
        return spent / (times * 1000) * 1e6


def idle(server: str, connections: float) -> float:
    """KiB of resident memory per idle connection (kernel buffers are not in it)."""
    with pair(server, int(connections)) as (serving, _, before):
        serving.ask("collect")
        return (serving.rss() - before) / connections / 1024


def hold(seconds: float, connections: int) -> dict[str, Any]:
    """Idle connections and 200 viewers that get 1 KB four times a second: memory, tasks, descriptors, losses."""
    samples = []
    with pair("ours", connections) as (serving, loading, before):
        viewing = Process("bench.websocket_load", serving.greeting, 200)
        viewing.ask("view")
        opened, end = serving.rss(), time.monotonic() + seconds
        while time.monotonic() < end:
            serving.ask("push 1024 40 4")
            tasks = int(serving.ask("count").split()[1])
            lost = [int(client.ask("received").split()[1]) for client in (loading, viewing)]
            samples.append((serving.rss(), serving.descriptors(), tasks, sum(lost)))
        viewing.end()
    memory, descriptors, tasks_seen, lost_seen = zip(*samples, strict=True)
    return {
        "what": "hold",
        "connections": connections,
        "seconds": seconds,
        "rss_before": before,
        "rss_open": opened,
        "rss_first": memory[0],
        "rss_last": memory[-1],
        "rss_most": max(memory),
        "descriptors": sorted(set(descriptors)),
        "tasks": sorted(set(tasks_seen)),
        "lost": lost_seen[-1],
    }


Measure = Callable[[str, float], float]


def compare(name: str, measure: Measure, argument: float, rounds: int, servers: tuple[str, ...]) -> dict[str, Any]:
    figures: dict[str, list[float]] = {server: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            figures[server].append(measure(server, argument))
    ratios = [mine / floor for mine, floor in zip(figures["ours"], figures["picows"], strict=True)]
    medians = {server: round(statistics.median(values), 2) for server, values in figures.items()}
    ratio = round(statistics.median(ratios), 3)
    print(f"{name:30}", *(f"{server} {value:7.2f} " for server, value in medians.items()), f"ours/picows {ratio:.2f}")
    return {"what": name, **medians, "ratio": ratio, "ratios": [round(value, 3) for value in ratios]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hold", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--connections", type=int, default=10_000, help="of --hold")
    parser.add_argument("--json", type=Path)
    parser.add_argument("only", nargs="*", help="receive, send, idle")
    given = parser.parse_args()
    results: list[dict[str, Any]] = []
    only = given.only or ([] if given.hold else ["receive", "send", "idle"])
    if "receive" in only:
        results.append(compare("receive, us per message", receiving, given.seconds, given.rounds, SERVERS))
    if "send" in only:
        results.append(compare("send 1 KB, us per viewer", sending, given.seconds, given.rounds, SERVERS[:2]))
    if "idle" in only:
        results.append(compare("idle connection, KiB", idle, 2000, 1, SERVERS))
    if given.hold:
        results.append(hold(given.hold, given.connections))
        print(results[-1])
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
