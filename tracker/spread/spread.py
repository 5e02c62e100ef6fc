"""Spread: this process's part in an installation of several: whom it hears, who the owner is, and what it says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import structlog

from tracker.ingest.writer import Writer
from tracker.live.hub import Hub
from tracker.live.newest import Newest
from tracker.model.position import Position
from tracker.spread.counts import AllCounts
from tracker.spread.desk import Desk
from tracker.spread.nats_bus import NatsBus
from tracker.spread.remote import RemoteOwner
from tracker.spread.words import Counting, Failing, Filling, Letter, Pulse, Repeat, Replies, Turn

logger = structlog.get_logger()

BEAT: Final = 0.4  # s between two pulses
CUT_OFF: Final = 2.0  # s without an echo of one's own: then nobody may hear what is said here
STALLED: Final = 1.0  # s for which this loop did nothing; what it did not hear meanwhile says nothing
SILENT: Final = 1.6  # s after which an owner that says nothing is none to rely on
FRESH: Final = 10.0  # s after which a process that says nothing is taken for gone


@dataclass(frozen=True)
class Standpoint:
    """Where NATS is, what its subjects begin with, and what this process is called in logs and metrics."""

    url: str
    prefix: str
    name: str


@dataclass
class Life:
    """The newest pulse of a process, and when it came, by the loop's clock."""

    pulse: Pulse
    at: float


