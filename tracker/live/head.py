"""Head: where the log of events stands, as this process knows it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Head:
    """`epoch` names the log the numbers belong to; `event` is its newest number, `oldest` the first still kept."""

    epoch: str = ""
    event: int = 0
    oldest: int = 0

    def has_events_after(self, after: int) -> bool:
        """Whether none that follows this number was cut off. A number beyond the newest belongs to another log."""
        return self.oldest - 1 <= after <= self.event

    def explain(self, after: int) -> str:
        """Why there is nothing to go on from, after this number."""
        return "there are no events up to that number" if after > self.event else "the events after that number are cut"
