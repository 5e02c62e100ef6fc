"""Head: where the log of events stands, as this process knows it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Head:
    """`epoch` names the log the numbers belong to; `event` is its newest number, `oldest` the first still kept."""

    epoch: str = ""
    event: int = 0
    oldest: int = 0

    def find_gap(self, after: int | None) -> str:
        """Why there is nothing to go on from after this number; "" where none that follows it was cut off. A number
        beyond the newest belongs to another log."""
        if after is None or self.oldest - 1 <= after <= self.event:
            return ""
        return "there are no events up to that number" if after > self.event else "the events after that number are cut"
