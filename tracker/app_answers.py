"""What OwnTracks is told in the answers to its posts: the commands that wait, and its friends."""

from typing import Any, Final

import asyncpg

from tracker.errors import TrackerError
from tracker.model.address import Address
from tracker.model.command import Command
from tracker.phones.commands import write_command
from tracker.phones.friends import write_friends
from tracker.store.commands import take_commands
from tracker.store.friends import select_friends
from tracker.store.pool import AWAY, borrow

GIVEN: Final = "given to OwnTracks, which does not say what became of it"
IMPOSSIBLE: Final = "OwnTracks cannot do that"
WAIT: Final = 2.0  # s for a connection: an answer without commands is better than a late one

Object = dict[str, Any]


class AppAnswers:
    """One for the process. Devices for which nothing waits are remembered, so that most posts ask nothing."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._quiet: set[int] = set()  # bound: one number a device
        self._changes = 0

    def notice(self, device: int) -> None:
        """A command was queued for it."""
        self._changes += 1
        self._quiet.discard(device)

    def notice_all(self) -> None:
        self._changes += 1
        self._quiet.clear()

    async def find(self, found: Address) -> list[Object]:
        """Nothing where the database does not answer: what the app sent is stored already, and must not come again."""
        device = found.device.key
        if device in self._quiet and not found.shows_friends:
            return []
        try:
            async with borrow(self._pool, wait=WAIT) as conn:
                told = await self._take(conn, device)
                return told + (write_friends(await select_friends(conn, device)) if found.shows_friends else [])
        except (TrackerError, *AWAY):
            return []

    async def _take(self, conn: asyncpg.Connection, device: int) -> list[Object]:
        changes = self._changes
        commands = await take_commands(conn, device, judge)
        if not commands and changes == self._changes:
            self._quiet.add(device)
        return [told for each in commands if (told := write_command(each)) is not None]


def judge(command: Command) -> tuple[bool, str]:
    return (True, GIVEN) if write_command(command) else (False, IMPOSSIBLE)
