"""What two processes say to each other may be lost in any way: frames come to the writer in their order, and each is
answered."""

import asyncio
import random

import numpy as np
import pytest

from tests.moments import MONDAY
from tracker.errors import Replaced, TrackerError
from tracker.ingest.log import Log
from tracker.ingest.writer import CLOCK, STEP, Writer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.block import Block
from tracker.model.device import Device
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.model.position import Position, Status
from tracker.model.token import Token
from tracker.model.update import Update
from tracker.spread.desk import Desk
from tracker.spread.nats_bus import AGAIN, StrandBus
from tracker.spread.remote import HANDED_ON, UNHEARD, RemoteOwner
from tracker.spread.router import Router
from tracker.spread.spread import SILENT, Life, Spread, Standpoint
from tracker.spread.words import (
    LARGEST,
    Letter,
    Offering,
    Owning,
    Pulse,
    Repeat,
    Replies,
    Telling,
    Turn,
    decode_letter,
    encode,
    encode_telling,
    pack_frame,
    pack_outcome,
    unpack_frame,
    unpack_outcome,
)
from tracker.store.ownership import STRANDS
from tracker.websocket import Socket

DEVICES = 3


class Speaking:
    """A connection without a socket."""

    socket: Socket
    token: Token | None = None

    def __init__(self, key: int, boot: str = "b") -> None:
        self.known = Device(key, f"van-{key}", "")
        self.device: Device | None = self.known
        self.boot = boot
        self.answered: list[int] = []
        self.failed: list[TrackerError] = []

    def committed(self, frame: Frame, outcome: Outcome) -> None:
        self.answered.append(frame.seq)

    def resume(self) -> None: ...
    def send_commands(self) -> None: ...
    def send_answers(self) -> None: ...
    def tell_seen(self, id: str, by: str) -> None: ...
    def dismiss(self, after_ms: int) -> None: ...

    def fail(self, error: TrackerError) -> None:
        self.failed.append(error)


class Between:
    """What carries letters both ways, as bytes, and loses some."""

    def __init__(self, writer: Writer, seed: int, loss: float) -> None:
        self.rng, self.loss = random.Random(seed), loss
        self.desk = Desk("owner", writer, self.tell)
        self.desk.is_open = True
        self.fronts: dict[str, RemoteOwner] = {}

    def join(self, life: str) -> RemoteOwner:
        front = self.fronts[life] = RemoteOwner(life, self.tell)
        front.meet("owner")
        return front

    def tell(self, life: str, letter: Letter) -> None:
        if self.rng.random() >= self.loss:
            asyncio.get_running_loop().call_soon(self.hear, life, encode(letter))

    def hear(self, life: str, data: bytes) -> None:
        letter = decode_letter(data)
        if isinstance(letter, Turn):
            self.desk.hear(letter)
        elif isinstance(letter, Replies | Repeat):
            self.fronts[life].hear(letter)

    async def settle(self) -> None:
        for _ in range(6):
            await asyncio.sleep(0)

    async def wait(self) -> None:
        """As if so much time had gone that what is not answered is said again."""
        for front in self.fronts.values():
            front.answered_at -= 2 * UNHEARD
            front.look()
        for post in self.desk.outposts.values():
            post.repeat_at = 0.0
        await self.settle()


def make_writer() -> Writer:
    return Writer(Log("", "nobody"), MemoryBus(), Metrics())


def commit_some(writer: Writer, count: int, taken: list[tuple[int, int]]) -> None:
    for _ in range(min(count, len(writer.lanes.live))):
        frame, sender = writer.lanes.live.popleft()
        taken.append((frame.device, frame.seq))
        sender.committed(frame, Outcome(1, 0))


@pytest.mark.parametrize("seed", range(20))
async def test_frames_come_in_order_and_each_is_answered_whatever_is_lost(seed: int) -> None:
    writer = make_writer()
    between = Between(writer, seed, loss=0.3)
    front, rng, taken = between.join("front"), random.Random(seed), list[tuple[int, int]]()
    speaking = [Speaking(key) for key in range(1, DEVICES + 1)]
    entering = [asyncio.ensure_future(front.enter(each, each.known)) for each in speaking]
    while not all(each.done() for each in entering):
        await between.wait()
    for seq in range(1, 21):
        for each in speaking:
            front.offer(Frame(each.known.key, seq, 0, [Fix(MONDAY + seq, 0, 0)]), each)
        await between.settle()
        commit_some(writer, rng.randint(0, 4), taken)
    while front.unanswered:
        await between.wait()
        commit_some(writer, 5, taken)
    for each in speaking:
        first = list(dict.fromkeys(seq for device, seq in taken if device == each.known.key))
        assert first == list(range(1, 21))
        assert sorted(each.answered) == list(range(1, 21))
        progress = writer.log.memory.progress[each.known.key]
        assert progress.through == 20


