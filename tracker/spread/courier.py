"""Courier: this process's connection to NATS. It carries letters to one process or to all, and may lose any of them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error

from tracker.logs import Seldom
from tracker.spread.words import NO_STRAND, Letter, Telling, decode_letter, decode_telling, encode, encode_telling

seldom = Seldom(structlog.get_logger())

AGAIN: Final = 0.2  # s between attempts to connect
PAUSES: Final[dict[str, Any]] = {"reconnect_time_wait": AGAIN}  # declared to be whole seconds, and slept as it is
CONNECT: Final = 2  # s that one may take
WAITING: Final = 32 << 20  # bytes that may wait to be sent; more are lost
PENDING: Final = 64 << 20  # bytes that may wait to be read; more are lost

Hear = Callable[[Letter], None]


class Courier:
    """`life`: by which this process is known to the others, until it ends. What is said to itself goes no further than
    this loop, in its next turn."""

    def __init__(self, url: str, prefix: str, life: str) -> None:
        self.url = url
        self.prefix = prefix
        self.life = life
        self.client = Client()
        self.hear: Hear = lambda _: None
        self.hear_telling: Callable[[Telling], None] = lambda _: None
        self.outgoing: list[tuple[str, bytes]] = []
        self.size = 0  # bytes of it; bound: WAITING
        self.wake = asyncio.Event()
        self.listens = True  # to what is told of positions
        self.listening: Subscription | None = None  # to that
        self.signature = b'"life":"%s"}' % life.encode()  # how ends what this process tells all, and hears, too

    async def run(self) -> None:
        """Until cancelled. The library connects again by itself; after some errors it closes instead, for good."""
        try:
            while True:
                await self.reach()
                while not self.client.is_closed:
                    await self.wake.wait()
                    self.wake.clear()
                    await self.heed()
                    await self.send()
        finally:
            await self.client.close()

    async def reach(self) -> None:
        """With a new client where the one there was has closed."""
        while not self.client.is_connected:
            if self.client.is_closed:
                self.client = Client()
            try:
                await self.connect()
            except (OSError, Error, TimeoutError) as error:
                seldom.warning("NATS cannot be reached", error=repr(error))
                with suppress(OSError, Error):
                    await self.client.close()
                self.client = Client()
                await asyncio.sleep(AGAIN)

    async def connect(self) -> None:
        await self.client.connect(
            self.url,
            name=self.life,
            connect_timeout=CONNECT,
            **PAUSES,
            max_reconnect_attempts=-1,
            ping_interval=5,
            error_cb=self.note_error,
        )
        own = self.life
        for subject, hear in (
            ("all", self.take),
            (f"to.{own}", self.take),
            ("events", self.take_telling),
            (f"told.{own}", self.take_telling),
        ):
            await self.client.subscribe(f"{self.prefix}.{subject}", cb=hear, pending_bytes_limit=PENDING)
        self.listening = None
        await self.heed()

    def listen(self, listens: bool) -> None:
        """Whether what is told of positions is to come from now on; before anything that is said later."""
        self.listens = listens
        self.wake.set()

    async def heed(self) -> None:
        """Again where the wish is another by the time it is done."""
        try:
            while self.listens != (self.listening is not None):
                if self.listening is None:
                    subject = f"{self.prefix}.told"
                    self.listening = await self.client.subscribe(
                        subject, cb=self.take_telling, pending_bytes_limit=PENDING
                    )
                else:
                    listening, self.listening = self.listening, None
                    await listening.unsubscribe()
        except (OSError, Error) as error:
            seldom.warning("NATS", error=repr(error))

    async def note_error(self, error: Exception) -> None:
        seldom.warning("NATS", error=repr(error))

    async def send(self) -> None:
        outgoing, self.outgoing, self.size = self.outgoing, [], 0
        for subject, data in outgoing:
            try:
                await self.client.publish(subject, data)
            except (OSError, Error) as error:
                seldom.warning("a message between processes was lost", error=repr(error))

    def post(self, subject: str, data: bytes) -> None:
        """Never blocks."""
        if self.size + len(data) > WAITING:
            seldom.warning("messages between processes were lost: too many wait")
            return
        self.size += len(data)
        self.outgoing.append((f"{self.prefix}.{subject}", data))
        self.wake.set()

    def tell(self, life: str, letter: Letter) -> None:
        if life == self.life:
            asyncio.get_running_loop().call_soon(self.hear, letter)
        else:
            self.post(f"to.{life}", encode(letter))

    def tell_all(self, letter: Letter) -> None:
        """This process hears it too, from NATS: so it knows that others do."""
        self.post("all", encode(letter))

    def publish(self, telling: Telling, life: str | None = None) -> None:
        """To all others that listen, or to the one that asked. Events are for all: there are few, and none is to be
        looked for in the table."""
        subject = "events" if telling.strand == NO_STRAND else "told"
        self.post(subject if life is None else f"{subject}.{life}", encode_telling(telling))

    async def take(self, message: Msg) -> None:
        try:
            self.hear(decode_letter(message.data))
        except msgspec.DecodeError as error:  # of another version, while an installation is brought up to date
            seldom.warning("a message between processes cannot be read", error=repr(error))

    async def take_telling(self, message: Msg) -> None:
        if message.data.endswith(self.signature):
            return  # our own, which was delivered at once
        try:
            self.hear_telling(decode_telling(message.data))
        except msgspec.DecodeError as error:
            seldom.warning("an update cannot be read", error=repr(error))
