"""Unit: a vehicle, the device in it, and when it reports next."""

import zlib
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Final

from tracker.client import messages
from tracker.client.device import DeviceClient, Disobeyed
from tracker.client.interval import read_interval
from tracker.simulator.vehicle import Vehicle

REPLIES: Final = ("ok", "on my way", "understood", "there in ten minutes", "stuck in traffic, a little later")
IDLE_S = 1.0  # to wait where nothing is due ever


class Timetable:
    """Which unit, by number, is due when (ms); the newest word on a unit counts."""

    def __init__(self) -> None:
        self._due: dict[int, int] = {}
        self._heap: list[tuple[int, int]] = []

    def set(self, number: int, at: int) -> None:
        self._due[number] = at
        heappush(self._heap, (at, number))

    def wait_s(self, now: int) -> float:
        return max(0, self._heap[0][0] - now) / 1000 if self._heap else IDLE_S

    def take(self, now: int) -> Iterator[tuple[int, int]]:
        """Those that are due and when they were, once each."""
        while self._heap and self._heap[0][0] <= now:
            at, number = heappop(self._heap)
            if self._due.get(number) == at:
                del self._due[number]
                yield number, at


class Unit:
    """`interval` in ms; `clock` gives ms that never go back."""

    def __init__(
        self,
        number: int,
        vehicle: Vehicle,
        client: DeviceClient,
        interval: int,
        clock: Callable[[], int],
        timetable: Timetable,
    ) -> None:
        self.client = client
        self._number = number
        self._vehicle = vehicle
        self._interval = interval
        self._clock = clock
        self._timetable = timetable
        self._last = 0  # ms
        client.obey = self.obey
        client.reply = self.reply

    def report(self, at: int) -> None:
        self._measure(at)
        self._timetable.set(self._number, at + self._interval)

    def obey(self, command: messages.Command) -> str | None:
        match command.name:
            case "report_now":
                self._measure(self._clock())
            case "set_interval":
                self._interval = read_interval(command.args)
                self._timetable.set(self._number, self._clock() + self._interval)
            case "message":
                return "shown to the driver"
            case _:
                raise Disobeyed(f"{command.name} is not known here")
        return None

    def reply(self, command: messages.Command) -> str | None:
        """Drivers are short, and no two messages are answered alike."""
        return REPLIES[zlib.crc32(command.id.encode()) % len(REPLIES)] if command.name == "message" else None

    def _measure(self, at: int) -> None:
        """A command may have been quicker than the timetable: time never goes back, and no moment comes twice."""
        self._last = max(at, self._last + 1)
        self.client.put(self._vehicle.measure(self._last))
