"""A change of the geofences waits for the fixes that came before it and are not folded in yet, but not for ever."""

import asyncio
from collections.abc import Collection
from typing import Final

FEW: Final = 20  # devices whose late fixes are folded in at once, where a change of the geofences waits for them
WAIT: Final = 10.0  # s a change waits at most where there are more


class LateFirst(Exception):
    """A change of the geofences is to be taken over, and fixes that came before it are not folded in yet."""


class Postponed:
    """`since`: by the loop's clock, when a change was seen that waits; None: none does."""

    def __init__(self) -> None:
        self.since: float | None = None

    def may_change(self, unfolded: Collection[int]) -> bool:
        """Whether nothing of these devices that came before a change is still to be decided by the geofences before it.
        Raises LateFirst where that is soon done."""
        now = asyncio.get_running_loop().time()
        if not unfolded:
            self.since = None
            return True
        if len(unfolded) <= FEW:
            raise LateFirst
        self.since = now if self.since is None else self.since
        return now - self.since >= WAIT
