"""How long an alert takes: `python -m bench.alerts PORT TOKEN`, beside whatever else the server does.

One device goes into and out of a geofence, ten times a second; a subscriber of events hears of it. From the moment the
fix is sent to the moment the event is there. Each line on stdin is answered by what was measured since the last.
"""

import json
import select
import sys
import time
from datetime import UTC, datetime
from typing import Any, Final

import httpx2

from bench.connection import TEXT, Connection, masked
from bench.load import device

NUMBER: Final = 1_000  # of the device: the first beside the crowd
PAUSE_S: Final = 0.1
INSIDE, OUTSIDE = (60.005, 10.0099), (60.005, 10.0101)  # degrees north and east, far from the city; 11 m apart
FENCE: Final[dict[str, Any]] = {
    "type": "Feature",
    "id": "alerts",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[10.0, 60.0], [10.01, 60.0], [10.01, 60.01], [10.0, 60.01], [10.0, 60.0]]],
    },
    "properties": {"name": "Alerts", "preset": "strict"},
}


class Alerts:
    def __init__(self, port: int, token: str) -> None:
        header = {"Authorization": f"Bearer {token}"}
        httpx2.post(f"http://127.0.0.1:{port}/api/geofences", json=FENCE, headers=header).raise_for_status()
        id, secret = device(NUMBER)
        self.sender = Connection(port, "/ws/device", secret)
        self.subscriber = Connection(port, "/ws/live", token)
        for link, first in (
            (self.sender, {"type": "hello", "device": id, "boot": "1"}),
            (self.subscriber, {"type": "subscribe", "viewport": [10.0, 59.0, 10.1, 59.1], "zoom": 13, "events": {}}),
        ):
            link.upgraded()
            link.say(json.dumps(first).encode())
            link.hear()
            link.loose()
        self.seq, self.unacked, self.sent, self.due = 0, 0, 0.0, time.monotonic()
        self.waits: list[float] = []
        self.poll = select.epoll()
        for descriptor in (self.sender.socket, self.subscriber.socket, sys.stdin):
            self.poll.register(descriptor.fileno(), select.EPOLLIN)

    def run(self) -> None:
        while True:
            wait = PAUSE_S if self.unacked else max(0.0, self.due - time.monotonic())
            for descriptor, _ in self.poll.poll(wait):
                if descriptor == self.subscriber.socket.fileno():
                    self.hear()
                elif descriptor == self.sender.socket.fileno():
                    self.unacked -= len(list(self.sender.read()))
                elif not self.answer():
                    return
            if self.due <= time.monotonic() and not self.unacked:
                self.cross()

    def cross(self) -> None:
        self.seq += 1
        self.unacked += 1
        lat, lon = INSIDE if self.seq % 2 else OUTSIDE
        fix = {"at": datetime.now(UTC).isoformat(), "lon": lon, "lat": lat, "accuracy": 5.0}
        message = json.dumps({"type": "fixes", "seq": self.seq, "fixes": [fix]}).encode()
        self.sent = time.monotonic()
        self.due = self.sent + PAUSE_S
        self.sender.socket.send(masked(TEXT, message))

    def hear(self) -> None:
        for _, payload in self.subscriber.read():
            if b'"alerts"' in payload and self.sent:
                self.waits.append((time.monotonic() - self.sent) * 1000)
                self.sent = 0.0

    def answer(self) -> bool:
        if not sys.stdin.readline():
            return False
        waits, self.waits = sorted(self.waits) or [0.0], []
        p50, p95 = waits[len(waits) // 2], waits[len(waits) * 95 // 100]
        print(json.dumps({"count": len(waits), "p50_ms": p50, "p95_ms": p95}), flush=True)
        return True


if __name__ == "__main__":
    alerts = Alerts(int(sys.argv[1]), sys.argv[2])
    print("ready", flush=True)
    alerts.run()
