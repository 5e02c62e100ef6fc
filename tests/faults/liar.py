"""A server that lies: it acks what it has not committed. The harness has to catch it, or it would catch nothing."""

import asyncio
from collections.abc import Sequence

from tracker.ingest.committed import Committed
from tracker.ingest.lanes import Sender
from tracker.ingest.log import Log
from tracker.ingest.writer import Writer
from tracker.model.frame import Frame, Outcome
from tracker.processes.child import main


class Nobody:
    """Was answered already."""

    def committed(self, frame: Frame, outcome: Outcome) -> None: ...

    def resume(self) -> None: ...


honest_offer = Writer.offer


def offer(writer: Writer, frame: Frame, sender: Sender) -> bool:
    honest_offer(writer, frame, Nobody())
    sender.committed(frame, Outcome(len(frame.entries), 0))
    return True


honest_append = Log.append


async def append(log: Log, frames: Sequence[Frame]) -> Committed:
    """On a slow disk, so that there is always something acked and not yet stored."""
    await asyncio.sleep(0.2)
    return await honest_append(log, frames)


def lie() -> None:
    Writer.offer = offer  # type: ignore
    Log.append = append  # type: ignore
    main()
