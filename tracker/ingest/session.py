"""Session: one device's connection, from its hello to its close. Frames go to the writer; only acks come back."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from tracker.access.gate import Gate
from tracker.errors import BadFrame, BadJson, StorageDown, TrackerError, WindowExceeded, close_code, error_code
from tracker.ingest.errands import Lookups, fetch_commands, fetch_seen, identify, keep_read, keep_result, keep_sent
from tracker.ingest.frames import (
    Hello,
    Read,
    Result,
    Unreadable,
    decode_message,
    encode_answer,
    encode_command,
    encode_error,
    encode_going_away,
    encode_message_ack,
    encode_seen,
    encode_welcome,
)
from tracker.ingest.owner import Owner
from tracker.ingest.roster import Roster
from tracker.model.device import Device
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_us
from tracker.model.note import LARGEST_TEXT, Note, Standing, Utterance
from tracker.model.token import Token
from tracker.store.pool import AWAY
from tracker.websocket import Socket

WINDOW: Final = 4  # frames a device may send ahead of the acks
MAX_FIXES: Final = 500
MAX_BYTES: Final = 65_536
HEARTBEAT: Final = 20  # seconds between pings
OTHERS: Final = 16  # messages at work that are no frames of fixes; more: the socket is not read until some are done
BAD_IN_A_ROW: Final = 10


@dataclass(frozen=True, slots=True)
class Reception:
    """What all sessions of this process share."""

    roster: Roster
    owner: Owner
    gate: Gate
    pool: asyncpg.Pool
    tasks: asyncio.TaskGroup
    lookups: Lookups = field(default_factory=Lookups)


class Session:
    """A conversation of tracker.websocket. `token` is whose the handshake was; None where the hello has to bring it."""

    def __init__(self, reception: Reception, token: Token | None) -> None:
        self.reception = reception
        self.roster = reception.roster
        self.owner = reception.owner
        self.token = token
        self.device: Device | None = None
        self.socket: Socket
        self.hello: Hello | None = None
        self.boot = ""  # of its hello
        self.early: list[str | bytes] = []  # what came before we knew who; bound: what was read already, see `greet`
        self.sent: set[str] = set()  # ids of commands sent on this socket; bound: 100 are open at most
        self.answers: list[str] = []  # to be sent in this turn of the loop; bound: the window, and OTHERS
        self.unacked = 0
        self.others = 0  # at work; bound: OTHERS, and what was read already
        self.bad = 0
        self.is_closed = False

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self.roster.add(self)

    def received(self, message: str | bytes) -> None:
        if self.device is None:
            self.greet(message)
            return
        self.handle(message, self.device)

    def greet(self, message: str | bytes) -> None:
        """Until the hello is answered: one hello; what comes behind it waits for the welcome, and no more is read."""
        if self.is_closed:
            return
        if self.hello is not None:
            self.early.append(message)
            self.socket.pause_reading()
            return
        try:
            self.hello = expect_hello(message)
            self.run(self.introduce(self.hello))
        except TrackerError as error:
            self.fail(error)

    def run(self, errand: Coroutine[Any, Any, None]) -> None:
        """Short work in a task of its own, for messages are handed over as function calls that cannot wait."""
        self.reception.tasks.create_task(self.guard(errand))

    async def guard(self, errand: Coroutine[Any, Any, None]) -> None:
        """What goes wrong in an errand closes this session; in the TaskGroup it would end the server."""
        try:
            await errand
        except TrackerError as error:
            self.fail(error)
        except (*AWAY, asyncpg.PostgresError):
            self.fail(StorageDown())

    async def introduce(self, hello: Hello) -> None:
        reception = self.reception
        device, token = await identify(
            reception.pool, reception.lookups, reception.gate, hello, self.token, self.socket.peer
        )
        if self.is_closed:
            return
        self.boot = hello.boot
        acked = await self.owner.enter(self, device)
        if self.is_closed:  # while the owner was asked
            return
        self.device, self.token = device, token
        self.roster.replace(self, device.key)
        self.welcome(device, acked)
        await self.bring_commands(device)
        await self.bring_seen(device)

    def welcome(self, device: Device, acked: int) -> None:
        self.say(encode_welcome(device.id, acked, WINDOW, MAX_FIXES, MAX_BYTES, HEARTBEAT))
        early, self.early = self.early, []
        for message in early:
            self.handle(message, device)
        self.read_on()

    def handle(self, message: str | bytes, device: Device) -> None:
        if self.is_closed:
            return
        decoded = decode_message(message, device.key, now_us(), MAX_FIXES, MAX_BYTES)
        if isinstance(decoded, Frame):
            self.take(decoded)
        elif isinstance(decoded, Result | Read):
            self.begin_other()
            self.run(self.answer(device, decoded))
        elif isinstance(decoded, Utterance | Standing):
            self.note(device, decoded)
        elif isinstance(decoded, Unreadable):
            self.say(encode_error("bad_frame", decoded.said, id=decoded.id))
        else:
            self.say(encode_error("bad_frame", "the hello was said already"))

    def note(self, device: Device, said: Utterance | Standing) -> None:
        """What is kept and is no fix goes the way of the fixes, behind those that came before it."""
        if isinstance(said, Utterance) and len(said.text.encode()) > LARGEST_TEXT:
            message = f"the text of a message may have {LARGEST_TEXT} bytes"
            self.say(encode_error("too_large", message, id=said.id))
            return
        self.begin_other()
        self.owner.note(Note(device.key, said, now_us()), self)

    def noted(self, note: Note, is_stored: bool) -> None:
        """The writer's answer. What could not be stored, as the device is gone, is not answered."""
        self.end_other()
        if is_stored and isinstance(note.said, Utterance) and not self.is_closed:
            self.say(encode_message_ack(note.said.id))

    def begin_other(self) -> None:
        """Work for a message that is outside the window: whoever sends too many waits, and is not closed for it."""
        self.others += 1
        if self.others >= OTHERS:
            self.socket.pause_reading()

    def end_other(self) -> None:
        self.others -= 1
        self.read_on()

    def read_on(self) -> None:
        if self.others < OTHERS and not self.is_closed:
            self.roster.let(self)

    def take(self, frame: Frame) -> None:
        """The window counts what names a seq: of other texts the sender does not know that they count."""
        if frame.seq < 0:
            self.begin_other()
        else:
            self.unacked += 1
        if self.unacked > WINDOW:
            self.fail(WindowExceeded())
            return
        self.bad = self.bad + 1 if frame.whole else 0
        if not self.owner.offer(frame, self):
            self.roster.press(self)  # until the writer has room and calls `resume`

    def committed(self, frame: Frame, outcome: Outcome) -> None:
        """The writer's answer: everything in the frame is stored, known or quarantined, and will stay so."""
        if frame.seq < 0:
            self.end_other()
        else:
            self.unacked -= 1
            self.owner.count(self, frame.seq)  # of closed ones, too: see `Owner.count`
        if self.is_closed:
            return
        self.answers.append(encode_answer(frame, outcome))
        if len(self.answers) == 1:
            self.roster.answer_soon(self)
        if self.bad >= BAD_IN_A_ROW:
            self.fail(BadFrame("ten frames in a row could not be read"))

    def send_answers(self) -> None:
        answers, self.answers = self.answers, []
        self.socket.send_all(answers)

    def say(self, message: str) -> None:
        """These are sent behind the answers of this turn, which were there before them."""
        if self.answers:
            self.send_answers()
        self.socket.send(message)

    def resume(self) -> None:
        """The writer has room again, so this socket is read on."""
        self.roster.release(self)

    def send_commands(self) -> None:
        if self.device:
            self.run(self.bring_commands(self.device))

    async def bring_commands(self, device: Device) -> None:
        """Those that were not sent on this socket; they stay open until the device answers or they expire."""
        messages = []
        for command in await fetch_commands(self.reception.pool, self.reception.lookups, device):
            if command.id not in self.sent and not self.is_closed:
                self.sent.add(command.id)
                self.say(encode_command(command))
                messages += [command.id] if command.name == "message" else []
        if messages:
            await keep_sent(self.reception.pool, device, messages)

    async def bring_seen(self, device: Device) -> None:
        """Which of its calls for help somebody has seen: it may not have been there to be told."""
        for each in await fetch_seen(self.reception.pool, self.reception.lookups, device):
            self.tell_seen(each.message, each.by)

    def tell_seen(self, id: str, by: str) -> None:
        if not self.is_closed:
            self.say(encode_seen(id, by))

    async def answer(self, device: Device, said: Result | Read) -> None:
        try:
            keep = keep_result if isinstance(said, Result) else keep_read
            known = await keep(self.reception.pool, device, said)  # type: ignore[arg-type]  # the one of its kind
        finally:
            self.end_other()
        if not known and not self.is_closed:
            kind = "open command" if isinstance(said, Result) else "message"
            self.say(encode_error("unknown_command", f"no {kind} {said.id}", id=said.id))

    def fail(self, error: TrackerError) -> None:
        """Say why, then close with the code of the error."""
        if self.is_closed:
            return
        self.is_closed = True
        self.say(encode_error(error_code(error), str(error)))
        self.socket.close(close_code(error), str(error))

    def dismiss(self, after_ms: int) -> None:
        self.is_closed = True
        self.say(encode_going_away(after_ms))
        self.socket.resume_reading()  # the peer's answer to our close could not be heard while nothing is read

    def drained(self) -> None:
        """Acks are small and the window bounds them: nothing was held back."""

    def closed(self, code: int) -> None:
        self.is_closed = True
        self.early.clear()
        self.answers.clear()
        self.roster.remove(self)
        self.owner.leave(self)


def expect_hello(message: str | bytes) -> Hello:
    decoded = decode_message(message, 0, now_us(), MAX_FIXES)
    if isinstance(decoded, Hello):
        return decoded
    if isinstance(decoded, Unreadable):
        raise BadFrame(decoded.said)
    if not isinstance(decoded, Frame) or decoded.whole is None:
        raise BadFrame("the first message is a hello")
    if decoded.whole.reason == error_code(BadJson()):
        raise BadJson
    raise BadFrame(decoded.whole.said)
