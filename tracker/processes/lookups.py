"""Look-ups: names that strangers choose are looked up by the carriers alone. The server asks them, over the pair of
sockets between the two: it has no resolver, so no DNS server can cost it more than an answer that does not come."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

import msgspec

from tracker.alerts.carriers.resolver import DEADLINE, Resolve, literal
from tracker.processes.sibling import QUESTION

PATIENCE: Final = DEADLINE + 2.0  # s; a question or an answer may be lost, and the carriers may be starting
MOST: Final = 256  # questions that wait; further ones are refused, to be tried again

Tell = Callable[[bytes], None]


class NameQuestion(msgspec.Struct, frozen=True, array_like=True):
    number: int
    host: str
    port: int


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """No addresses: the name has none; or nobody answered in time, and it `hangs`."""

    number: int
    addresses: list[str]
    hangs: bool


_question: Final = msgspec.msgpack.Decoder(NameQuestion)
_answer: Final = msgspec.msgpack.Decoder(Answer)
_encode: Final = msgspec.msgpack.Encoder().encode


class Asker:
    """The server's end."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.numbers = count(1)
        self.waiting: dict[int, asyncio.Future[Answer]] = {}

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """As Resolver.addresses. What is an address already is asked of nobody."""
        if (address := literal(host)) is not None:
            return [address]
        if len(self.waiting) >= MOST:
            raise OSError("too many names are being looked up")
        number = next(self.numbers)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.waiting[number] = waiting
        self.tell(QUESTION + _encode(NameQuestion(number, host, port)))
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await waiting
        finally:
            del self.waiting[number]
        if answer.hangs:
            raise TimeoutError(f"{host} could not be looked up in time")
        if not answer.addresses:
            raise OSError(f"{host} has no address")
        return answer.addresses

    def hear(self, message: bytes) -> None:
        """An answer; one that came too late is nobody's."""
        answer = _answer.decode(message[len(QUESTION) :])
        waiting = self.waiting.get(answer.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


class Answerer:
    """The carriers' end."""

    def __init__(self, resolve: Resolve, tell: Tell, tasks: asyncio.TaskGroup) -> None:
        self.resolve = resolve
        self.tell = tell
        self.tasks = tasks

    def hear(self, message: bytes) -> None:
        """A question. The server never has more than MOST under way."""
        question = _question.decode(message[len(QUESTION) :])
        self.tasks.create_task(self.answer(question), name=f"look-up of {question.host[:100]}")

    async def answer(self, question: NameQuestion) -> None:
        found, hangs = list[str](), False
        try:
            found = list(await self.resolve(question.host, question.port))
        except TimeoutError:
            hangs = True
        except (OSError, UnicodeError):
            pass  # a name without an address
        self.tell(QUESTION + _encode(Answer(question.number, found, hangs)))
