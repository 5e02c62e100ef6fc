"""An honest client beside an attack: `python -m tests.websocket.bystander PORT [AUTHORITY]`.

Echoes a message every 5 ms, and with each line on stdin prints the latencies since the last one. A process of its own,
so that what is measured is the server and not the attacker's Python.
"""

import json
import select
import sys
import time

from .raw import PING, PONG, TEXT, Address, Client

FIRST = 10  # so many it measures before anybody asks


def main(port: int, authority: str | None) -> None:
    client = Client.open(Address(port, authority))
    latencies: list[float] = []
    measured = 0
    while True:
        if measured == FIRST:
            print("ready", flush=True)
        measured += 1
        if select.select([sys.stdin], [], [], 0.005)[0]:
            if not sys.stdin.readline():
                return
            report(latencies)
            latencies = []
        start = time.perf_counter()
        client.send(TEXT, b"bystander")
        while (heard := client.receive())[0] == PING:
            client.send(PONG, heard[1])
        if heard != (TEXT, b"bystander"):
            return
        latencies.append(time.perf_counter() - start)


def report(latencies: list[float]) -> None:
    latencies.sort()
    found: dict[str, float] = {"count": len(latencies)}
    if latencies:
        found |= {"p99": latencies[int(len(latencies) * 0.99)], "worst": latencies[-1]}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
