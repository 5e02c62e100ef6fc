"""Twins: the same fix that came in two dialects, as a phone sends it that falls back from MQTT to HTTP, or a server
that forwards what the phone also says itself. Pure.

Two fixes of a device in different dialects are one where their times are equal once both are cut to the coarser one's
second and their places lie within 2 m. The finer stays. A time of whole seconds is the coarser one: of two that both
have parts of a second, only equal ones are the same.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from tracker.geo.distance import distance
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.heard import SECOND_MS, Heard, Second, cut_to_second
from tracker.model.state import State

NEAR: Final = 2.0  # m


def find_ambiguous_seconds(
    frames: Iterable[Frame], states: Mapping[int, State], several: Collection[int]
) -> Iterable[Second]:
    """Those in which something of a device may be stored already. `several`: the devices that speak dialects."""
    seen: dict[int, int] = {}
    for frame in frames:
        if frame.device not in several:
            continue
        newest = seen.get(frame.device, states[frame.device].seen_at)
        for entry in frame.entries:
            if type(entry) is Fix:
                if cut_to_second(entry.at) <= newest:
                    yield frame.device, cut_to_second(entry.at)
                newest = max(newest, entry.at)
        seen[frame.device] = newest


class Twins:
    """What is known of the seconds a batch asks about; what the batch itself stores is added to it."""

    def __init__(self, several: Collection[int] = (), stored: Mapping[Second, Iterable[Heard]] | None = None) -> None:
        self.several = several
        self.heard = {second: list(each) for second, each in (stored or {}).items()}

    def find(self, device: int, fix: Fix, dialect: int) -> Heard | None:
        """The fix that this one is again, or one of the same moment at another place. None: it is new."""
        others = self.heard.get((device, cut_to_second(fix.at)), ())
        same = next((each for each in others if each.at == fix.at), None)
        return same or next((each for each in others if is_twin(each, fix, dialect)), None)

    def add(self, device: int, fix: Fix, dialect: int) -> None:
        heard = Heard(fix.at, fix.lon_e7, fix.lat_e7, dialect)
        self.heard.setdefault((device, cut_to_second(fix.at)), []).append(heard)

    def remove(self, device: int, heard: Heard) -> None:
        self.heard[device, cut_to_second(heard.at)].remove(heard)


def is_same(heard: Heard, fix: Fix, dialect: int) -> bool:
    """Of the same moment: the same place too, or in another dialect one so near that it was only rounded."""
    if (heard.lon_e7, heard.lat_e7) == (fix.lon_e7, fix.lat_e7):
        return True
    return heard.dialect != dialect and is_near(heard, fix)


def is_twin(heard: Heard, fix: Fix, dialect: int) -> bool:
    """Of the same second, and not of the same moment."""
    if heard.dialect == dialect or (heard.at % SECOND_MS and fix.at % SECOND_MS):
        return False
    return is_near(heard, fix)


def is_near(heard: Heard, fix: Fix) -> bool:
    return distance(heard.lon_e7 / 1e7, heard.lat_e7 / 1e7, fix.lon, fix.lat) <= NEAR


def is_finer(fix: Fix, heard: Heard) -> bool:
    return fix.at % SECOND_MS != 0 and heard.at % SECOND_MS == 0
