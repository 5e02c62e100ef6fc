"""First requests take turns, a few per turn of the loop.

A crowd at the door costs several times as much, in memory and in time others wait, when all of it is served at once.
Waiting here costs a future each; who is inside is served in between.
"""

import asyncio
from collections import deque


class Turnstile:
    def __init__(self, per_turn: int) -> None:
        self._per_turn = per_turn
        self._waiting: deque[asyncio.Future[None]] = deque()  # bound: the connections there may be
        self._turning = False

    async def through(self) -> None:
        """In order of arrival."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if not self._turning:
            self._turning = True
            self._turn()
        await turn

    def _turn(self) -> None:
        if not self._waiting:
            self._turning = False
            return
        for _ in range(min(self._per_turn, len(self._waiting))):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
        # also after the last one, for who comes now has had no turn yet
        asyncio.get_running_loop().call_soon(self._turn)
