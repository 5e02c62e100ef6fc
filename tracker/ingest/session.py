"""Session: one device's connection, from its hello to its close. Frames go to the writer; only acks come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tracker.errors import BadFrame, TrackerError, WindowExceeded, close_code
from tracker.ingest.frames import Hello, Result, decode_message, encode_answer, encode_error, encode_welcome
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_us

if TYPE_CHECKING:
    from tracker.ingest.sessions import Sessions
    from tracker.model.device import Device
    from tracker.model.token import Token
    from tracker.websocket import Socket

WINDOW: Final = 4  # frames a device may send ahead of the acks
MAX_FIXES: Final = 500
MAX_BYTES: Final = 65_536
HEARTBEAT: Final = 20  # seconds between pings
BAD_IN_A_ROW: Final = 10


class Session:
    """A conversation of tracker.websocket. `token` is whose the handshake was; None where the hello has to bring it."""

    def __init__(self, sessions: Sessions, token: Token | None) -> None:
        self.sessions = sessions
        self.token = token
        self.device: Device | None = None
        self.socket: Socket
        self.hello: Hello | None = None
        self.early: list[str | bytes] = []  # what came before we knew who; bound: the window, then the socket closes
        self.told: set[str] = set()  # ids of commands sent on this socket; bound: 100 are open at most
        self.unacked = 0
        self.bad = 0
        self.is_closed = False

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self.sessions.add(self)

    def received(self, message: str | bytes) -> None:
        if self.device is None:
            self.introduce(message)
            return
        self.handle(message, self.device)

    def introduce(self, message: str | bytes) -> None:
        """Until the hello is answered: one hello, then at most a window of messages that wait for the welcome."""
        try:
            if self.hello is None:
                self.hello = expect_hello(message)
                self.sessions.greet(self, self.hello)
            elif len(self.early) < WINDOW:
                self.early.append(message)
            else:
                raise WindowExceeded
        except TrackerError as error:
            self.fail(error)

    def welcome(self, device: Device, token: Token, acked: int) -> None:
        """The device is who it says: begin."""
        self.device, self.token = device, token
        self.socket.send(encode_welcome(device.id, acked, WINDOW, MAX_FIXES, MAX_BYTES, HEARTBEAT))
        early, self.early = self.early, []
        for message in early:
            self.handle(message, device)

    def handle(self, message: str | bytes, device: Device) -> None:
        if self.is_closed:
            return
        decoded = decode_message(message, device.key, now_us(), MAX_FIXES)
        if isinstance(decoded, Frame):
            self.take(decoded)
        elif isinstance(decoded, Result):
            self.sessions.answer(self, decoded)
        else:
            self.socket.send(encode_error("bad_frame", "the hello was said already"))

    def take(self, frame: Frame) -> None:
        self.unacked += 1
        if self.unacked > WINDOW:
            self.fail(WindowExceeded())
            return
        self.bad = self.bad + 1 if frame.whole else 0
        if not self.sessions.writer.offer(frame, self):
            self.sessions.press(self)  # until the writer has room: see `resume`

    def committed(self, frame: Frame, outcome: Outcome) -> None:
        """The writer's answer: everything in the frame is stored, known or quarantined, and will stay so."""
        self.unacked -= 1
        self.sessions.stored(self, frame.seq)
        if self.is_closed:
            return
        self.socket.send(encode_answer(frame, outcome))
        if self.bad >= BAD_IN_A_ROW:
            self.fail(BadFrame("ten frames in a row could not be read"))

    def resume(self) -> None:
        """The writer has room again."""
        self.sessions.release()

    def fail(self, error: TrackerError) -> None:
        """Say why, then close with the code of the error."""
        if self.is_closed:
            return
        self.is_closed = True
        self.socket.send(encode_error(word(error), str(error)))
        self.socket.close(close_code(error), str(error))

    def drained(self) -> None:
        """Acks are small and the window bounds them: nothing was held back."""

    def closed(self, code: int) -> None:
        self.is_closed = True
        self.early.clear()
        self.sessions.remove(self)


def expect_hello(message: str | bytes) -> Hello:
    decoded = decode_message(message, 0, now_us(), MAX_FIXES)
    if isinstance(decoded, Hello):
        return decoded
    said = decoded.whole.said if isinstance(decoded, Frame) and decoded.whole else "the first message is a hello"
    raise BadFrame(said)


def word(error: TrackerError) -> str:
    """The code of an error frame: the class in snake case, as the contract spells them."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__)[1:]
