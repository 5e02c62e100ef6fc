"""The words that the processes of one installation say to each other, and their bytes.

What the process that holds a socket says to the owner is a run: messages numbered without gaps. Where one is missing,
on either way, a new run is begun, which says again who is connected and all that was not answered. So nothing of a
device comes before what it sent earlier.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Final, TypeVar

import msgspec
import numpy as np

from tracker.model.block import Block
from tracker.model.device import Device
from tracker.model.event import Event
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.model.note import Note
from tracker.model.position import Position
from tracker.model.report import App
from tracker.model.update import Update

NO_STRAND: Final = -1
LARGEST: Final = 400_000  # bytes of one message, as they are guessed, never too few; NATS takes a million
FIX: Final = 170  # bytes of one in it, beside its attributes
T = TypeVar("T")


class Word(msgspec.Struct, frozen=True, array_like=True):
    """One thing said."""


class Entering(Word, frozen=True, tag=1):
    """A connection speaks for a device. `since`: the number by which the owner knew how new it is, 0: give it one.
    `acked`: how far the frames of its boot are stored, as this process knows."""

    connection: int
    device: Device
    boot: str
    acked: int = 0
    since: int = 0


class Leaving(Word, frozen=True, tag=2):
    connection: int


class Knowing(Word, frozen=True, tag=3):
    """The device that the next frame is of, which enters nowhere."""

    device: Device


class Offering(Word, frozen=True, tag=4):
    """A frame. `refused`: its entries that are no fixes, each with its place. `columns`: those of a Block, instead of
    both. `connection`: 0 for none."""

    number: int
    connection: int
    device: int
    seq: int
    received_at: int
    fixes: list[Fix]
    refused: list[tuple[int, Refusal]]
    backlog: bool
    whole: Refusal | None
    app: App | None
    columns: tuple[bytes, bytes] | None = None


class Saying(Word, frozen=True, tag=5):
    number: int
    note: Note


class Entered(Word, frozen=True, tag=6):
    connection: int
    since: int
    acked: int


class Superseded(Word, frozen=True, tag=7):
    """A newer connection speaks for the device."""

    connection: int


class Acked(Word, frozen=True, tag=8):
    """What became of the frame of this number."""

    number: int
    stored: int
    duplicate: int
    refused: list[tuple[int, str]]


class NoteAcked(Word, frozen=True, tag=9):
    number: int
    is_stored: bool


Ask = Entering | Leaving | Knowing | Offering | Saying
Reply = Entered | Superseded | Acked | NoteAcked


class Turn(Word, frozen=True, tag=10):
    """What the process `life` says to the owner of a strand in one turn of its loop: the message `index` of its run."""

    life: str
    run: int
    index: int
    asks: list[Ask]
    strand: int = 0


class Replies(Word, frozen=True, tag=11):
    """The owner's message `index` in this run. `is_pressed`: its devices are not to be read for now."""

    life: str
    run: int
    index: int
    is_pressed: bool
    replies: list[Reply]
    strand: int = 0


class Repeat(Word, frozen=True, tag=12):
    """Something of the run is missing: begin another."""

    run: int
    strand: int = 0


class Filling(Word, frozen=True, tag=13):
    """All positions of a strand are asked for, by the process `life`."""

    life: str
    number: int
    strand: int = 0


class Telling(msgspec.Struct, frozen=True):
    """An update as the owner of a strand told it. `term`: which owner, counting up; `number`: of its updates.
    `filling`: the answer to this request, 0 for none; then `number` is the part's, `told` the newest update that is in
    it, and `is_last` ends it. Of no strand are events that have their numbers, of the process `life`."""

    term: int
    number: int
    update: Update
    filling: int = 0
    told: int = 0
    is_last: bool = False
    strand: int = 0
    life: str = ""


class Owning(Word, frozen=True):
    """A strand that a process owns. `term`: which owner of it, counting up; `told`: its newest update; `heir`: the
    process that is to take it next, where it is about to be given up."""

    strand: int
    term: int
    told: int
    is_pressed: bool
    heir: str = ""


class Pulse(Word, frozen=True, tag=14):
    """Said twice a second by every process. `wants`: whether it is to have its share of the strands; `event`: the
    newest event it knows. `reasons`: why it is not ready; `is_prepared`: it could take a strand at once;
    `has_places`: for connections that others give it."""

    life: str
    name: str
    owns: list[Owning]
    wants: bool
    event: int
    reasons: list[str]
    is_prepared: bool = True
    has_places: bool = False


