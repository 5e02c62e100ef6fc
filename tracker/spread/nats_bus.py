"""The bus of several processes: the owners' updates, by NATS, to every process that shows them. What is lost on the way
is noticed by its number, and then the owner of the strand is asked for all its positions; events are read from the
table."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from tracker.live.bus import Deliver
from tracker.model.moment import now_us
from tracker.model.position import Position
from tracker.model.update import Update
from tracker.spread.words import NO_STRAND, Filling, Letter, Telling, cut, weigh_event, weigh_position

PART: Final = 500  # positions that are found at once
PAUSE: Final = 0.005  # s between two parts of all there are, so that no fix waits for them
AGAIN: Final = 1.0  # s without any part of the answer until they are asked for again

Find = Callable[[list[int]], list[Position]]


class Carrying(Protocol):
    """What carries."""

    life: str

    def tell(self, life: str, letter: Letter) -> None: ...
    def publish(self, telling: Telling, life: str | None = None) -> None: ...


class NatsBus:
    """What all strands tell, and what is of none: events."""

    def __init__(self, courier: Carrying, strands: int) -> None:
        self.courier = courier
        self.deliveries: list[Deliver] = []
        self.strands = [StrandBus(number, courier, self.deliver) for number in range(strands)]

    def subscribe(self, deliver: Deliver) -> None:
        self.deliveries.append(deliver)

    def deliver(self, update: Update) -> None:
        for deliver in self.deliveries:
            deliver(update)

    def publish(self, update: Update) -> None:
        """Events, which have numbers of their own."""
        self.deliver(update)
        for part in split(update):
            self.courier.publish(Telling(0, 0, part, strand=NO_STRAND, life=self.courier.life))

    def hear(self, telling: Telling) -> None:
        if 0 <= telling.strand < len(self.strands):
            self.strands[telling.strand].hear(telling)
        elif telling.strand == NO_STRAND and telling.life != self.courier.life:
            self.deliver(telling.update)


class StrandBus:
    """`term`: of the owner whose updates are heard; while this process is it, it hears its own at once, and others
    hear of them by NATS."""

    def __init__(self, strand: int, courier: Carrying, deliver: Deliver) -> None:
        self.strand = strand
        self.courier = courier
        self.deliver = deliver
        self.owner: str | None = None
        self.term = 0
        self.number = 0  # of the newest update that was told or heard
        self.filling = 0  # the newest request
        self.is_full = False  # all positions are here, and nothing is known to be missing
        self.was_full = False  # once: what is shown may be old, and says so
        self.part = 0  # the part of it that has to come now; -1: what came is of no use any more
        self.pulse_told = 0  # what the owner's last pulse said
        self.asked_at = self.heard_at = float("-inf")
        self.is_resting = False  # what others tell does not come here, and nobody misses it
        self.rights = -1  # the newest revision by which anything was told here
        self.answering: dict[str, int] = {}  # by life, the request that is being answered

    @property
    def is_ours(self) -> bool:
        return self.owner == self.courier.life

    def publish(self, update: Update) -> None:
        self.deliver(update)
        self.rights = max(self.rights, update.rights)
        for part in split(update):
            self.number += 1
            self.courier.publish(Telling(self.term, self.number, part, strand=self.strand, life=self.courier.life))

    def meet(self, owner: str | None, term: int) -> None:
        """Whose updates count from now on."""
        if (owner, term) == (self.owner, self.term):
            return
        self.owner, self.term = owner, max(term, self.term)
        self.is_full, self.number, self.asked_at = self.is_ours, 0, float("-inf")
        self.was_full = self.was_full or self.is_full
        self.pulse_told = 0

    def hear(self, telling: Telling) -> None:
        if telling.term < self.term or self.is_ours:
            return  # of an owner that is none any more: what it stored comes with the other's
        if telling.filling:
            self.hear_part(telling)
            return
        self.note_missing(telling.number - 1)
        self.number = max(self.number, telling.number)
        self.deliver(telling.update)

    def note_missing(self, told: int) -> None:
        """So many updates were told; those that are not here are lost, or as good as."""
        if told > self.number:
            self.number, self.is_full = told, False
            if self.part > 0:
                self.part = -1

    def note_pulse(self, told: int) -> None:
        """What the owner's pulse says was told. It may overtake what it speaks of, so it is believed with the next
        one."""
        self.note_missing(self.pulse_told)
        self.pulse_told = told

    def hear_part(self, telling: Telling) -> None:
        self.deliver(telling.update)
        if telling.filling != self.filling or telling.number != self.part:
            return
        if self.part == 0:
            self.number = max(self.number, telling.told)
        self.part += 1
        self.asked_at = self.heard_at = asyncio.get_running_loop().time()  # it is being answered
        if telling.is_last:
            self.is_full = self.was_full = True
            # Of what was lost nobody knows what it told: the thread of messages is read from the table, too.
            self.deliver(Update([], [], now_us(), has_messages=True))

    def rest(self) -> None:
        self.is_resting, self.is_full = True, self.is_ours

    def rise(self) -> None:
        """It is as in a process that has just joined."""
        self.is_resting, self.asked_at = False, float("-inf")
        self.look()

    def look(self) -> None:
        """Now and then: ask for what is missing."""
        now = asyncio.get_running_loop().time()
        if self.is_full or self.is_ours or self.is_resting or self.owner is None or now - self.asked_at < AGAIN:
            return
        self.filling, self.part, self.asked_at = self.filling + 1, 0, now
        self.courier.tell(self.owner, Filling(self.courier.life, self.filling, self.strand))

    async def fill(self, asked: Filling, devices: list[int], find: Find) -> None:
        """Answer a request, a part at a time."""
        self.answering[asked.life] = asked.number
        number, parts = 0, list(cut(devices, lambda _: 1, PART))
        for part in parts:
            if not self.is_ours or self.answering.get(asked.life) != asked.number:
                return  # given up meanwhile; or it asked again, and both at once would take each other's time
            told, found = self.number, list(cut(find(part), weigh_position))
            for each in found:
                is_last = part is parts[-1] and each is found[-1]
                update = Update(each, [], now_us(), rights=self.rights)
                telling = Telling(self.term, number, update, asked.number, told, is_last, self.strand)
                self.courier.publish(telling, asked.life)
                number += 1
            await asyncio.sleep(PAUSE)
        self.answering.pop(asked.life, None)


def split(update: Update) -> list[Update]:
    """In messages that NATS takes. The events go with the last positions: who reads them finds their devices there."""
    positions, events = list(cut(update.positions, weigh_position)), list(cut(update.events, weigh_event))
    if len(positions) == len(events) == 1:
        return [update]
    parts = [Update(part, [], update.committed_at, False, update.rights) for part in positions]
    parts += [Update([], part, update.committed_at, False, update.rights) for part in events]
    last = msgspec.structs.replace(parts[-1], has_messages=update.has_messages, has_told=update.has_told)
    return [*parts[:-1], last]