class Spread:
    """`life`: by which this process is known; another that takes its place has another one."""

    def __init__(self, place: Standpoint) -> None:
        self.place = place
        from tracker.spread.courier import Courier  # a server that is the only one waits for no library of NATS

        self.life = uuid4().hex
        self.courier = Courier(place.url, place.prefix, self.life)
        self.bus = NatsBus(self.courier)
        self.owner = RemoteOwner(self.life, self.courier.tell)
        self.desk: Desk
        self.hub: Hub
        self.newest: Newest
        self.writer: Writer
        self.tasks: asyncio.TaskGroup
        self.term = 0  # of this process, while it is the owner
        self.lives: dict[str, Life] = {}
        self.counted: AllCounts
        self.echoed_at = float("-inf")
        self.is_filled = False  # the head of the log of events is known
        self.find_reasons: Callable[[], list[str]] = list
        self.cut_off: Callable[[], None] = lambda: None  # what is done where nobody may hear us
        self.was_heard = False
        self.hear_failure: Callable[[str, str, bool], None] = lambda count, whom, is_more: None

    def join(self, writer: Writer, hub: Hub, newest: Newest, tasks: asyncio.TaskGroup) -> None:
        self.writer, self.hub, self.newest, self.tasks = writer, hub, newest, tasks
        self.counted = AllCounts(writer.metrics.registry, self.place.name)
        writer.metrics.process = self.place.name
        writer.metrics.shown, writer.metrics.refresh = self.counted, self.gather_counts
        self.desk = Desk(self.life, writer, self.courier.tell)
        self.courier.hear, self.courier.hear_telling = self.hear, self.bus.hear
        self.bus.subscribe(hub.deliver)
        self.bus.subscribe(newest.deliver)

    @property
    def is_heard(self) -> bool:
        """By itself, over NATS, and so by others."""
        return asyncio.get_running_loop().time() - self.echoed_at < CUT_OFF

    @property
    def is_level(self) -> bool:
        """Whether devices and viewers may be served here. Also between two owners: what is sent waits, and what is
        shown says how old it is."""
        return self.is_heard and self.is_filled and self.bus.was_full

    def find_trouble(self) -> list[str]:
        if not self.is_heard:
            return ["this process is cut off from the others: NATS brings nothing"]
        if self.bus.owner is None:
            return ["no process owns the log; one takes it over"]
        return [] if self.is_level else ["the positions are being asked for"]

    def own(self, term: int) -> None:
        """This process is the owner from now on. The others are told at once."""
        self.term = term
        self.desk.is_open = True
        self.meet(self.life, term)
        self.beat()
        if not self.was_heard:  # it was cut off while it took over, when there was nothing yet to give up
            self.cut_off()

    def end(self) -> None:
        """It takes no more, and is the owner no longer when what it has is stored."""
        self.desk.is_open = False

    def disown(self) -> None:
        self.term = 0
        self.beat()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.courier.run(), name="courier")
            tasks.create_task(self.keep_beating(), name="pulse")

    async def keep_beating(self) -> None:
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while True:
            self.beat()
            await asyncio.sleep(BEAT)
            now = loop.time()
            if now - looked > STALLED and self.was_heard:  # stopped, or busy: what came meanwhile is read first
                self.echoed_at = max(self.echoed_at, now)
                for each in self.lives.values():
                    each.at = max(each.at, now)
            looked = now
            self.look(now)

    def beat(self) -> None:
        event = self.hub.head.event
        told = self.bus.number if self.bus.is_ours else 0
        is_pressed = self.desk.is_pressed
        self.courier.tell_all(
            Pulse(self.life, self.place.name, self.term, told, event, is_pressed, self.find_reasons())
        )

    def look(self, now: float) -> None:
        self.lives = {life: each for life, each in self.lives.items() if now - each.at < FRESH}
        if self.was_heard and not self.is_heard:
            self.was_heard = False
            logger.error("cut off from the other processes: NATS brings nothing", process=self.place.name)
            self.cut_off()
        owner = self.lives.get(self.bus.owner or "")
        if self.bus.owner not in (None, self.life) and (owner is None or now - owner.at > SILENT):
            self.meet(None, self.bus.term)
        self.desk.look()
        self.owner.look()
        self.bus.look()

    def hear(self, letter: Letter) -> None:
        if isinstance(letter, Turn):
            self.desk.hear(letter)
        elif isinstance(letter, Replies | Repeat):
            self.owner.hear(letter)
        elif isinstance(letter, Pulse):
            self.hear_pulse(letter)
        elif isinstance(letter, Filling):
            self.tasks.create_task(self.fill(letter))
        elif isinstance(letter, Failing):
            if letter.life != self.life:
                self.hear_failure(letter.count, letter.whom, letter.is_more)
        elif isinstance(letter, Counting):
            self.courier.tell(letter.life, self.counted.make(self.life))
        else:
            self.counted.take(letter)

    def hear_pulse(self, pulse: Pulse) -> None:
        now = asyncio.get_running_loop().time()
        self.lives[pulse.life] = Life(pulse, now)
        self.desk.note_life(pulse.life)
        if pulse.life == self.life:
            self.echoed_at, self.was_heard = now, True
            return
        if self.bus.is_ours:
            if pulse.term > self.term:
                self.give_way()
        elif pulse.term and pulse.term >= self.bus.term:
            self.meet(pulse.life, pulse.term)
            self.note_event(self.bus.note_pulse(pulse.told, pulse.event))
            self.owner.press(pulse.is_pressed)
        elif pulse.life == self.bus.owner and not pulse.term:
            self.meet(None, self.bus.term)

    def give_way(self) -> None:
        """Another took over, and the log will find that out; until then nobody is to be served by what is old here."""
        if self.desk.is_open:
            self.end()
            self.cut_off()

    def meet(self, owner: str | None, term: int) -> None:
        if owner == self.bus.owner and term == self.bus.term:
            return
        if owner != self.life:
            logger.info("another process owns the log" if owner else "no process owns the log", owner=owner, term=term)
        self.bus.meet(owner, term)
        self.owner.meet(owner)
        self.bus.look()

    def note_event(self, number: int) -> None:
        """There are events up to this one; those that were not heard are read from the table."""
        if self.is_filled and number > self.hub.head.event:
            self.hub.note_event(number)
            self.newest.note(number)

    async def fill(self, asked: Filling) -> None:
        if self.desk.is_open:
            await self.bus.fill(asked, list(self.writer.log.states), self.find_shown)

    def find_shown(self, devices: list[int]) -> list[Position]:
        return self.writer.log.memory.find_shown(devices)

    def forget(self, device: int) -> None:
        """It was deleted."""
        self.owner.forget(device)
        self.desk.forget(device)

    def tell_failure(self, count: str, whom: str, is_more: bool) -> None:
        self.courier.tell_all(Failing(self.life, count, whom, is_more))

    async def gather_counts(self) -> None:
        """What all count, as far as they answer in time."""
        lives = self.lives.keys() - {self.life}
        self.counted.expect(lives)
        for life in lives:
            self.courier.tell(life, Counting(self.life))
        await self.counted.wait()
