"""Newest: the number of the newest event this process heard of, for those who wait for the next one."""

import asyncio

from tracker.model.update import Update


class Newest:
    """`number` may lag: the table is the truth, and who waits looks there now and then all the same."""

    def __init__(self) -> None:
        self.number = 0
        self.is_ending = False
        self._changed = asyncio.Event()

    def deliver(self, update: Update) -> None:
        """Take what was committed, as the bus brings it."""
        if update.events:
            self.note(update.events[-1].id)

    def note(self, number: int) -> None:
        """There is this one."""
        self.number = max(self.number, number)
        self._wake()

    def end(self) -> None:
        """The server ends: whoever waits is let go, so that its connection can be closed in order."""
        self.is_ending = True
        self._wake()

    async def wait(self, beyond: int, seconds: float) -> None:
        """Until there is an event after this one, or the time is up."""
        if self.number > beyond or self.is_ending:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
