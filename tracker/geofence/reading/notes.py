"""What is told of an import: which features can be no geofence, and what was read otherwise than it stands there."""

from typing import Final

import msgspec

from tracker.errors import Malformed, TrackerError

MOST_TOLD: Final = 100  # of the features that are wrong, and of different notes


class BadFeature(msgspec.Struct, frozen=True):
    """One that cannot be a geofence: its number in the file from 0, its id and its name where it has them, what is
    wrong."""

    index: int
    id: str | None
    name: str | None
    field: str | None
    reason: str


class FeatureNote(msgspec.Struct, frozen=True):
    """A note on a feature, on so many of which `index` is the first; None: on the file."""

    index: int | None
    note: str
    times: int = 1


class ReadingNotes:
    """Gathered while a file is read. Of more than MOST_TOLD only the number is kept."""

    def __init__(self) -> None:
        self.bad: list[BadFeature] = []
        self.wrong = 0
        self.malformed: Malformed | None = None  # the first that was no JSON
        self._notes: dict[str, tuple[int | None, int]] = {}
        self._more = 0

    def refuse(self, feature: BadFeature, error: TrackerError) -> None:
        self.wrong += 1
        if len(self.bad) < MOST_TOLD:
            self.bad.append(feature)
        if isinstance(error, Malformed) and self.malformed is None:
            self.malformed = Malformed(f"features[{feature.index}]: {error}")

    def say(self, index: int | None, note: str) -> None:
        if note in self._notes:
            first, times = self._notes[note]
            self._notes[note] = first, times + 1
        elif len(self._notes) < MOST_TOLD:
            self._notes[note] = index, 1
        else:
            self._more += 1

    def said(self) -> list[FeatureNote]:
        found = [FeatureNote(index, note, times) for note, (index, times) in self._notes.items()]
        return [*found, FeatureNote(None, f"and {self._more:,} other notes")] if self._more else found