async def test_the_newest_connection_wins_wherever_it_is_also_with_another_owner() -> None:
    between = Between(make_writer(), 1, loss=0.0)
    one, two = between.join("one"), between.join("two")
    older, newer = Speaking(1), Speaking(1)
    await one.enter(older, older.known)
    assert not older.failed
    await two.enter(newer, newer.known)
    await between.settle()
    assert [type(each) for each in older.failed] == [Replaced] and not newer.failed
    older.failed.clear()
    # Another process owns the log, and the older one, whose socket is not closed yet, is the last to come to it.
    between.desk = Desk("owner", make_writer(), between.tell)
    between.desk.is_open = True
    two.meet("owner")
    await between.settle()
    one.meet("owner")
    await between.settle()
    assert older.failed and not newer.failed


async def test_an_owner_that_knows_less_is_told_how_far_a_stream_is_stored() -> None:
    writer = make_writer()
    between = Between(writer, 1, loss=0.0)
    front, van = between.join("front"), Speaking(1)
    assert await front.enter(van, van.known) == 0
    for seq in (1, 2, 3):
        front.count(van, seq)
    writer.log.memory.progress.clear()
    front.begin()
    await between.settle()
    assert writer.log.memory.progress[1].through == 3


async def test_what_a_deleted_device_said_is_waited_for_no_more() -> None:
    between = Between(make_writer(), 1, loss=0.0)
    front = between.join("front")
    front.offer(Frame(1, -1, 0, [Fix(MONDAY, 0, 0)]), Speaking(1))
    await between.settle()
    front.forget(1)
    between.desk.forget(1)
    await asyncio.wait_for(front.drain(), 1)
    assert front.weight == 0 and not between.desk.outposts["front"].waiting


def test_a_frame_and_its_outcome_are_the_same_on_the_other_side() -> None:
    fixes = [Fix(MONDAY + n, n, -n, speed=1.5, attributes=b'{"a":1}', flags=n) for n in range(3)]
    entries = list[Fix | Refusal](fixes)
    entries.insert(0, Refusal(0, "bad_value", "x"))
    entries.insert(3, Refusal(3, "bad_time", "y"))
    frame = Frame(7, 3, 5, entries, backlog=True)
    assert unpack_frame(decode_offering(frame), 5) == frame
    exact, measured = np.arange(6).reshape(3, 2), np.full((5, 2), np.nan)
    block = Frame(7, 3, 5, Block(exact, measured))
    assert unpack_frame(decode_offering(block), 5) == block
    outcome = Outcome(3, 1, (Refusal(0, "bad_value", ""), Refusal(3, "bad_time", "")))
    assert unpack_outcome(pack_outcome(9, outcome)) == outcome


def decode_offering(frame: Frame) -> Offering:
    letter = decode_letter(encode(Turn("life", 1, 0, [pack_frame(9, 2, frame)])))
    assert isinstance(letter, Turn)
    offering = letter.asks[0]
    assert isinstance(offering, Offering)
    return offering


