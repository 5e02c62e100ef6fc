"""A town to look at: sixty vehicles on Helsinki's streets, places with rules, and what happens there."""

import asyncio
import random
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx2
from websockets.exceptions import WebSocketException

from tests.browser.driving import Vehicle, vehicle
from tests.databases import Databases, choose_memory, copied
from tests.pictures import make_png
from tests.running import ADMIN_TOKEN, RunningServer, running
from tracker.model.moment import format_ms, now_ms
from tracker.postgis.cluster import Cluster
from tracker.simulator.demo import furnish
from tracker.simulator.roads import load_roads
from tracker.simulator.vehicle import Truth, drive

STATION: Final = (24.9412, 60.1712)
NAMES: Final = (
    "Ada's van",
    "Delivery van of the southern depot, a long name",
    "שליח 7",
    "Kurier Jürgen",
    "سائق 3",
    "配送 5 東京",
    "Donaudampfschifffahrtsgesellschaftskapitänswagen",
)
LOOKS: Final = (("#2563eb", "van"), ("#12805c", "truck"), ("#be185d", "bike"), ("#b4590a", "bus"))
SILENT: Final = 3  # the number of the vehicle that is heard no more
COUNT: Final = 60
PAST: Final = 60  # fixes of each when it begins
EVERY_S: Final = 5
CUT_OFF: Final = (OSError, WebSocketException, httpx2.HTTPError)
LIVE_S: Final = 20.0  # between two reports of each while it is looked at
SCHOOL: Final[dict[str, Any]] = {
    "type": "Feature",
    "id": "school",
    "geometry": {"type": "Point", "coordinates": [24.9370, 60.1690]},
    "properties": {
        "name": "Primary school",
        "radius": 90,
        "preset": "calm",
        "dwell": 600,
        "expect": [{"devices": ["van-0"], "from": "07:00", "by": "08:15", "zone": "Europe/Helsinki"}],
    },
}
LONG: Final[dict[str, Any]] = {
    "type": "Feature",
    "id": "long",
    "geometry": {"type": "LineString", "coordinates": [[24.9340, 60.1735], [24.9375, 60.1712], [24.9390, 60.1700]]},
    "properties": {"name": "Anlieferungszone_ohne_Leerzeichen_Nordseite_Rampe_3", "width": 60},
}


@contextmanager
def served(**settings: str) -> Iterator[RunningServer]:
    """On a database in memory, gone afterwards."""
    with ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="tracker-", dir=choose_memory()))
        stack.callback(shutil.rmtree, place)
        place.chmod(0o711)
        cluster = Cluster(place / "data", durable=False)
        stack.callback(cluster.stop)
        cluster.start()
        databases = Databases(cluster.url)
        stack.callback(databases.close)
        databases.prepare()
        url = stack.enter_context(copied(databases))
        yield stack.enter_context(running(url, TRACKER_DATA=str(place), **settings))


class Town:
    """Its vehicles report while it is entered, and connect again where they were cut off, as by a server that was
    halted. Their sockets are open as long as `stack`."""

    def __init__(self, server: RunningServer, stack: ExitStack) -> None:
        self.server = server
        self.stack = stack
        self.vehicles: list[Vehicle] = []
        self.ways = [drive(load_roads(), random.Random(number)) for number in range(COUNT)]
        self.lock = threading.Lock()  # held by who talks on their sockets
        self.ended = threading.Event()

    def settle(self, count: int) -> None:
        """So many are registered and have their past."""
        for number in range(len(self.vehicles), count):
            name = NAMES[number] if number < len(NAMES) else f"{('Bus', 'Taxi', 'Van')[number % 3]} {number}"
            self.vehicles.append(self.stack.enter_context(vehicle(self.server, f"van-{number}", name)))
            self.paint(number)
            late = 7_000 if number == SILENT else 0
            self.report(number, *(late + EVERY_S * (PAST - step) for step in range(PAST)))

    def paint(self, number: int) -> None:
        color, icon = LOOKS[number % len(LOOKS)]
        change: dict[str, Any] = {"color": color, "icon": icon} if number < 8 else {}
        if number == 0:
            change |= {"notes": "Key in the office. Back door sticks.", "interval": 30}
        with self.server.api() as api:
            api.patch(f"/api/devices/van-{number}", json=change).raise_for_status()
            if number == 1:
                headers = {"Content-Type": "image/png"}
                api.put("/api/devices/van-1/photo", content=make_png(64, 64), headers=headers).raise_for_status()

    def report(self, number: int, *ago: float) -> None:
        """One frame of fixes, each measured so many seconds ago."""
        sent, now = self.vehicles[number], now_ms()
        fixes = [self.look(number, now - round(1000 * each)) for each in ago]
        sent.seq += 1
        sent.send(type="fixes", seq=sent.seq, fixes=fixes)
        while sent.hear()["type"] not in ("ack", "error"):
            pass

    def look(self, number: int, at: int) -> dict[str, Any]:
        truth = self.go(number)
        return {
            "at": format_ms(at),
            "lon": truth.lon,
            "lat": truth.lat,
            "speed": truth.speed if number % 6 else 0.0,
            "heading": truth.heading,
            "altitude": 14.0 + number % 20,
            "battery": max(0.06, 0.96 - 0.016 * number),
            "accuracy": 4.0 + number % 5,
        }

    def go(self, number: int) -> Truth:
        """One in six stands where it began."""
        way = self.ways[number]
        for _ in range(EVERY_S if number % 6 else 0):
            next(way)
        return next(way)

    @contextmanager
    def moving(self) -> Iterator[None]:
        thread = threading.Thread(target=self.drive_on)
        thread.start()
        try:
            yield
        finally:
            self.ended.set()
            thread.join()

    def drive_on(self) -> None:
        while True:
            for number in range(len(self.vehicles)):
                if number == SILENT:
                    continue
                if self.ended.wait(LIVE_S / COUNT):
                    return
                with self.lock:
                    self.drive_to(number)

    def drive_to(self, number: int) -> None:
        with suppress(*CUT_OFF):
            try:
                self.report(number, 0.0)
            except CUT_OFF:
                self.vehicles[number] = self.stack.enter_context(vehicle(self.server, f"van-{number}"))

    def talk(self) -> None:
        """A conversation with the first of them, whose last word waits."""
        first = self.vehicles[0]
        with self.lock, self.server.api() as api:
            for number, (down, up) in enumerate(
                (("Can you take a parcel at the station?", "On my way"), ("Ramp 3, please", "There in ten minutes"))
            ):
                api.post("/api/devices/van-0/messages", json={"text": down}).raise_for_status()
                while (heard := first.hear())["type"] != "command":
                    pass
                first.send(type="result", id=heard["id"], ok=True)
                first.send(type="read", id=heard["id"])
                first.send(type="message", id=f"m-{number}", at=format_ms(now_ms()), text=up)
            api.post("/api/devices/van-3/messages", json={"text": "Where are you?"}).raise_for_status()
            pair = {"devices": ["van-0", "van-4"], "distance": 150}
            api.post("/api/pairs", json=pair).raise_for_status()


@contextmanager
def inhabited(server: RunningServer) -> Iterator[Town]:
    """All of them there, and on their way."""
    with ExitStack() as stack:
        town = Town(server, stack)
        with ThreadPoolExecutor(1) as aside:  # this thread has a loop of its own, the browser's
            aside.submit(asyncio.run, furnish(server.url, ADMIN_TOKEN)).result()
        town.settle(COUNT)
        for feature in (SCHOOL, LONG):
            server.new_geofence(feature)
        town.talk()
        stack.enter_context(town.moving())
        yield town
