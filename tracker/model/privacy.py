"""Privacy: a time in which a device is vague or paused to others, and where they see it."""

from collections.abc import Collection, Iterable
from typing import Final, Literal

import msgspec

Mode = Literal["vague", "paused"]
MODES: Final[frozenset[Mode]] = frozenset(("vague", "paused"))
ALWAYS: Final = 1 << 62  # microseconds


class Privacy(msgspec.Struct, frozen=True):
    """From `since` to before `until`, in microseconds; `until` None: until it is changed."""

    mode: Mode
    since: int
    until: int | None = None

    @property
    def end(self) -> int:
        return ALWAYS if self.until is None else self.until

    def holds(self, moment: int) -> bool:
        return self.since <= moment < self.end


class Guise(msgspec.Struct, frozen=True):
    """What others see of the device `key`, whose id is `id`: it has the slot `slot`, and shows nothing of the times of
    `privacies`, which are in order and do not overlap."""

    key: int
    id: str
    slot: int
    privacies: tuple[Privacy, ...] = ()

    def find(self, moment: int) -> Privacy | None:
        """What is in force at a moment (microseconds). None: it is exact."""
        return next((each for each in reversed(self.privacies) if each.holds(moment)), None)

    def find_next(self, moment: int) -> int:
        """When this changes by itself next, after the moment."""
        return min((each.end for each in self.privacies if each.end > moment), default=ALWAYS)

    def keeps(self, at: int, received_at: int, modes: Collection[Mode] = MODES) -> bool:
        """Whether a fix is kept from others, for it was measured (ms) or came (microseconds) in such a time. Both are
        asked: a phone's clock may be behind, and what it kept while it was offline comes later."""
        return any(each.mode in modes and (each.holds(at * 1000) or each.holds(received_at)) for each in self.privacies)


def find_due(guises: Iterable[Guise], moment: int) -> int:
    """When any of them changes by itself next (microseconds), after the moment."""
    return min((each.find_next(moment) for each in guises), default=ALWAYS)
