"""One accepted connection while it speaks HTTP: bytes in and out of Hypercorn, then the hand-over.

It is the asyncio protocol, the reader and the writer in one. Streams would do, but their writer closes the connection
when it is collected (Python 3.12 and later), which is exactly when ours has moved on to picows.
"""

import asyncio
import ssl as tls
from contextlib import ExitStack, suppress
from typing import Any, Final

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.typing import ConnectionState

from .handed import HandedSocket
from .http1 import Http1
from .limits import Limits
from .parser import feed, take_over
from .plain_request import PlainRequest, encode_letters, read_request, write_answer
from .rest import Rest
from .shortcut import Give, read_handshake
from .site import Site, read_address
from .socket import Conversation
from .taken import Taking, count_acked

KEY: Final = "tracker.websocket"
"""Where a route finds its connection in scope["state"]."""

_HEAD_CHUNK: Final = 4 * 1024
_BODY_CHUNK: Final = 64 * 1024
_BODY_S: Final = 1.0
_SLICE: Final = 64 * 1024  # written at once: a transport keeps what is not yet sent, and beneath TLS a copy of it


class Wire(asyncio.Protocol):
    def __init__(self, site: Site, address: str, early: bytes | None = None) -> None:
        """`early`: what another process read of it, before it gave it to us; such a one stays."""
        self.room = site.room
        self.address = address
        self.due = 0
        self._site = site
        self._transport: Any = None
        self._was_given = early is not None
        self._buffer = bytearray(early or b"")  # bound: receive_buffer_bytes, then reading pauses
        self._waiter: asyncio.Future[None] | None = None  # of the reader
        self._drained: asyncio.Future[None] | None = None  # of the writer
        self._writing = asyncio.Lock()
        self._reading = True
        self._holding = False
        self._asking = False  # whether it may come in by the short way
        self._handed = False
        self._queued = False
        self._lost = False
        self._idle_since: float | None = self.room.wheel.now
        self._held_since = 0.0
        self._taking: Taking | None = None  # while we wait for the peer to take what was written
        self._requests = 0
        self._rest: Rest | None = None
        self._task: asyncio.Task[None] | None = None

    # -- the transport calls ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.set_write_buffer_limits(high=_SLICE)  # half a megabyte with TLS

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= self.room.limits.receive_buffer_bytes and self._reading:
            self._reading = False
            self._transport.pause_reading()
        _wake(self._waiter)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        _wake(self._waiter)
        self.resume_writing()
        if self._rest is not None:
            self._rest.begin()
            self._rest = None
        if self._asking:
            self.cancel()  # nobody waits for the answer any more

    def pause_writing(self) -> None:
        self._taking = Taking(self._transport, self.room.wheel.now)
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        _wake(self._drained)
        self._drained = self._taking = None

    # -- one connection's life ----------------------------------------------------------------------------------------

    async def run(self, sock: Any) -> None:
        """From accept to the end of HTTP: closed, or handed over."""
        room = self.room
        self._task = asyncio.current_task()
        room.wires.add(self)
        room.wheel.watch(self, room.limits.handshake_s)
        try:
            await self._connect(sock)
            await self._serve()
        except (OSError, tls.SSLError, TimeoutError):
            pass  # the peer left, or never managed TLS
        except Exception as error:  # what goes wrong in one connection must not end the server and all others with it
            room.log_failure(error)
        finally:
            room.wires.discard(self)
            room.wheel.forget(self)
            self._task = None
            if self._handed:
                # uvloop keeps a method of ours after the hand-over, and would keep all that we hold alive with it
                self._transport = None
            else:
                self.abort() if self._transport else sock.close()
                room.census.leave(self.address)

    async def _connect(self, sock: Any) -> None:
        context, limits = self._site.tls, self.room.limits
        timeouts = (
            {}
            if context is None
            else {"ssl_handshake_timeout": limits.handshake_s, "ssl_shutdown_timeout": limits.close_s}
        )
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: self, sock, ssl=context, **timeouts)

    async def _serve(self) -> None:
        await self._turn()
        # it was reset while it waited, and a closed socket cannot be asked for its addresses any more
        if self._lost or self._transport.is_closing() or await self._take_shortcut() or await self._answer_plain():
            return
        async with TaskGroup(asyncio.get_running_loop()) as tasks:
            http = self._protocol(tasks)
            await http.initiate()
            while data := await self._read():
                await http.handle(RawData(data))
            await http.handle(Closed())
        if not self._handed and not self._lost:
            self._leave()
            await self._flush()

    async def _turn(self) -> None:
        """Nothing of Hypercorn's is made before the first bytes are there and it is their turn."""
        await self._readable()
        self._queued = True  # from here on the peer waits for us and not we for it, so no deadline of its own runs
        await self.room.turnstile.through()
        self._queued = False
        self._idle_since = self.room.wheel.now

    async def _take_shortcut(self) -> bool:
        """Whether nothing is left to do for HTTP: the connection was handed over, or went meanwhile."""
        admit = self._site.admit
        if admit is None or (shown := read_handshake(bytes(self._buffer))) is None:
            return False
        self.hold(b"")
        self._idle_since = None
        self._asking = True
        admission = await admit(shown) if self.can_hand_over else None
        self._asking = False
        if self._lost or self._transport.is_closing():
            return True
        if admission is None or shown.protocol not in (None, *admission.limits.subprotocols):
            self._holding, self._idle_since = False, self.room.wheel.now
            return False
        if admission.give and self._give(admission.give):
            return True
        del self._buffer[: shown.size]
        self.hand_over(shown.key, admission.conversation, admission.limits, shown.protocol)
        return True

    def _give(self, give: Give) -> bool:
        """What TLS knows of a connection cannot be given. Ours is closed behind it, which the peer does not see."""
        socket = self._transport.get_extra_info("socket")
        is_free = not self._was_given and self._site.tls is None
        return is_free and give(socket.fileno(), self.address, bytes(self._buffer))

    async def _answer_plain(self) -> bool:
        """Whether nothing is left to do for HTTP: all requests were plain, and the connection is over."""
        while (asked := await self._read_plain()) is not None:
            self._idle_since = None
            answer = await self._site.take(asked, self.address) if self._site.take else None
            self._idle_since = self.room.wheel.now
            if answer is None:
                return self._lost
            self._requests += 1
            self._take(asked.size)
            is_last = asked.is_last or self._site.context.terminated.is_set()
            await self.send(RawData(write_answer(answer, is_last=is_last)))
            if is_last and not self._lost:
                self._leave()
                await self._flush()
            if self._lost or is_last:
                return True
            await self._turn()
        return self._lost or self._transport.is_closing()

    async def _read_plain(self) -> PlainRequest | None:
        """Many write a body in a piece of its own, behind the head: it is waited for, for a moment."""
        if self._site.take is None or (asked := read_request(bytes(self._buffer))) is None:
            return None
        if len(self._buffer) < asked.size:
            with suppress(TimeoutError):
                async with asyncio.timeout(_BODY_S):
                    while len(self._buffer) < asked.size and not self._lost:
                        self._waiter = asyncio.get_running_loop().create_future()
                        await self._waiter
            asked = read_request(bytes(self._buffer))
        return asked if asked is not None and len(self._buffer) >= asked.size else None

    def _protocol(self, tasks: TaskGroup) -> Http1 | H2Protocol:
        site, get = self._site, self._transport.get_extra_info
        secure = get("ssl_object")
        kind = H2Protocol if secure is not None and secure.selected_alpn_protocol() == "h2" else Http1
        client, server = read_address(get("peername")), read_address(get("sockname"))
        state = ConnectionState({**site.state, KEY: self})
        http = kind(site.app, site.config, site.context, tasks, state, secure is not None, client, server, self.send)
        if isinstance(http, Http1):
            http.limits, http.pipe = self.room.limits, self
        return http

    # -- Hypercorn reads and writes -----------------------------------------------------------------------------------

    async def _read(self) -> bytes:
        """Empty when the connection is over, or no longer ours."""
        await self._readable()
        if self._handed or self._lost:
            return b""
        return self._take(_BODY_CHUNK) if self._idle_since is None else encode_letters(self._take(_HEAD_CHUNK))

    async def _readable(self) -> None:
        while not self._handed and not self._lost and (self._holding or not self._buffer):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _take(self, most: int) -> bytes:
        data = bytes(self._buffer[:most])
        del self._buffer[:most]
        if not self._reading:
            self._reading = True
            self._transport.resume_reading()
        return data

    async def send(self, event: Event) -> None:
        """What Hypercorn calls with each thing it wants to send."""
        if self._handed or self._lost:
            return
        if isinstance(event, RawData):
            async with self._writing:
                await self._write(event.data)
        elif isinstance(event, Closed):
            self._leave()
        elif isinstance(event, Updated):
            self._requests += not event.idle
            self._idle_since = self.room.wheel.now if event.idle else None

    async def _write(self, data: bytes) -> None:
        for start in range(0, len(data), _SLICE):
            # Not for `write` to find out: uvloop's raises where asyncio's does nothing, and the peer's deadline can
            # have closed the connection while this waited its turn.
            if self._transport.is_closing():
                return
            self._transport.write(data if len(data) <= _SLICE else memoryview(data)[start : start + _SLICE])
            await self._flush()

    def _leave(self) -> None:
        """Close so that our last word can be read, whatever the peer still sends."""
        if not self._transport.is_closing():
            self._rest = self.room.rests.keep(self._transport)
            self._transport.close()

    async def _flush(self) -> None:
        if self._drained is not None and not self._lost:
            await self._drained

    # -- an upgrade ---------------------------------------------------------------------------------------------------

    def hold(self, early: bytes) -> None:
        """Nothing more is read until the upgrade is decided; bytes sent too early wait and are then frames."""
        self._holding = True
        self._held_since = self.room.wheel.now
        self._buffer[:0] = early

    def release(self) -> None:
        self._holding = False
        _wake(self._waiter)

    @property
    def can_hand_over(self) -> bool:
        if not self._site.hand_over or not self._holding or self._lost or self._transport.is_closing():
            return False
        # picows sets TCP options, which a unix socket does not have
        return bool(self._transport.get_extra_info("peername"))

    def hand_over(self, key: str, conversation: Conversation, limits: Limits, protocol: str | None = None) -> None:
        """From here on picows has the connection. Hypercorn is told that it closed, and forgets it."""
        socket = HandedSocket(conversation, limits, self.room, self.address)
        transport = self._transport
        transport.set_write_buffer_limits(high=1, low=0)  # anything buffered means that the peer does not keep up
        with ExitStack() as failed:
            failed.callback(self._give_up)
            take_over(transport, socket, limits, key, protocol)
            failed.pop_all()
        self._handed = True
        feed(transport.get_protocol(), bytes(self._buffer))
        self._buffer.clear()
        if not self._reading:
            transport.resume_reading()
        _wake(self._waiter)

    def _give_up(self) -> None:
        self.abort()
        self.connection_lost(None)  # said to ours directly, whichever protocol the transport would tell now

    # -- limits -------------------------------------------------------------------------------------------------------

    def look(self) -> float | None:
        now, limits = self.room.wheel.now, self.room.limits
        patience = limits.keep_alive_s if self._requests else limits.handshake_s
        if self._taking is not None and not self._taking.goes_on(now, limits):
            self.abort()
        elif self._idle_since is not None and not self._queued and now - self._idle_since >= patience:
            self.abort() if self._buffer or self._transport is None else self._transport.close()
        elif self._holding and now - self._held_since >= limits.answer_s:
            self.abort()
        return 1.0

    def count_taken(self) -> int:
        return count_acked(self._transport)

    def close_if_idle(self) -> None:
        if self._idle_since is not None and self._transport is not None:
            self._transport.close()

    def cancel(self) -> None:
        """For an application that does not end even though its connection is gone."""
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> None:
        if self._transport is not None:
            with suppress(AttributeError):  # in early 3.11 a TLS transport that is closed twice has no protocol left
                self._transport.abort()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
