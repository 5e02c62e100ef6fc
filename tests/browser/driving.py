"""A vehicle that drives as a test says: a real device on a real socket, without a loop of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from websockets.sync.client import ClientConnection, connect

from tests.patience import PATIENCE_S
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms


class Vehicle:
    """Its fixes are stored when `drive` returns."""

    def __init__(self, ws: ClientConnection, id: str) -> None:
        self.ws = ws
        self.id = id
        self.seq = 0
        self.at = 0

    def say(self, **message: Any) -> dict[str, Any]:
        self.send(**message)
        return self.hear()

    def send(self, **message: Any) -> None:
        self.ws.send(msgspec.json.encode(message).decode())

    def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = msgspec.json.decode(self.ws.recv(PATIENCE_S))
        return heard

    @staticmethod
    def now() -> str:
        return format_ms(now_ms())

    def drive(self, lon: float, lat: float, ago: float = 0.0, **more: Any) -> None:
        """One fix, measured `ago` seconds before now."""
        self.seq += 1
        self.at = max(now_ms() - round(1000 * ago), self.at + 1)
        fix = {"at": format_ms(self.at), "lon": lon, "lat": lat, "accuracy": 5.0, "speed": 12.5, "heading": 90.0} | more
        answer = self.say(type="fixes", seq=self.seq, fixes=[fix])
        while answer["type"] not in ("ack", "error"):  # what people say comes in between
            answer = self.hear()
        assert answer["stored"] == 1, answer


@contextmanager
def vehicle(server: RunningServer, id: str, name: str | None = None) -> Iterator[Vehicle]:
    """A device that is registered (under this name) and connected."""
    with server.api() as api:
        answer = api.post("/api/devices", json={"id": id, "name": name or id, "category": "van"})
        if answer.status_code == 409:
            answer = api.post(f"/api/devices/{id}/token")
    token = answer.json()["token"]
    with connect(
        f"ws://{server.address}/ws/device",
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        open_timeout=PATIENCE_S,
        ping_timeout=PATIENCE_S,
    ) as ws:
        driven = Vehicle(ws, id)
        welcome = driven.say(type="hello", device=id, boot=f"b{now_ms()}", version=1)
        assert welcome["type"] == "welcome", welcome
        yield driven
