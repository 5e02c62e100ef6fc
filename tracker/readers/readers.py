"""Readers: files and drawings of strangers are read in processes of their own, a few at a time."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import structlog

from tracker import errors
from tracker.errors import Invalid, ReaderDied, TooMany, TrackerError
from tracker.geofence.reading.collection import Collection, Defaults, Draft, make_draft
from tracker.geofence.reading.geojson import decode as decode_feature
from tracker.readers.body import Body
from tracker.readers.limits import MB, Allowance
from tracker.readers.process import LAST_WORDS, start
from tracker.readers.reader import TOO_MUCH
from tracker.readers.task import (
    LENGTH,
    Drafts,
    Format,
    ManyFeatures,
    OneFeature,
    Rejection,
    Remainder,
    Task,
    Word,
    decode,
)

MOST: Final = 2  # at once, beside the dry runs; more wait, and after that: 429
WAIT: Final = 10.0  # s for a place
ONE: Final = Allowance(512 * MB, 20)
MANY: Final = Allowance(1536 * MB, 120)
PATIENCE: Final = 300.0  # s by the clock: on a machine that is busy, who is last in line may never end
SMALL: Final = 64 * 1024  # bytes; and positions, up to which a thread will do: a process takes half a second to start
FEW: Final = 1_000
BY_ITSELF: Final = {signal.SIGXCPU, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS}  # it would end so again

logger = structlog.get_logger()


class Readers:
    """At most MOST processes at once."""

    def __init__(self, *, one: Allowance = ONE, many: Allowance = MANY, wait: float = WAIT) -> None:
        self._places: Final = asyncio.Semaphore(MOST)
        self._one: Final = one
        self._many: Final = many
        self._wait: Final = wait

    async def read_feature(self, body: bytes, id: str | None = None) -> Draft:
        """Of one GeoJSON Feature. Raises as geofence.reading.feature.parse does, and as `_converse` does."""
        if len(body) <= SMALL and body.count(b"[") <= FEW:
            draft = await asyncio.to_thread(_read_quickly, body, id)
            if draft is not None:
                return draft
        with Body(body) as given:
            async with self._take_place(), self._converse(OneFeature(id), self._one, given) as words:
                async for word in words:
                    assert isinstance(word, Drafts)
                    return word.drafts[0]
        raise ReaderDied

    async def read_collection(self, body: Body, format: Format, defaults: Defaults) -> Collection:
        """Of a file. Raises as the functions that read it do, and as `_converse` does."""
        drafts = list[Draft]()
        async with self._take_place(), self._converse(ManyFeatures(format, defaults), self._many, body) as words:
            async for word in words:
                match word:
                    case Drafts(more):
                        drafts += more
                    case Remainder(collection):
                        return msgspec.structs.replace(collection, drafts=drafts)
        raise ReaderDied

    @asynccontextmanager
    async def _take_place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._wait):
                await self._places.acquire()
        except TimeoutError:
            raise TooMany(f"{MOST} other files are being read", retry_after=5.0) from None
        try:
            yield
        finally:
            self._places.release()

    @asynccontextmanager
    async def _converse(
        self, task: Task, limits: Allowance, body: Body
    ) -> AsyncIterator[AsyncIterator[Drafts | Remainder]]:
        """What it answers. Raises what it refuses by; Invalid where it would have taken more than is granted;
        ReaderDied where it ended otherwise."""
        try:
            async with (
                asyncio.timeout(PATIENCE),
                start("tracker.readers.reader", limits, body.ask(msgspec.json.encode(task))) as process,
            ):
                yield _read_answer(process, limits)
        except TimeoutError:
            raise ReaderDied("the machine was too busy to read this; try again") from None


def _read_quickly(body: bytes, id: str | None) -> Draft | None:
    """None where a geometry may have to be mended, which nobody knows the cost of."""
    feature = decode_feature(body)
    return None if feature.properties.get("repair") else make_draft(feature, id)


async def _read_answer(process: Process, limits: Allowance) -> AsyncIterator[Drafts | Remainder]:
    assert process.stdout is not None
    try:
        while True:
            length = int.from_bytes(await process.stdout.readexactly(LENGTH))
            word: Word = decode(await process.stdout.readexactly(length))
            if isinstance(word, Rejection):
                raise _make_error(word)
            yield word
    except asyncio.IncompleteReadError:
        raise await _explain_end(process, limits) from None


def _make_error(refusal: Rejection) -> TrackerError:
    kind = getattr(errors, refusal.kind)
    error: TrackerError = kind(refusal.message, field=refusal.field)
    return error


async def _explain_end(process: Process, limits: Allowance) -> TrackerError:
    assert process.stderr is not None
    words = await process.stderr.read(LAST_WORDS)
    code = await process.wait()
    logger.error("a reader ended", code=code, words=words.decode(errors="replace"))
    if -code == signal.SIGXCPU:
        return Invalid(f"takes more than {limits.seconds} s to read; simplify it or send it in parts")
    if -code in BY_ITSELF or b"MemoryError" in words:  # not enough was left to say so in order
        return Invalid(TOO_MUCH)
    return ReaderDied()
