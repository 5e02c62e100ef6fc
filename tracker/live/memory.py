"""The bus of a single process: a direct call."""

from tracker.live.bus import Deliver
from tracker.model.update import Update


class MemoryBus:
    def __init__(self) -> None:
        self.deliveries: list[Deliver] = []

    def publish(self, update: Update) -> None:
        for deliver in self.deliveries:
            deliver(update)

    def subscribe(self, deliver: Deliver) -> None:
        self.deliveries.append(deliver)
