"""What OwnTracks is told in the answers to its posts: the commands that wait, and its friends.

It says of no command that it has it. But it keeps each message until its answer came, and sends none before that: what
it posts again had no answer, so that it is given the same once more, and what it posts next shows that it had one.
"""

from hashlib import sha256
from typing import Any, Final

import asyncpg
import msgspec

from tracker.errors import TrackerError
from tracker.model.address import Address
from tracker.model.command import Command
from tracker.model.report import Report
from tracker.phones.commands import write_command
from tracker.phones.friends import write_friends
from tracker.store.commands import take_commands
from tracker.store.friends import select_friends
from tracker.store.handed import take_handed, upsert_handed
from tracker.store.pool import AWAY, borrow

GIVEN: Final = "given to OwnTracks, which does not say what became of it"
IMPOSSIBLE: Final = "OwnTracks cannot do that"
AGAIN: Final = 20  # times that one answer is given; an app that still repeats its message reads none
WAIT: Final = 2.0  # s for a connection: an answer without commands is better than a late one

Object = dict[str, Any]
Mark = bytes  # a hash of what tells one message of a device from the next; empty where nothing does


class Handed(msgspec.Struct, frozen=True):
    """What a device was told in the answer to a message, which it may not have heard. `left`: times it may be again."""

    mark: Mark
    commands: tuple[Object, ...]
    left: int = AGAIN


class AppAnswers:
    """One for the process. Devices for which nothing waits are remembered, so that most posts ask nothing. What was
    told last is a row as well: the app may come to another process with the message whose answer was lost."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._quiet: set[int] = set()  # bound: one number a device
        self._told: dict[int, Handed] = {}  # bound: one a device, until its next message
        self._changes = 0

    def notice(self, device: int) -> None:
        """A command was queued for it."""
        self._changes += 1
        self._quiet.discard(device)

    def notice_all(self) -> None:
        self._changes += 1
        self._quiet.clear()

    async def find(self, found: Address, report: Report) -> list[Object]:
        """Nothing new where the database does not answer: what the app sent is stored already, and must not come
        again."""
        device, mark = found.device.key, identify(report)
        before, again = self._told.get(device), self._recall(device, mark)
        goes_on = before is not None and before.mark != mark
        if device in self._quiet and not found.shows_friends and not goes_on:
            return again or []
        try:
            async with borrow(self._pool, wait=WAIT) as conn:
                if again is None:
                    again = await self._recall_elsewhere(conn, device, mark)
                async with conn.transaction():
                    if told := await self._take(conn, device):
                        again = again + told
                        self._told[device] = Handed(mark, tuple(again))
                        if mark:
                            await upsert_handed(conn, device, mark, msgspec.json.encode(again))
                return again + (write_friends(await select_friends(conn, device)) if found.shows_friends else [])
        except (TrackerError, asyncpg.ForeignKeyViolationError, *AWAY):
            return again or []

    def _recall(self, device: int, mark: Mark) -> list[Object] | None:
        """What was told here in the answer to this very message; None: not here."""
        told = self._told.get(device)
        if told is None or told.mark != mark or not mark:
            self._told.pop(device, None)
            return None
        if not told.left:
            return []
        self._told[device] = msgspec.structs.replace(told, left=told.left - 1)
        return list(told.commands)

    async def _recall_elsewhere(self, conn: asyncpg.Connection, device: int, mark: Mark) -> list[Object]:
        """What another process told, which took the commands: so this one was noticed of them, and looks here once."""
        if (found := await take_handed(conn, device, mark)) is None:
            return []
        commands = msgspec.json.decode(found, type=tuple[Object, ...])
        self._told[device] = Handed(mark, commands, AGAIN - 1)
        return list(commands)

    async def _take(self, conn: asyncpg.Connection, device: int) -> list[Object]:
        changes = self._changes
        commands = await take_commands(conn, device, judge)
        if not commands and changes == self._changes:
            self._quiet.add(device)
        return [told for each in commands if (told := write_command(each)) is not None]


def identify(report: Report) -> Mark:
    """Not by its bytes: what is encrypted has others each time. One that holds no place, as one of waypoints, may be
    like the one before it and still be another."""
    places = tuple((each.at, each.lon, each.lat) for each in report.readings)
    return sha256(repr((places, report.app.note)).encode()).digest() if places else b""


def judge(command: Command) -> tuple[bool, str]:
    return (True, GIVEN) if write_command(command) else (False, IMPOSSIBLE)
