"""Spread: this process's part in an installation of several: whom it hears, who the owner is, and what it says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import structlog

from tracker.errors import StorageDown
from tracker.ingest.writer import Writer
from tracker.live.hub import Hub
from tracker.live.newest import Newest
from tracker.metrics import Metrics
from tracker.model.update import Update
from tracker.spread.attention import Attention
from tracker.spread.counts import AllCounts
from tracker.spread.nats_bus import NatsBus
from tracker.spread.router import Router
from tracker.spread.strand import Make, Strand
from tracker.spread.words import (
    Counting,
    Counts,
    Failing,
    Filling,
    Letter,
    Pulse,
    Repeat,
    Replies,
    Seeking,
    Sought,
    Turn,
)
from tracker.store.ownership import STRANDS, find_strand

logger = structlog.get_logger()

BEAT: Final = 0.4  # s between two pulses
CUT_OFF: Final = 2.0  # s without an echo of one's own: then nobody may hear what is said here
STALLED: Final = 1.0  # s for which this loop did nothing; what it did not hear meanwhile says nothing
SILENT: Final = 1.6  # s after which an owner that says nothing is none to rely on
SEEK: Final = 1.0  # s the owner of a strand has to say who is connected
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
        self.bus = NatsBus(self.courier, STRANDS)
        self.strands = [Strand(bus.strand, self.courier, bus) for bus in self.bus.strands]
        self.attention = Attention(self.courier, self.bus.strands)
        self.owner = Router([each.remote for each in self.strands])
        self.hub: Hub
        self.newest: Newest
        self.tasks: asyncio.TaskGroup
        self.freed = asyncio.Event()  # there may be a strand that nobody owns
        self.wants: Callable[[], bool] = lambda: True  # whether this process is to have a share of the strands
        self.is_prepared: Callable[[], bool] = lambda: True  # whether it could take one at once
        self.has_places: Callable[[], bool] = lambda: False  # for connections that others give it
        self.lives: dict[str, Life] = {}
        self.sought: dict[int, asyncio.Future[bool]] = {}  # by device; bound: one is asked for at a time
        self.counted: AllCounts
        self.echoed_at = float("-inf")
        self.is_filled = False  # the head of the log of events is known
        self.find_reasons: Callable[[], list[str]] = list
        self.cut_off: Callable[[], None] = lambda: None  # what is done where nobody may hear us
        self.was_heard = False
        self.hear_failure: Callable[[str, str, bool], None] = lambda count, whom, is_more: None

    def join(self, make: Make, hub: Hub, newest: Newest, tasks: asyncio.TaskGroup, metrics: Metrics) -> None:
        """`make`: makes the writer of a strand."""
        self.hub, self.newest, self.tasks = hub, newest, tasks
        for each in self.strands:
            each.begin(make)
        self.counted = AllCounts(metrics.registry, self.place.name)
        metrics.process = self.place.name
        metrics.shown, metrics.refresh = self.counted, self.gather_counts
        self.courier.hear, self.courier.hear_telling = self.hear, self.bus.hear
        self.bus.subscribe(hub.deliver)
        self.bus.subscribe(newest.deliver)
        self.bus.subscribe(self.notice)

    def notice(self, update: Update) -> None:
        for each in self.owned:
            each.writer.notice(update)

    @property
    def owned(self) -> list[Strand]:
        """By this process."""
        return [each for each in self.strands if each.is_ours]

    @property
    def writers(self) -> list[Writer]:
        """Of all strands, whoever owns them."""
        return [each.writer for each in self.strands]

    def find_writer(self, device: int) -> Writer:
        return self.strands[find_strand(device)].writer

    def find_neighbour(self, device: int) -> int | None:
        """The number of the process of this machine that owns the device, serves, and has places; None: this one does,
        none does, or one of another machine. Nor one that another is about to take the place of: both have its name."""
        owner = self.strands[find_strand(device)].bus.owner
        found = None if owner in (None, self.life) else self.lives.get(owner or "")
        if found is None or found.pulse.reasons or not found.pulse.has_places:
            return None
        name = found.pulse.name
        machine, _, number = name.rpartition("-")
        is_here = machine == self.place.name.rpartition("-")[0]
        now = asyncio.get_running_loop().time()
        is_one = sum(each.pulse.name == name for each in self.lives.values() if now - each.at < SILENT) == 1
        return int(number) - 1 if is_here and is_one else None

    async def is_connected(self, device: int) -> bool:
        """Anywhere, as the owner of its strand says. Raises StorageDown where none says it now."""
        strand = self.strands[find_strand(device)]
        if (here := strand.is_connected(device)) is not None:
            return here
        if strand.bus.owner is None or strand.is_ours:
            raise StorageDown
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.sought[device] = answer
        self.courier.tell(strand.bus.owner, Seeking(self.life, device, strand.number))
        try:
            async with asyncio.timeout(SEEK):
                return await answer
        except TimeoutError:
            raise StorageDown from None
        finally:
            del self.sought[device]

    def answer(self, asked: Seeking) -> None:
        """Where this process does not know it says nothing, and is asked again."""
        if (found := self.strands[asked.strand].is_connected(asked.device)) is not None:
            self.courier.tell(asked.life, Sought(asked.device, found))

    @property
    def is_settled(self) -> bool:
        """No strand is on its way from one owner to another."""
        return all(each.bus.owner is not None for each in self.strands)

    def may_take(self) -> bool:
        """Whether others could hear that we own it."""
        return self.is_heard and self.wants()

    def find_share(self) -> int:
        """How many strands this process is to own at most."""
        if not self.wants():
            return 0 if self.find_wanting() else STRANDS
        return self.divide()

    def divide(self) -> int:
        """How many strands are a share."""
        return -(-STRANDS // max(1, len(self.find_wanting()) + self.wants()))

    def find_wanting(self) -> list[Pulse]:
        """The others that are to have a share."""
        now = asyncio.get_running_loop().time()
        others = (each for life, each in self.lives.items() if life != self.life and now - each.at < SILENT)
        return [each.pulse for each in others if each.pulse.wants]

    def find_heir(self) -> str | None:
        """Whoever has the fewest strands of those that could take one more at once. One that has its share would give
        it on, and whoever has room is ready soon."""
        share = self.divide()
        able = [each for each in self.find_wanting() if each.is_prepared and len(each.owns) < share]
        return min(able, key=lambda each: len(each.owns)).life if able else None

    def list_left(self) -> list[int]:
        """The strands that were left to this process."""
        return [each.number for each in self.strands if each.bus.owner is None and each.heir == self.life]

    @property
    def is_heard(self) -> bool:
        """By itself, over NATS, and so by others."""
        return asyncio.get_running_loop().time() - self.echoed_at < CUT_OFF

    @property
    def is_level(self) -> bool:
        """Whether devices and viewers may be served here. Also between two owners: what is sent waits, and what is
        shown says how old it is."""
        return self.is_heard and self.is_filled and all(each.bus.was_full for each in self.strands)

    def find_trouble(self) -> list[str]:
        if not self.is_heard:
            return ["this process is cut off from the others: NATS brings nothing"]
        now = asyncio.get_running_loop().time()
        if lost := [each for each in self.strands if each.is_lost(now)]:
            return [f"no process owns {len(lost)} of the {STRANDS} strands of the log; one takes them over"]
        return [] if self.is_level else ["the positions are being asked for"]

    def own(self, strand: Strand, term: int) -> None:
        """This process is its owner from now on. The others are told at once."""
        strand.own(term)
        self.beat()
        if not self.was_heard:  # it was cut off while it took over, when there was nothing yet to give up
            self.cut_off()

    def end(self) -> None:
        """It takes no more, and owns nothing any longer when what it has is stored."""
        for each in self.strands:
            each.end()

    def disown(self) -> None:
        for each in self.owned:
            each.disown()
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
        owns = [each.tell_owning() for each in self.owned]
        event, reasons = self.hub.head.event, self.find_reasons()
        pulse = Pulse(
            self.life, self.place.name, owns, self.wants(), event, reasons, self.is_prepared(), self.has_places()
        )
        self.courier.tell_all(pulse)

    def look(self, now: float) -> None:
        self.lives = {life: each for life, each in self.lives.items() if now - each.at < FRESH}
        if self.was_heard and not self.is_heard:
            self.was_heard = False
            logger.error("cut off from the other processes: NATS brings nothing", process=self.place.name)
            self.cut_off()
        for strand in self.strands:
            if strand.bus.owner not in (None, self.life) and not self.is_alive(strand.bus.owner, now):
                strand.meet(None, strand.bus.term)
                self.freed.set()
            strand.look()
        if self.is_level:
            self.attention.look()

    def is_alive(self, life: str | None, now: float) -> bool:
        found = self.lives.get(life or "")
        return found is not None and now - found.at <= SILENT

    def hear(self, letter: Letter) -> None:
        if isinstance(letter, Pulse):
            self.hear_pulse(letter)
        elif isinstance(letter, Counting):
            self.courier.tell(letter.life, self.counted.make(self.life))
        elif isinstance(letter, Counts):
            self.counted.take(letter)
        elif isinstance(letter, Failing):
            if letter.life != self.life:
                self.hear_failure(letter.count, letter.whom, letter.is_more)
        elif isinstance(letter, Sought):
            if (sought := self.sought.get(letter.device)) is not None and not sought.done():
                sought.set_result(letter.is_connected)
        elif 0 <= letter.strand < len(self.strands):
            self.hear_of(self.strands[letter.strand], letter)

    def hear_of(self, strand: Strand, letter: Turn | Replies | Repeat | Filling | Seeking) -> None:
        if isinstance(letter, Turn):
            strand.desk.hear(letter)
        elif isinstance(letter, Seeking):
            self.answer(letter)
        elif isinstance(letter, Filling):
            self.tasks.create_task(strand.fill(letter))
        else:
            strand.remote.hear(letter)

    def hear_pulse(self, pulse: Pulse) -> None:
        now, before = asyncio.get_running_loop().time(), self.lives.get(pulse.life)
        self.lives[pulse.life] = Life(pulse, now)
        for strand in self.strands:
            strand.desk.note_life(pulse.life)
        if pulse.life == self.life:
            self.echoed_at, self.was_heard = now, True
            return
        if before is not None:  # a pulse may overtake what it speaks of, so it is believed with the next one
            self.note_event(before.pulse.event)
        if pulse.is_prepared and not (before is not None and before.pulse.is_prepared):
            self.freed.set()
        owned = {each.strand: each for each in pulse.owns}
        for strand in self.strands:
            had_owner = strand.bus.owner is not None
            if not strand.hear_pulse(pulse.life, owned.get(strand.number)):
                self.give_way(strand)
            if had_owner and strand.bus.owner is None:
                self.freed.set()

    def give_way(self, strand: Strand) -> None:
        """Another took over, and the log will find that out; until then nobody is to be served by what is old here."""
        if strand.desk.is_open:
            strand.end()
            self.cut_off()

    def note_event(self, number: int) -> None:
        """There are events up to this one; those that were not heard are read from the table."""
        if self.is_filled and number > self.hub.head.event:
            self.hub.note_event(number)
            self.newest.note(number)

    def forget(self, device: int) -> None:
        """It was deleted."""
        self.strands[find_strand(device)].forget(device)

    def tell_failure(self, count: str, whom: str, is_more: bool) -> None:
        self.courier.tell_all(Failing(self.life, count, whom, is_more))

    async def gather_counts(self) -> None:
        """What all count, as far as they answer in time."""
        lives = self.lives.keys() - {self.life}
        self.counted.expect(lives)
        for life in lives:
            self.courier.tell(life, Counting(self.life))
        await self.counted.wait()
