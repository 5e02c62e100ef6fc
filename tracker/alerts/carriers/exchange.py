"""Exchange: a connection to a receiver, one request and its answer at a time, with a bound on all that comes back.

The answer is a stranger's. Counting the bytes of its body is not enough: informational responses without end, and
chunks with long extensions, are parsed for seconds before the first byte of a body is there. So the bytes of the socket
are counted, and the loop is given up between pieces of them.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

import h11

from tracker.errors import ReceiverRefused

PIECE: Final = 4 * 1024  # bytes that are parsed before others get their turn: some ms at the very worst
LARGEST_ANSWER: Final = 64 * 1024  # bytes from the socket, of one answer with all that belongs to it
LARGEST_HEAD: Final = 16 * 1024  # bytes
MOST_INFORMED: Final = 8  # informational responses before the one that counts
MOST_PIECES: Final = 1_000  # of a body: each chunk costs as much to parse as a large one

BODILESS: Final = (204, 304)  # by HTTP; what some send with it all the same would be taken for the next answer

Headers = Sequence[tuple[bytes, bytes]]


class HttpReply(NamedTuple):
    status: int
    retry_after: str | None


class Incoming(asyncio.Protocol):
    """What came and was not read. The socket is not read further while anything is here."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.bytes = bytearray()
        self.is_over = False
        self.error: Exception | None = None
        self.changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses

    def data_received(self, data: bytes) -> None:
        self.bytes += data
        self.transport.pause_reading()
        self.changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_over, self.error = True, error
        self.changed.set()

    async def piece(self) -> bytes:
        """The next bytes, b"" at the end. Always gives the loop up once."""
        await asyncio.sleep(0)
        while not self.bytes and not self.is_over:
            self.transport.resume_reading()
            self.changed.clear()
            await self.changed.wait()
        if not self.bytes and self.error is not None:
            raise self.error
        found = bytes(self.bytes[:PIECE])
        del self.bytes[:PIECE]
        return found


class Exchange:
    """One connection. It may be used again where `is_clean`; `abort` it in the end."""

    def __init__(self, inbox: Incoming) -> None:
        self.inbox = inbox
        self.http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self.taken = 0  # bytes of this answer
        self.is_spoilt = False

    @property
    def is_clean(self) -> bool:
        """It can take another request: the answer ended where it said it would, and nothing came behind it."""
        is_done = self.http.our_state is h11.DONE and self.http.their_state is h11.DONE
        is_idle = self.http.our_state is h11.IDLE
        is_empty = not self.inbox.bytes and not self.http.trailing_data[0]
        return (is_done or is_idle) and is_empty and not self.inbox.is_over and not self.is_spoilt

    def abort(self) -> None:
        self.inbox.transport.abort()

    def rest(self) -> None:
        """Between two requests the socket is read, so that what should not come is seen."""
        if not self.inbox.is_over:
            self.inbox.transport.resume_reading()

    async def post(self, host: bytes, target: bytes, headers: Headers, body: bytes) -> HttpReply:
        """ReceiverRefused for an answer without an end, h11.ProtocolError for what is none, OSError where the
        connection breaks."""
        if self.http.our_state is h11.DONE:
            self.http.start_next_cycle()
        self.taken = 0
        length = b"%d" % len(body)
        request = h11.Request(
            method=b"POST", target=target, headers=[(b"host", host), *headers, (b"content-length", length)]
        )
        for part in (request, h11.Data(data=body), h11.EndOfMessage()):
            self.inbox.transport.write(self.http.send(part) or b"")
        response = await self._response()
        await self._read_body()
        self.is_spoilt = response.status_code in BODILESS and _announces_body(response)
        after = next((value for name, value in response.headers if name == b"retry-after"), None)
        return HttpReply(response.status_code, after.decode("latin-1") if after else None)

    async def _response(self) -> h11.Response:
        for _ in range(MOST_INFORMED + 1):
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise ConnectionResetError("the connection ended without an answer")
        raise ReceiverRefused(f"more than {MOST_INFORMED} informational responses")

    async def _read_body(self) -> None:
        """To its end, so that the connection can be kept; or to the limit, and then it is not."""
        for _ in range(MOST_PIECES):
            if self.taken > LARGEST_ANSWER:
                return
            event = await self._event(is_cut=True)
            if not isinstance(event, h11.Data):
                return

    async def _event(self, is_cut: bool = False) -> object:
        """The next thing they said; None where it `is_cut` at the limit instead of refused."""
        while (event := self.http.next_event()) is h11.NEED_DATA:
            if self.taken > LARGEST_ANSWER:
                if is_cut:
                    return None
                raise ReceiverRefused(f"an answer of more than {LARGEST_ANSWER} bytes")
            piece = await self.inbox.piece()
            self.taken += len(piece)
            self.http.receive_data(piece)
        return event


def _announces_body(response: h11.Response) -> bool:
    told = dict(response.headers)
    return told.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in told
