"""Servers that die at a chosen place of the batch whose number is in FAILPOINT_BATCH; their states go into a file."""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tracker.ingest.committed import Committed
from tracker.ingest.inputs import Taken
from tracker.ingest.log import Log
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.state import State
from tracker.pipeline.fold import Folded
from tracker.processes.child import main

WHERE = Path(os.environ.get("FAILPOINT_STATES", os.devnull))
LEFT = int(os.environ.get("FAILPOINT_BATCH", "1"))
honest_append = Log.append
honest_tell = Log.tell


def die(log: Log) -> None:
    """With the parent, who would start another."""
    WHERE.write_bytes(encode_states(log.states))
    os.kill(os.getppid(), signal.SIGKILL)
    os._exit(9)


def encode_states(states: dict[int, State]) -> bytes:
    """Without attributes: the fold does not look at them, and jsonb keeps their value but not their text."""
    plain = {str(device): msgspec.structs.replace(state, newest=bare(state.newest)) for device, state in states.items()}
    return msgspec.json.encode(plain, order="sorted")


def bare(fix: Fix | None) -> Fix | None:
    return fix and msgspec.structs.replace(fix, attributes=None)


def countdown() -> Callable[[], bool]:
    left = LEFT

    def now() -> bool:
        nonlocal left
        left -= 1
        return left == 0

    return now


def after_commit() -> None:
    """Between the commit and the ack."""
    is_due = countdown()

    async def append(log: Log, frames: Sequence[Frame]) -> Committed:
        committed = await honest_append(log, frames)
        if frames and is_due():
            die(log)
        return committed

    Log.append = append  # type: ignore
    main()


def before_commit() -> None:
    """With everything written and nothing committed."""
    is_due = countdown()

    async def tell(log: Log, folded: Folded, taken: Taken) -> int:
        told = await honest_tell(log, folded, taken)
        if folded.outcomes and is_due():
            die(log)
        return told

    Log.tell = tell  # type: ignore
    main()