class Counting(Word, frozen=True, tag=15):
    """The process `life` is asked what it counts."""

    life: str


class Counts(Word, frozen=True, tag=16):
    """What a process counts, as OpenMetrics, compressed."""

    life: str
    name: str
    text: bytes


class Failing(Word, frozen=True, tag=17):
    """Somebody failed to sign in at the process `life`, or did not after all: it counts everywhere."""

    life: str
    count: str
    whom: Annotated[str, msgspec.Meta(max_length=512)]  # an account and an address
    is_more: bool


class Seeking(Word, frozen=True, tag=18):
    """The process `life` asks the owner of a strand whether a device of it has a connection anywhere."""

    life: str
    device: int
    strand: int


class Sought(Word, frozen=True, tag=19):
    device: int
    is_connected: bool


Letter = Seeking | Sought | Failing | Turn | Replies | Repeat | Filling | Pulse | Counting | Counts

encode: Final = msgspec.msgpack.Encoder().encode
decode_letter: Final = msgspec.msgpack.Decoder(Letter).decode
# An event's evidence is JSON that nobody here reads, so what holds it is JSON, too.
encode_telling: Final = msgspec.json.Encoder().encode
decode_telling: Final = msgspec.json.Decoder(Telling).decode


def pack_frame(number: int, connection: int, frame: Frame) -> Offering:
    """A list of fixes and refusals would not say which of the two each is."""
    fixes, refused, columns = list[Fix](), list[tuple[int, Refusal]](), None
    if isinstance(block := frame.entries, Block):
        columns = block.exact.tobytes(), block.measured.tobytes()
    else:
        for at, entry in enumerate(frame.entries):
            if isinstance(entry, Fix):
                fixes.append(entry)
            else:
                refused.append((at, entry))
    head = number, connection, frame.device, frame.seq, frame.received_at
    return Offering(*head, fixes, refused, frame.backlog, frame.whole, frame.app, columns)


def unpack_frame(offering: Offering, received_at: int) -> Frame:
    entries: Sequence[Fix | Refusal]
    if offering.columns is not None:
        exact, measured = offering.columns
        entries = Block(np.frombuffer(exact, np.int64).reshape(3, -1), np.frombuffer(measured).reshape(5, -1))
    else:
        entries = list[Fix | Refusal](offering.fixes)
        for at, refusal in offering.refused:
            entries.insert(at, refusal)
    head = offering.device, offering.seq, received_at
    return Frame(*head, entries, offering.backlog, offering.whole, offering.app)


def pack_outcome(number: int, outcome: Outcome) -> Acked:
    """Without the texts of what was refused, which the answer to the device does not hold."""
    return Acked(number, outcome.stored, outcome.duplicate, [(each.index, each.reason) for each in outcome.refusals])


def unpack_outcome(stored: Acked) -> Outcome:
    refusals = tuple(Refusal(index, reason, "") for index, reason in stored.refused)
    return Outcome(stored.stored, stored.duplicate, refusals)


def cut(items: Sequence[T], weigh: Callable[[T], int], largest: int = LARGEST) -> Iterator[list[T]]:
    """In parts of this weight at most, or of one alone that has more. At least one: an empty message is said, too."""
    part, weight = list[T](), 0
    for item in items:
        its = weigh(item)
        if part and weight + its > largest:
            yield part
            part, weight = [], 0
        part.append(item)
        weight += its
    yield part


def weigh_ask(ask: Ask) -> int:
    """Bytes of it. An Offering is guessed, for to encode each twice would cost as much as all else that is done."""
    if not isinstance(ask, Offering):
        return len(encode(ask))
    size = FIX + sum(map(len, ask.columns or ())) + sum(map(weigh_entry, ask.fixes))
    return size + sum(weigh_entry(each) for _, each in ask.refused)


def weigh_entry(entry: Fix | Refusal) -> int:
    if isinstance(entry, Fix):
        return FIX + len(entry.attributes or b"")
    return FIX + 4 * (len(entry.text) + len(entry.said) + len(entry.reason))


def weigh_reply(reply: Reply) -> int:
    return 40 + 40 * len(reply.refused) if isinstance(reply, Acked) else 40


def weigh_position(position: Position) -> int:
    """In JSON, where bytes are written as base64."""
    return 3 * FIX + 2 * len(position.fix.attributes or b"") + sum(10 + len(each) for each in position.geofences)


def weigh_event(event: Event) -> int:
    return len(encode_telling(event))
