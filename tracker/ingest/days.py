"""The partitions of the log that are known to be there: those of the days of what comes, made before it is stored."""

from collections.abc import Iterable, Sequence
from datetime import date

import asyncpg

from tracker.model.frame import Frame
from tracker.model.moment import DAY_MS
from tracker.pipeline.fold import list_times
from tracker.store.partitions import Span, create_missing, find_day, find_days_ahead, is_covered, today


class Days:
    def __init__(self) -> None:
        self.spans: Sequence[Span] = ()

    async def make_ahead(self, conn: asyncpg.Connection) -> None:
        """Make those of the next days, so that no batch has to wait for a table at midnight."""
        await self.make(conn, find_days_ahead(today()))

    async def make_for(self, conn: asyncpg.Connection, frames: Iterable[Frame]) -> None:
        """Make those of the days of these fixes, outside the transaction: making a table locks the log for a moment,
        and must not wait for a long batch."""
        numbers = {at // DAY_MS for frame in frames for at in list_times(frame.entries)}
        await self.make(conn, {find_day(number * DAY_MS) for number in numbers})

    async def make(self, conn: asyncpg.Connection, days: Iterable[date]) -> None:
        if not all(is_covered(day, self.spans) for day in days):
            self.spans = await create_missing(conn, days, today())

    def forget(self) -> None:
        """Where one that was known is gone, as a retention job drops them: all are looked for again."""
        self.spans = ()
