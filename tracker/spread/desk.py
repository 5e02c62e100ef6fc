"""Desk: the owner's end of what the processes that hold sockets say. It gives their frames to the writer as they come,
and knows which connection of a device is the newest in the whole installation."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tracker.ingest.progress import Progress, begin_stream, count_stored
from tracker.ingest.writer import Writer
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_us
from tracker.model.note import Note
from tracker.spread.words import (
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
    pack_outcome,
    unpack_frame,
    weigh_reply,
)

GONE: Final = 30.0  # s of silence after which a process is taken for gone
UNHEARD: Final = 1.2  # s of silence after which it may be that its devices cannot be heard
MISSING: Final = 0.2  # s at least between two requests to repeat


@dataclass(eq=False)
class Claim:
    """A connection, in the process `post`, that speaks for a device."""

    post: "Outpost"
    connection: int
    device: int
    boot: str
    since: int


@dataclass(eq=False)
class Outpost:
    """A process that holds sockets. `next`: the message of its run that has to come now; `told`: how many replies were
    sent in this run; `waiting`: the numbers of what the writer has and has not answered."""

    life: str
    run: int = 0
    next: int = 0
    told: int = 0
    heard_at: float = 0.0
    repeat_at: float = 0.0
    replies: list[Reply] = field(default_factory=list)
    waiting: dict[int, int] = field(default_factory=dict)  # by number, the device
    claims: dict[int, Claim] = field(default_factory=dict)


class Desk:
    """`strand`: that which the writer writes."""

    def __init__(self, life: str, writer: Writer, tell: Callable[[str, Letter], None], strand: int = 0) -> None:
        self.life = life
        self.writer = writer
        self.tell = tell
        self.strand = strand
        self.outposts: dict[str, Outpost] = {}
        self.holders: dict[int, Claim] = {}  # by the device's key
        self.since = 0
        self.is_pressed = False
        self.is_open = False  # this process owns the log and takes more

    def is_connected(self, device: int) -> bool:
        return device in self.holders

    def hear(self, turn: Turn) -> None:
        if not self.is_open:
            return
        post = self.outposts.setdefault(turn.life, Outpost(turn.life))
        post.heard_at = now = asyncio.get_running_loop().time()
        if turn.run > post.run and turn.index == 0:
            self.begin(post, turn.run)
        if turn.run == post.run and turn.index == post.next:
            post.next += 1
            for ask in turn.asks:
                self.take(post, ask)
            if turn.index == 0:
                self.reply_soon(post)
        elif turn.run > post.run or (turn.run == post.run and turn.index > post.next):
            self.miss(post, turn, now)

    def miss(self, post: Outpost, turn: Turn, now: float) -> None:
        """One is missing, and all that follow it say the same."""
        if now > post.repeat_at:
            post.repeat_at = now + MISSING
            self.tell(post.life, Repeat(turn.run, self.strand))

    def begin(self, post: Outpost, run: int) -> None:
        """It says anew who is connected."""
        post.run, post.next, post.told, post.repeat_at = run, 0, 0, 0.0
        post.replies = [each for each in post.replies if not isinstance(each, Entered | Superseded)]
        for claim in post.claims.values():
            self.end(claim)
        post.claims = {}

    def take(self, post: Outpost, ask: Ask) -> None:
        if isinstance(ask, Offering):
            self.offer(post, ask)
        elif isinstance(ask, Saying):
            if ask.number not in post.waiting:
                post.waiting[ask.number] = ask.note.device
                # By this clock: what one that is ahead stamped would move the stamps of the log ahead for good.
                note = msgspec.structs.replace(ask.note, received_at=now_us())
                self.writer.note(note, Waiting(self, post, ask.number, None))
        elif isinstance(ask, Entering):
            self.enter(post, ask)
        elif isinstance(ask, Knowing):
            if self.writer.log.memory.devices.get(ask.device.key) != ask.device:
                self.writer.log.memory.know(ask.device)
        elif isinstance(ask, Leaving) and (claim := post.claims.pop(ask.connection, None)) is not None:
            self.end(claim)

    def offer(self, post: Outpost, ask: Offering) -> None:
        """One that the writer has still is not given to it twice; one that it has answered is known by the log. Of a
        deleted device it answers nothing, and the process that said it forgets it, too."""
        if ask.number in post.waiting or ask.device in self.writer.gone:
            return
        post.waiting[ask.number] = ask.device
        sender = Waiting(self, post, ask.number, post.claims.get(ask.connection))
        if not self.writer.offer(unpack_frame(ask, now_us()), sender) and not self.is_pressed:
            self.press(True)

    def enter(self, post: Outpost, ask: Entering) -> None:
        """The newest connection wins. How new one is was said by the first owner that it met, since two that come to
        another one come in any order."""
        key, since = ask.device.key, ask.since or max(now_us(), self.since + 1)
        self.since = max(self.since, since)
        holder = self.holders.get(key)
        if holder is not None and holder.since > since:
            self.reply(post, Superseded(ask.connection))
            return
        if holder is not None and (holder.post is not post or holder.connection != ask.connection):
            holder.post.claims.pop(holder.connection, None)
            self.reply(holder.post, Superseded(holder.connection))
        claim = self.holders[key] = post.claims[ask.connection] = Claim(post, ask.connection, key, ask.boot, since)
        if not ask.since or key not in self.writer.log.memory.devices:
            self.writer.log.memory.know(ask.device)
        self.reply(post, Entered(claim.connection, since, self.find_progress(key, ask.boot, ask.acked).through))

    def find_progress(self, device: int, boot: str, acked: int) -> Progress:
        """`acked`: so far it is stored at least, as another owner said."""
        progress = begin_stream(self.writer.log.memory.progress, device, boot)
        if acked > progress.through:
            progress.through = acked
            progress.ahead = {seq for seq in progress.ahead if seq > acked}
        return progress

    def end(self, claim: Claim) -> None:
        if self.holders.get(claim.device) is claim:
            del self.holders[claim.device]

    def reply(self, post: Outpost, reply: Reply) -> None:
        post.replies.append(reply)
        if len(post.replies) == 1:
            self.reply_soon(post)

    def reply_soon(self, post: Outpost) -> None:
        """After all that one commit answers."""
        asyncio.get_running_loop().call_soon(self.flush, post, post.run)

    def flush(self, post: Outpost, run: int) -> None:
        replies, post.replies = post.replies, []
        if post.run != run and not replies:
            return
        for part in cut(replies, weigh_reply):
            self.tell(post.life, Replies(self.life, post.run, post.told, self.is_pressed, part, self.strand))
            post.told += 1

    def press(self, is_pressed: bool) -> None:
        self.is_pressed = is_pressed
        for post in self.outposts.values():
            self.reply_soon(post)

    def look(self) -> None:
        """Now and then. While a process is not heard its devices cannot be, and are not silent for that."""
        now = asyncio.get_running_loop().time()
        for post in list(self.outposts.values()):
            silence = now - post.heard_at
            if silence > UNHEARD and post.claims:
                self.writer.log.silences.since = now_us()
            if silence > GONE:
                self.begin(post, post.run)
                del self.outposts[post.life]

    def note_life(self, life: str) -> None:
        """The process was heard."""
        if (post := self.outposts.get(life)) is not None:
            post.heard_at = asyncio.get_running_loop().time()

    def forget(self, device: int) -> None:
        """The device was deleted: the writer answers nothing of it any more."""
        for post in self.outposts.values():
            for number in [number for number, key in post.waiting.items() if key == device]:
                del post.waiting[number]


class Waiting:
    """Who waits, in another process, for what became of a frame or a note."""

    __slots__ = ("claim", "desk", "number", "post")

    def __init__(self, desk: Desk, post: Outpost, number: int, claim: Claim | None) -> None:
        self.desk = desk
        self.post = post
        self.number = number
        self.claim = claim

    def committed(self, frame: Frame, outcome: Outcome) -> None:
        self.post.waiting.pop(self.number, None)
        if self.claim is not None and frame.seq >= 0:
            count_stored(self.desk.writer.log.memory.progress, self.claim.device, self.claim.boot, frame.seq)
        self.desk.reply(self.post, pack_outcome(self.number, outcome))

    def noted(self, note: Note, is_stored: bool) -> None:
        self.post.waiting.pop(self.number, None)
        self.desk.reply(self.post, NoteAcked(self.number, is_stored))

    def resume(self) -> None:
        if self.desk.is_pressed:
            self.desk.press(False)
