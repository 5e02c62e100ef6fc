"""Ticks: what changed is sent in rounds, as long as there is something to send."""

import asyncio
from collections.abc import Callable
from time import monotonic


async def serve_in_ticks(changed: asyncio.Event, serve: Callable[[float], bool], tick: float) -> None:
    """Until cancelled: a round each `tick` seconds while there is anything to send, asleep while there is not. `serve`
    gets the monotonic time, and says whether something is left."""
    while True:
        await changed.wait()
        if not serve(monotonic()):
            changed.clear()
        await asyncio.sleep(tick)
