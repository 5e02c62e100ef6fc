"""Wakes: when, by the server's clock, a device that says nothing has to be looked at."""

from heapq import heappop, heappush

from tracker.geofence.fences import Fences
from tracker.model.state import NOT_DUE, State
from tracker.pipeline.elapse import find_wake

GRACE_US = 5_000_000  # a fix that says otherwise may be on its way


class Wakes:
    """One for each device at most, so no more than there are devices; a new one replaces the one before."""

    def __init__(self) -> None:
        self.heap: list[tuple[int, int]] = []  # (µs, device); those that are not in `set_for` any more are skipped
        self.set_for: dict[int, int] = {}

    def put(self, device: int, state: State, fences: Fences, step: int = 0) -> None:
        """As the state now asks for, with the changes of the geofences noted. `step`: by how many µs the clock was set
        since its newest fix came."""
        at = find_wake_time(state, fences) if state.due != NOT_DUE or device in self.set_for else None
        if at is None:
            self.set_for.pop(device, None)
        elif self.set_for.get(device) != at + step:
            self.set_for[device] = at + step
            heappush(self.heap, (at + step, device))

    def shift(self, step: int) -> None:
        """The clock was set by so many µs: nobody waits longer or shorter for it."""
        self.set_for = {device: at + step for device, at in self.set_for.items()}
        self.heap = sorted((at, device) for device, at in self.set_for.items())

    def forget(self, device: int) -> None:
        self.set_for.pop(device, None)

    def ring(self, now: int) -> list[int]:
        """The devices whose time has come, once each."""
        rung = []
        while self.heap and self.heap[0][0] <= now:
            at, device = heappop(self.heap)
            if self.set_for.get(device) == at:
                del self.set_for[device]
                rung.append(device)
        return rung


def find_wake_time(state: State, fences: Fences) -> int | None:
    """In µs of the server: as long after the newest fix was received as the device's own time has to go on."""
    at = find_wake(state, fences)
    if at is None or state.newest is None:
        return None
    return state.received_at + max(0, at - state.newest.at) * 1000 + GRACE_US


def device_time(state: State, now: int, step: int) -> int:
    """What the device's clock shows, in ms, at `now` in µs of the server, less the grace. `step` as above."""
    newest = state.newest
    return 0 if newest is None else newest.at + (now - GRACE_US - state.received_at - step) // 1000