class Taken:
    """Who offered a frame, and what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[Frame, Outcome]] = []

    def committed(self, frame: Frame, outcome: Outcome) -> None:
        self.heard.append((frame, outcome))

    def resume(self) -> None: ...


def make_large(is_block: bool) -> Frame:
    if is_block:
        return Frame(1, 5, 0, Block(np.arange(60_000).reshape(3, -1), np.full((5, 20_000), np.nan)))
    fixes: list[Fix | Refusal] = [
        Fix(MONDAY + n, 0, 0, attributes=b'{"a":"%s"}' % (b"x" * 1_000)) for n in range(3_000)
    ]
    return Frame(1, 5, 0, [*fixes, Refusal(3_000, "bad_value", "x" * 200)])


@pytest.mark.parametrize("is_block", [False, True])
async def test_a_frame_too_large_for_a_message_goes_in_parts_and_is_answered_once(is_block: bool) -> None:
    writer, frame, sender = make_writer(), make_large(is_block), Taken()
    between = Between(writer, 1, loss=0.0)
    sizes = list[int]()
    told = between.hear
    between.hear = lambda life, data: sizes.append(len(data)) or told(life, data)  # type: ignore[method-assign, func-returns-value]
    front = between.join("front")
    front.offer(frame, sender)
    await between.settle()
    parts = [each for each, _ in writer.lanes.live]
    assert [entry for part in parts for entry in part.entries] == list(frame.entries)
    assert [part.seq for part in parts] == [-1] * (len(parts) - 1) + [5] and len(parts) > 1
    while writer.lanes.live:
        part, waiting = writer.lanes.live.popleft()
        refusals = tuple(entry for entry in part.entries if isinstance(entry, Refusal))
        waiting.committed(part, Outcome(len(part.entries) - len(refusals), 0, (*refusals, Refusal(0, "conflict", ""))))
    await between.settle()
    [(answered, outcome)] = sender.heard
    assert answered is frame and outcome.stored == (20_000 if is_block else 3_000)
    assert [each.index for each in outcome.refusals if each.reason == "conflict"][:2] == [0, len(parts[0].entries)]
    assert max(sizes) <= LARGEST and not front.unanswered


async def test_what_a_deleted_device_says_after_it_was_deleted_holds_nobody_up() -> None:
    writer = make_writer()
    between = Between(writer, 1, loss=0.0)
    front, sender = between.join("front"), Taken()
    front.forget(1)
    assert front.offer(Frame(1, -1, 0, [Fix(MONDAY, 0, 0)]), sender)
    writer.forget(2)
    front.offer(Frame(2, -1, 0, [Fix(MONDAY, 0, 0)]), sender)
    await between.settle()
    assert not writer.lanes.live and not between.desk.outposts["front"].waiting
    front.forget(2)
    await asyncio.wait_for(front.drain(), 1)
    assert not sender.heard


class Carrier:
    """What carries updates from one bus to another, in its turn of the loop, and asks back."""

    def __init__(self, life: str) -> None:
        self.life = life
        self.told: list[Telling] = []
        self.asked: list[Letter] = []

    def tell(self, life: str, letter: Letter) -> None:
        self.asked.append(letter)

    def publish(self, telling: Telling, life: str | None = None) -> None:
        self.told.append(telling)


async def test_a_fill_that_takes_longer_than_the_patience_is_not_asked_for_again() -> None:
    heard = list[Update]()
    bus = StrandBus(0, carrier := Carrier("front"), heard.append)
    bus.meet("owner", 1)
    bus.look()
    for number in range(3):
        bus.asked_at -= AGAIN  # so much time has gone
        bus.hear(Telling(1, number, Update([], [], 0), bus.filling, 0, number == 2))
        bus.look()
    assert len(carrier.asked) == 1 and bus.is_full
    assert heard[-1].has_messages


async def test_positions_too_large_for_a_message_are_told_in_several_and_in_order() -> None:
    bus = StrandBus(0, carrier := Carrier("owner"), lambda _: None)
    bus.meet("owner", 1)
    fix = Fix(MONDAY, 0, 0, attributes=b'{"a":"%s"}' % (b"x" * 2_000))
    positions = [Position(key, fix, 0, Status.MOVING) for key in range(1_000)]
    bus.publish(Update(positions, [], 0, has_messages=True))
    assert [each for telling in carrier.told for each in telling.update.positions] == positions
    assert [each.update.has_messages for each in carrier.told] == [False] * (len(carrier.told) - 1) + [True]
    assert max(len(encode_telling(each)) for each in carrier.told) <= LARGEST


@pytest.mark.parametrize("others", range(10))
async def test_the_shares_of_all_who_want_one_are_enough_and_no_more_than_even(others: int) -> None:
    spread = Spread(Standpoint("nats://127.0.0.1:1", "tracker", "one"))
    now = asyncio.get_running_loop().time()
    for number in range(others):
        spread.lives[str(number)] = Life(Pulse(str(number), "", [], True, 0, []), now)
    spread.lives["leaving"] = Life(Pulse("leaving", "", [], False, 0, []), now)
    spread.lives["silent"] = Life(Pulse("silent", "", [], True, 0, []), now - 2 * SILENT)
    share = spread.find_share()
    assert share * (others + 1) >= STRANDS > (share - 1) * (others + 1)
    spread.wants = lambda: False
    assert spread.find_share() == (0 if others else STRANDS), "who leaves gives up all, where anybody takes it"


async def test_a_strand_is_left_to_who_has_the_fewest_and_could_take_it_at_once() -> None:
    spread = Spread(Standpoint("nats://127.0.0.1:1", "tracker", "one"))
    now = asyncio.get_running_loop().time()
    owning = [Owning(number, 1, 0, False) for number in range(2)]
    for name, owns, wants, is_prepared in (
        ("many", owning, True, True),
        ("unprepared", [], True, False),
        ("leaving", [], False, True),
    ):
        spread.lives[name] = Life(Pulse(name, "", owns, wants, 0, [], is_prepared), now)
    assert spread.find_heir() == "many"
    spread.lives["few"] = Life(Pulse("few", "", owning[:1], True, 0, []), now)
    assert spread.find_heir() == "few"
    spread.lives["few"].pulse = Pulse("few", "", owning[:1], True, 0, [], False)
    assert spread.find_heir() is None, "of eight strands two are a share of four, and more would be given on"
    spread.wants = lambda: False
    assert spread.find_heir() == "many", "they are to be three"
    for name in ("many", "few"):
        spread.lives[name].at = now - 2 * SILENT
    assert spread.find_heir() is None


async def test_who_is_left_a_strand_hears_of_it_before_it_is_free() -> None:
    spread = Spread(Standpoint("nats://127.0.0.1:1", "tracker", "one"))
    for number, heir in enumerate((spread.life, "another", "")):
        strand = spread.strands[number]
        assert strand.hear_pulse("owner", Owning(number, 1, 0, False, heir)) and spread.list_left() == []
    for number in range(3):
        assert spread.strands[number].hear_pulse("owner", None)
    assert spread.list_left() == [0]
    spread.strands[0].hear_pulse("third", Owning(0, 2, 0, False))
    spread.strands[0].hear_pulse("third", None)
    assert spread.list_left() == [], "that was before"


async def test_what_is_of_a_device_goes_to_the_owner_of_its_strand() -> None:
    told = list[tuple[str, Letter]]()
    owners = [RemoteOwner("front", lambda life, letter: told.append((life, letter)), n) for n in range(STRANDS)]
    for number, owner in enumerate(owners):
        owner.meet(f"owner-{number}")
    told.clear()
    router = Router(owners)
    for key in (1, 2, STRANDS + 2):
        router.know(Device(key, f"van-{key}", ""))
        router.offer(Frame(key, -1, 0, [Fix(MONDAY, 0, 0)]), Taken())
    await asyncio.sleep(0)
    turns = [(life, each) for life, each in told if isinstance(each, Turn)]
    assert [(life, each.strand, len(each.asks)) for life, each in turns] == [("owner-1", 1, 2), ("owner-2", 2, 4)]
    owners[2].meet(None)
    assert router.has_room_for(2), "it is handed on"
    owners[2].left_at -= HANDED_ON
    assert not router.has_room_for(2), "nobody stores what comes for that one"
    assert router.has_room and router.has_room_for(1), "and the others are not refused for it"


async def test_a_device_is_given_to_its_owner_on_this_machine_where_there_is_room() -> None:
    spread = Spread(Standpoint("nats://127.0.0.1:1", "tracker", "here-1"))
    now, device = asyncio.get_running_loop().time(), 3

    def meet(name: str, *, reasons: tuple[str, ...] = (), has_places: bool = True) -> int | None:
        pulse = Pulse("owner", name, [], True, 0, [*reasons], has_places=has_places)
        spread.lives["owner"] = Life(pulse, now)
        return spread.find_neighbour(device)

    assert meet("here-2") is None, "nobody owns it"
    spread.strands[device % STRANDS].bus.owner = "owner"
    assert meet("here-2") == 1
    assert meet("there-2") is None
    assert meet("here-2", reasons=("it is ending",)) is None
    assert meet("here-2", has_places=False) is None
    spread.lives["next"] = Life(Pulse("next", "here-2", [], True, 0, [], has_places=True), now)
    assert meet("here-2") is None, "another takes its place"
    spread.lives["next"].at = now - 2 * SILENT
    assert meet("here-2") == 1, "it is gone"
    spread.strands[device % STRANDS].bus.owner = spread.life
    assert meet("here-2") is None


def test_strands_begin_their_batches_in_step_and_none_twice_in_one() -> None:
    writer, rng = make_writer(), random.Random(1)
    writer.step = STEP
    for _ in range(1_000):
        step = rng.randrange(1, 10**8)
        writer.began = step * STEP - CLOCK + rng.random() * (STEP - CLOCK)  # its timer may have rung a little early
        assert writer.find_next() == pytest.approx((step + 1) * STEP)
