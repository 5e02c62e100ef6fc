"""RemoteOwner: the owner as it is reached by messages, from the process that holds the sockets. It may be this process,
and may change at any time: what was not answered is kept, and said again in order."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from tracker.errors import Replaced, StorageDown
from tracker.ingest.lanes import ROOM, ROOM_AGAIN, Sender, weigh
from tracker.ingest.note_queue import Noting
from tracker.ingest.owner import Speaker
from tracker.ingest.progress import Progress
from tracker.model.device import Device
from tracker.model.frame import Frame
from tracker.model.note import Note
from tracker.spread.parts import Joining
from tracker.spread.words import (
    LARGEST,
    Acked,
    Ask,
    Entered,
    Entering,
    Knowing,
    Leaving,
    Letter,
    NoteAcked,
    Offering,
    Repeat,
    Replies,
    Reply,
    Saying,
    Superseded,
    Turn,
    cut,
    pack_frame,
    unpack_outcome,
    weigh_ask,
)

PATIENCE: Final = 10.0  # s a hello waits for the owner
HANDED_ON: Final = 2.0  # s without an owner for which a request may wait: one hands on to the next
UNHEARD: Final = 3.0  # s without any answer, after which all is said again
MESSAGE: Final = 100_000  # bytes of a message where there are several: the owner reads a part while the next is made


@dataclass(eq=False)
class Connection:
    """`since`: by which the owner knows how new it is; 0: it did not answer yet."""

    number: int
    member: Speaker
    device: Device
    progress: Progress
    since: int = 0
    entered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class Unanswered:
    """A frame or a note, as it was said, and who waits."""

    ask: Offering | Saying
    device: int
    weight: int
    answer: Callable[[Reply], None]


class RemoteOwner:
    """Of a strand."""

    def __init__(self, life: str, tell: Callable[[str, Letter], None], strand: int = 0) -> None:
        self.life = life
        self.tell = tell
        self.strand = strand
        self.owner: str | None = None  # the life of the process that is it
        self.left_at = float("-inf")  # by the loop's clock: since when there is no owner, where there is none
        self.run = self.index = self.heard = 0
        self.numbers = count(1)
        self.connections: dict[int, Connection] = {}  # bound: those the listener takes
        self.by_member: dict[object, Connection] = {}
        self.unanswered: dict[int, Unanswered] = {}  # in order; bound: ROOM, then sockets are not read
        self.weight = 0  # fixes in it
        self.asks: list[Ask] = []  # of this turn of the loop
        self.pressed: set[Sender] = set()
        self.is_pressed = False  # the owner is
        self.answered_at = 0.0  # by the loop's clock: the last answer, or since when one is waited for
        self.known: dict[int, Device] = {}  # as this run said them; bound: the devices
        self.gone: set[int] = set()  # deleted devices: what comes of them is dropped
        self.idle = asyncio.Event()
        self.idle.set()

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def has_room(self) -> bool:
        is_soon = self.owner is not None or self.now - self.left_at < HANDED_ON
        return is_soon and not self.is_pressed and self.weight < ROOM

    async def enter(self, member: Speaker, device: Device) -> int:
        connection = Connection(next(self.numbers), member, device, Progress(member.boot))
        self.connections[connection.number] = self.by_member[member] = connection
        self.say(Entering(connection.number, device, member.boot))
        try:
            async with asyncio.timeout(PATIENCE):
                await connection.entered.wait()
        except TimeoutError:
            self.leave(member)
            raise StorageDown from None
        return connection.progress.through

    def leave(self, member: Speaker) -> None:
        if (connection := self.by_member.pop(member, None)) is not None:
            del self.connections[connection.number]
            connection.entered.set()  # who waits for it finds itself closed
            self.say(Leaving(connection.number))

    def know(self, device: Device) -> None:
        if self.known.get(device.key) != device:
            self.known[device.key] = device
            self.say(Knowing(device))

    def offer(self, frame: Frame, sender: Sender) -> bool:
        if frame.device in self.gone:
            return True
        connection, number = self.by_member.get(sender), next(self.numbers)

        def answer(reply: Reply) -> None:
            if isinstance(reply, Acked):
                sender.committed(frame, unpack_outcome(reply))

        ask = pack_frame(number, connection.number if connection else 0, frame)
        if weigh_ask(ask) > LARGEST:
            self.offer_parts(Joining(frame, sender), ask.connection)
        else:
            self.keep(number, Unanswered(ask, frame.device, weigh(frame), answer))
        if self.weight < ROOM and not self.is_pressed:
            return True
        self.pressed.add(sender)
        return False

    def offer_parts(self, joining: Joining, connection: int) -> None:
        """A message that NATS does not take would be said again for ever, and all that follows it would wait."""
        for begin, part in joining.parts:
            number = next(self.numbers)

            def answer(reply: Reply, begin: int = begin, part: Frame = part) -> None:
                if isinstance(reply, Acked):
                    joining.join(begin, part, unpack_outcome(reply))

            ask = pack_frame(number, connection, part)
            self.keep(number, Unanswered(ask, part.device, weigh(part), answer))

    def note(self, note: Note, noting: Noting) -> None:
        if note.device in self.gone:
            asyncio.get_running_loop().call_soon(noting.noted, note, False)
            return

        def answer(reply: Reply) -> None:
            noting.noted(note, isinstance(reply, NoteAcked) and reply.is_stored)

        number = next(self.numbers)
        self.keep(number, Unanswered(Saying(number, note), note.device, 1, answer))

    def keep(self, number: int, unanswered: Unanswered) -> None:
        if not self.unanswered:
            self.answered_at = self.now
            self.idle.clear()
        self.unanswered[number] = unanswered
        self.weight += unanswered.weight
        self.say(unanswered.ask)

    def count(self, member: Speaker, seq: int) -> None:
        """So that another owner, who knows no more than the last checkpoint, can be told."""
        if (connection := self.by_member.get(member)) is not None:
            connection.progress.stored(seq)

    async def drain(self) -> None:
        await self.idle.wait()

    def say(self, ask: Ask) -> None:
        """With all else that is said in this turn of the loop. Where there is no owner, the next run says it."""
        if self.owner is None:
            return
        self.asks.append(ask)
        if len(self.asks) == 1:
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        asks, self.asks = self.asks, []
        if self.owner is None or not asks:
            return
        for part in cut(asks, weigh_ask, MESSAGE):
            self.send(part)

    def send(self, asks: list[Ask]) -> None:
        assert self.owner is not None
        self.tell(self.owner, Turn(self.life, self.run, self.index, asks, self.strand))
        self.index += 1

    def meet(self, owner: str | None) -> None:
        """The process that is the owner from now on; None: there is none for now."""
        if owner is None and self.owner is not None:
            self.left_at = self.now
        self.owner = owner
        self.asks.clear()
        if owner is not None:
            self.begin()

    def begin(self) -> None:
        """A new run: who is connected, and what was not answered, in its order."""
        self.run += 1
        self.index = self.heard = 0
        self.answered_at = self.now
        self.known.clear()
        self.send([])  # also where there is nothing to say: by it the owner tells how it is
        self.asks = [
            Entering(each.number, each.device, each.member.boot, each.progress.through, each.since)
            for each in self.connections.values()
        ]
        self.asks += [each.ask for each in self.unanswered.values()]
        self.flush()

    def look(self) -> None:
        """Now and then: what is not answered for so long may have been lost."""
        waits = self.unanswered or any(not each.since for each in self.connections.values())
        if self.owner is not None and waits and self.now - self.answered_at > UNHEARD:
            self.begin()

    def hear(self, letter: Replies | Repeat) -> None:
        """What is said to be committed is, whoever says it and however late. All else is the present owner's to say."""
        if isinstance(letter, Replies):
            is_next = letter.index == self.heard
            for reply in letter.replies:
                self.take(reply)
            if letter.life != self.owner or letter.run != self.run:
                return
            self.heard += 1
            self.press(letter.is_pressed)
            if not is_next:
                self.begin()
        elif letter.run == self.run and self.owner is not None:
            self.begin()

    def take(self, reply: Reply) -> None:
        self.answered_at = self.now
        if isinstance(reply, Acked | NoteAcked):
            if (found := self.unanswered.pop(reply.number, None)) is not None:
                self.weight -= found.weight
                found.answer(reply)
                self.settle()
        elif (connection := self.connections.get(reply.connection)) is not None:
            if isinstance(reply, Superseded):
                connection.member.fail(Replaced())
            elif isinstance(reply, Entered):
                connection.since = reply.since
                if not connection.entered.is_set():
                    connection.progress.through = max(connection.progress.through, reply.acked)
                    connection.entered.set()

    def press(self, is_pressed: bool) -> None:
        self.is_pressed = is_pressed
        self.settle()

    def settle(self) -> None:
        """Who waits may go on, where there is room again."""
        if not self.unanswered:
            self.idle.set()
        if self.pressed and not self.is_pressed and self.weight < ROOM_AGAIN:
            pressed, self.pressed = self.pressed, set()
            for sender in pressed:
                sender.resume()

    def forget(self, device: int) -> None:
        """The device was deleted: nobody will answer what it said, nor what it says yet."""
        self.gone.add(device)
        for number in [number for number, each in self.unanswered.items() if each.device == device]:
            self.weight -= self.unanswered.pop(number).weight
        self.known.pop(device, None)
        self.settle()
