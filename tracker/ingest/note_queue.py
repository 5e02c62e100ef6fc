"""Notes that wait for the writer: taken after the fixes of each turn, so that what came before them is stored."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog

from tracker.ingest.committed import Committed
from tracker.ingest.log import Log
from tracker.ingest.notes import fold_notes
from tracker.model.note import Note
from tracker.store.pool import BAD_DATA

logger = structlog.get_logger()

MOST: Final = 500  # in one transaction


class Noting(Protocol):
    """Who said what is no fix, and waits until it is stored."""

    def noted(self, note: Note, is_stored: bool) -> None: ...


class Keeper(Protocol):
    """What is asked of the writer."""

    log: Log
    gone: set[int]

    async def commit(self, work: Callable[[], Awaitable[Committed]]) -> Committed: ...
    def publish(self, committed: Committed) -> None: ...


Waiting = tuple[Note, Noting]


class Notes:
    def __init__(self) -> None:
        self.waiting: deque[Waiting] = deque()  # bound: what each session may have at work; then it is not read

    async def store(self, keeper: Keeper) -> None:
        notes = [self.waiting.popleft() for _ in range(min(len(self.waiting), MOST))]
        if not notes:
            return
        try:
            await keep(keeper, notes)
        except BAD_DATA:
            for each in notes:  # one of them, such as of a device that was deleted meanwhile, costs no other
                await keep_apart(keeper, each)


async def keep(keeper: Keeper, notes: Sequence[Waiting]) -> None:
    wanted = [note for note, _ in notes if note.device not in keeper.gone]
    if wanted:
        keeper.publish(await keeper.commit(lambda: store_notes(keeper.log, wanted)))
    for note, noting in notes:
        noting.noted(note, note.device not in keeper.gone)


async def keep_apart(keeper: Keeper, one: Waiting) -> None:
    try:
        await keep(keeper, [one])
    except BAD_DATA as error:
        logger.error("refused by the database", device=one[0].device, error=type(error).__name__)
        one[1].noted(one[0], is_stored=False)


async def store_notes(log: Log, notes: Sequence[Note]) -> Committed:
    """With all their consequences, or nothing of them."""
    return await log.store(lambda *given: fold_notes(log.conn, log.memory, notes, *given))
