"""DeviceClient: one device on the device stream, with its offline buffer, through every kind of weather."""

import asyncio
import random
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import msgspec
from picows import WSError, WSHandshakeError, ws_connect

from tracker.client import messages
from tracker.client.backoff import Ending, choose_wait, read_status
from tracker.client.buffer import Buffer
from tracker.client.link import Link
from tracker.client.tally import Tally
from tracker.errors import TrackerError
from tracker.model.fix import Fix
from tracker.model.moment import format_ms, now_ms

CONNECT_S = 15.0
REMEMBERED = 64  # answers kept, so that a command sent again is answered again but obeyed once

Obey = Callable[[messages.Command], str | None]  # the detail of the result; raises Disobeyed

Dial = Callable[[], Awaitable[socket.socket | None]]  # a connected socket; OSError where there can be none

Reply = Callable[[messages.Command], str | None]  # what the person holding it says to that, if anything


class Disobeyed(TrackerError):
    """This device cannot do that."""


class TurnedAway(TrackerError):
    """The server does not want this device back."""


def ignore_commands(command: messages.Command) -> str | None:
    raise Disobeyed(f"{command.name} is not known here")


def keep_silent(command: messages.Command) -> str | None:
    return None


@dataclass
class DeviceClient:
    """`put` fixes whenever; `run` sees them through until it is cancelled or the server refuses the device for good."""

    url: str  # ws:// or wss://, with the path
    device: str
    token: str
    buffer: Buffer
    tally: Tally = field(default_factory=Tally)
    binary: bool = False
    obey: Obey = ignore_commands
    reply: Reply = keep_silent
    tls: ssl.SSLContext | None = None
    dial: Dial | None = None  # None: by the system's own look-up of the name in `url`
    headers: Mapping[str, str] = field(default_factory=dict)  # of the handshake, beside the token
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))  # shared: handshakes at a time
    rng: random.Random = field(default_factory=random.Random)  # for the jitter

    refused: "TurnedAway | None" = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.boot = secrets.token_hex(4)
        self._link: Link | None = None
        self._answers: dict[str, messages.Result] = {}
        self._acks = 0
        self._dropped = 0  # of the buffer's, those in the tally
        self._moved = asyncio.Event()  # the buffer gave something away, or took something
        self._reachable = asyncio.Event()
        self._reachable.set()

    # -- what the owner of the device calls

    def put(self, *fixes: Fix) -> None:
        for fix in fixes:
            self.buffer.put(fix)
        self.tally.put += len(fixes)
        self.flush()

    async def until(self, waiting: int) -> None:
        """Wait until at most so many fixes wait to be sent. Raises TurnedAway if that can never be."""
        while self.buffer.waiting > waiting:
            await self._next_move()

    async def until_empty(self) -> None:
        """Wait until everything put so far is answered. Raises TurnedAway if that can never be."""
        while not self.buffer.empty:
            await self._next_move()

    async def until_refused(self) -> NoReturn:
        """Raises TurnedAway when the server wants this device no more."""
        while True:
            await self._next_move()

    def go_offline(self) -> None:
        """Drive into a tunnel: the connection is gone without a word, and none succeeds until `go_online`."""
        self._reachable.clear()
        if self._link:
            self._link.abort()

    def go_online(self) -> None:
        self._reachable.set()

    @property
    def offline(self) -> bool:
        return not self._reachable.is_set()

    async def run(self) -> None:
        failures = 0
        while self.refused is None:
            await self._reachable.wait()
            acks = self._acks
            ending = await self._converse()
            self.tally.lost[ending.code] += 1
            self.tally.trouble = f"{self.device}: {ending}"
            if ending.final:
                self._refuse(ending)
                return
            # Only an ack makes it a good connection: one that is welcomed and then cut, again and again, backs off.
            failures = 0 if self._acks > acks else failures + 1
            await asyncio.sleep(choose_wait(ending, failures, self.rng))

    # -- one connection

    async def _converse(self) -> Ending:
        link = Link(messages.Hello(self.device, self.boot, self.binary), self._received)
        try:
            await self._connect(link)
            return await link.ended
        except WSHandshakeError as refusal:
            if refusal.response is None:
                return Ending(1006, str(refusal))
            return read_status(int(refusal.response.status), refusal.response.headers.get("Retry-After"))
        except (OSError, TimeoutError, WSError) as error:
            return Ending(1006, str(error))
        finally:
            link.close()
            self._down()

    async def _connect(self, link: Link) -> None:
        headers = {"Authorization": f"Bearer {self.token}", **self.headers}
        dial = self.dial
        async with self.gate, asyncio.timeout(CONNECT_S):
            await ws_connect(
                lambda: link,
                self.url,
                ssl_context=self.tls,
                extra_headers=headers,
                enable_auto_pong=False,  # Link answers pings, for it wants to know that one came
                max_frame_size=1 << 20,
                max_redirects=0,
                websocket_handshake_timeout=CONNECT_S,
                read_buffer_init_size=2048,
                socket_factory=None if dial is None else lambda _: dial(),
            )
        if not link.was_opened:  # picows returns here, too, and says nothing of it
            raise ConnectionResetError("the connection was lost in the handshake")

    def _refuse(self, ending: Ending) -> None:
        self.refused = TurnedAway(f"{self.device}: {ending}")
        self._moved.set()

    def _down(self) -> None:
        if self._link is not None:
            self.tally.connected -= 1
        self._link = None
        self.buffer.disconnected()

    # -- what the server says

    def _received(self, link: Link, message: messages.FromServer) -> None:
        match message:
            case messages.Welcome():
                self._welcomed(link, message)
            case messages.Ack():
                self._acked(message)
            case messages.Command():
                link.send_text(msgspec.json.encode(self._answer(message)))
                self._reply(link, message)
            case messages.Error(seq=int(seq)):
                if frame := self.buffer.acked(seq):
                    self.tally.refused += frame.fixes
            case messages.GoingAway() | messages.Error():
                return
        self.flush()

    def _welcomed(self, link: Link, welcome: messages.Welcome) -> None:
        self._link = link
        self.tally.connected += 1
        self.tally.known += self.buffer.connected(welcome)

    def _acked(self, ack: messages.Ack) -> None:
        if self.buffer.acked(ack.seq):
            self._acks += 1
            self.tally.trouble = ""
            self.tally.stored += ack.stored
            self.tally.duplicate += ack.duplicate
            self.tally.quarantined.update(refusal.reason for refusal in ack.quarantined)

    def _answer(self, command: messages.Command) -> messages.Result:
        if command.id not in self._answers:
            try:
                self._answers[command.id] = messages.Result(command.id, True, self.obey(command))
                self.tally.commands[command.name] += 1
            except Disobeyed as why:
                self._answers[command.id] = messages.Result(command.id, False, str(why))
            if len(self._answers) > REMEMBERED:
                del self._answers[next(iter(self._answers))]
        return self._answers[command.id]

    def _reply(self, link: Link, command: messages.Command) -> None:
        """The driver reads the message and says so; sent again, it is the same answer by the same id."""
        reply = self.reply(command)
        if reply is not None and self._answers[command.id].ok:
            link.send_text(msgspec.json.encode(messages.Read(command.id)))
            link.send_text(
                msgspec.json.encode(messages.DriverMessage(f"re-{command.id}"[:64], format_ms(now_ms()), reply))
            )

    # -- what goes out

    def flush(self) -> None:
        """Send what the window allows."""
        while self._link is not None and self._link.writable and (frame := self.buffer.next()):
            self.tally.sent += frame.fixes
            self._link.send(frame)
        self.tally.dropped += self.buffer.dropped - self._dropped
        self._dropped = self.buffer.dropped
        self._moved.set()

    async def _next_move(self) -> None:
        if self.refused is not None:
            raise self.refused
        self._moved.clear()
        await self._moved.wait()
