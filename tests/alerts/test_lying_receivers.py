"""Receivers that lie: what they send is bounded, counted as an attempt, and costs nobody else anything."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from tests.alerts.conftest import LOOPBACK, Receiver, happen, subscribe, until
from tests.patience import PATIENCE_S, soon
from tracker.alerts import dispatcher as dispatching
from tracker.alerts.carriers import exchange
from tracker.alerts.carriers import resolver as resolving_names
from tracker.alerts.carriers.dialer import DEADLINE, FAILURES, Dialer
from tracker.alerts.carriers.resolver import Resolver, literal
from tracker.alerts.dispatcher import Dispatcher
from tracker.errors import ReceiverRefused
from tracker.model.device import Device

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
WORST_TURN = 0.1  # s of CPU that one piece of an answer may take; without bounds it is 0.4 and more


@asynccontextmanager
async def lying(*answers: bytes, endless: bool = False) -> AsyncIterator[tuple[str, list[int]]]:
    """A receiver that gives these answers, one a request, the last for ever. Its URL; whose connection each was."""
    asked: list[int] = []
    talks: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks[asyncio.current_task()] = writer
        number = len(talks)
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(each[15:]) for each in head.lower().split(b"\r\n") if each[:15] == b"content-length:")
                await reader.readexactly(length)
                asked.append(number)
                answer = answers[min(len(asked), len(answers)) - 1]
                writer.write(answer)
                while endless:
                    writer.write(answer)
                    await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", asked
    finally:
        server.close()
        for writer in talks.values():
            writer.transport.abort()
        await asyncio.gather(*filter(None, talks), return_exceptions=True)


async def longest_turn(work: Awaitable[object]) -> float:
    """How long the loop did nothing else meanwhile, s of CPU: what other programs take of the machine is not its."""
    worst, last, task = 0.0, time.thread_time(), asyncio.ensure_future(work)
    while not task.done():
        await asyncio.sleep(0)
        worst, last = max(worst, time.thread_time() - last), time.thread_time()
    with suppress(*FAILURES):
        await task
    return worst


ENDLESS = {
    "informational": b"HTTP/1.1 100 \r\n\r\n" * 8000,
    "informational with headers": b"HTTP/1.1 103 x\r\nlink: </a>\r\n\r\n" * 4000,
    "chunk extensions": b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n" + b"1;a=b\r\nx\r\n" * 10_000,
    "one chunk extension": b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n1;" + b"a" * 100_000,
    "headers": b"HTTP/1.1 200 x\r\n" + b"a: b\r\n" * 10_000,
    "one header": b"HTTP/1.1 200 x\r\na: " + b"b" * 100_000,
    "trailers": b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 10_000,
    "a body": b"HTTP/1.1 200 x\r\ncontent-length: 99999999999\r\n\r\n" + b"x" * 100_000,
    "nothing but line ends": b"\r\n" * 50_000,
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_what_has_no_end_is_cut_by_its_bytes_and_holds_up_nobody(kind: str, dialer: Dialer) -> None:
    async with lying(ENDLESS[kind], endless=True) as (url, _):
        began = time.monotonic()
        assert await longest_turn(dialer.post(url, {}, b"{}")) < WORST_TURN
        assert time.monotonic() - began < DEADLINE, "by its bytes, not by the deadline"
        assert not dialer.kept


async def test_without_the_bounds_one_such_answer_holds_the_loop(
    dialer: Dialer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By times what it holds the loop with them, for how long that is depends on the machine."""
    async with lying(ENDLESS["informational"], endless=True) as (url, _):
        bounded = await longest_turn(dialer.post(url, {}, b"{}"))
        monkeypatch.setattr(exchange, "PIECE", 1 << 20)
        monkeypatch.setattr(exchange, "LARGEST_ANSWER", 1 << 20)
        monkeypatch.setattr(exchange, "MOST_INFORMED", 1 << 20)
        assert await longest_turn(dialer.post(url, {}, b"{}")) > 3 * bounded


async def test_a_few_informational_responses_are_none_of_our_business(dialer: Dialer) -> None:
    async with lying(b"HTTP/1.1 103 x\r\n\r\n" * 3 + b"HTTP/1.1 201 x\r\ncontent-length: 0\r\n\r\n") as (url, _):
        assert (await dialer.post(url, {}, b"{}")).status == 201


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 x\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 204 x\r\ncontent-length: 5\r\n\r\n",  # the rest may come at any time
        b"HTTP/1.1 204 x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 204 x\r\n\r\nhello",
        b"HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\nhello",
        b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.0 200 x\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    ],
)
async def test_a_connection_with_more_on_it_than_the_answer_is_not_used_again(dialer: Dialer, answer: bytes) -> None:
    async with lying(answer, b"HTTP/1.1 201 x\r\ncontent-length: 0\r\n\r\n") as (url, asked):
        first, second, third = [(await dialer.post(url, {}, b"{}")).status for _ in range(3)]
        assert (first // 100, second, third) == (2, 201, 201)
        assert asked == [1, 2, 2], "a good one is kept"


async def test_what_comes_between_two_requests_ends_the_connection(dialer: Dialer) -> None:
    async with lying(b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n") as (url, asked):
        await dialer.post(url, {}, b"{}")
        ((_, _, kept),) = dialer.kept
        kept.inbox.data_received(b"HTTP/1.1 500 x\r\n\r\n")
        assert (await dialer.post(url, {}, b"{}")).status == 200
        assert asked == [1, 2]


async def test_any_failure_of_a_carrier_is_an_attempt_that_counts(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that nobody thought of. Its message comes again by the schedule, and its neighbour is told."""
    broken = await subscribe(conn, receiver.url("/broken"), "broken")
    await subscribe(conn, receiver.url("/well"), "well")
    carrier = dispatcher.carriers.of(broken.channel)
    send = carrier.send

    async def fall(channel: object, message: object) -> object:
        if channel == broken.channel:
            raise ZeroDivisionError("nobody thought of this \x00 \udcff")
        return await send(channel, message)  # type: ignore[arg-type]

    monkeypatch.setattr(carrier, "send", fall)
    await happen(conn, van, [0])
    await receiver.wait_for(1, "/well")
    await until(lambda: conn.fetchval("select count(*) = 1 from attempt where error like 'ZeroDivisionError: nobody%'"))
    waits = "select extract(epoch from due - now()) from delivery d join subscription s on s.key = d.subscription"
    assert 3 < await conn.fetchval(f"{waits} where s.id = 'broken'") <= 6


async def test_a_note_that_cannot_be_written_ends_the_attempt_all_the_same(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    """Whatever the table does not take is left out of the second try to note it."""
    await conn.execute("alter table attempt add constraint narrow check (error is null or error not like '%404%')")
    await subscribe(conn, receiver.url("/?status=404"))
    await happen(conn, van, [0])
    noted = "select count(*) = 1 from attempt where error like 'what became of it could not be noted: Check%'"
    await until(lambda: conn.fetchval(noted))
    assert len(receiver.received()) == 1


async def test_what_can_never_be_noted_is_given_up_in_the_end(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await conn.execute("create function refuse() returns trigger language plpgsql as $$begin raise 'no'; end$$")
    await conn.execute("create trigger refusing before insert on attempt for each row execute function refuse()")
    monkeypatch.setattr(dispatching, "LEASE", 0.0)
    monkeypatch.setattr(dispatching, "TEND", 0.1)
    monkeypatch.setattr(dispatching, "SCHEDULE", (0,))
    await subscribe(conn, receiver.url())
    await happen(conn, van, [0])
    await until(lambda: conn.fetchval("select state = 'dead' and reason like 'tried often%' from delivery"))
    assert len(receiver.received()) <= 8


async def test_dead_receivers_by_the_hundred_delay_nobody_who_answers(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    """More of them than there are places of any kind but for those that answer."""
    silent = socket.create_server(("127.0.0.1", 0), backlog=1000)  # nobody ever accepts
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    await subscribe(conn, receiver.url(), "well")
    for number in range(150):
        await subscribe(conn, f"{url}/{number}", f"dead-{number}")
    await happen(conn, van, [0, 1])
    await receiver.wait_for(2)
    await until(lambda: dispatcher.under_way["new"] == 150)
    began = time.monotonic()
    await happen(conn, van, [2])
    await receiver.wait_for(3)
    assert time.monotonic() - began < soon(5.0), "nobody waits for those who never answer"
    silent.close()


class SilentServer(asyncio.DatagramProtocol):
    """A name server that knows `well.example`, and keeps silent about all that begin with `hang`."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.is_closed = asyncio.Event()
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.is_closed.set()

    def datagram_received(self, data: bytes, address: object) -> None:
        question = data[12 : data.index(b"\0", 12) + 5]
        self.asked.append(question)
        if question[1:].startswith(b"hang"):
            return
        has_answer = question[1:5] == b"well" and question[-4:-2] == b"\0\1"
        head = data[:2] + b"\x81\x80\0\1" + (b"\0\1" if has_answer else b"\0\0") + b"\0\0\0\0"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if has_answer else b""
        self.transport.sendto(head + question + answer, address)  # type: ignore[arg-type]


@asynccontextmanager
async def resolving() -> AsyncIterator[tuple[Resolver, SilentServer]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        SilentServer, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    resolver = Resolver(nameservers=["127.0.0.1"], udp_port=port, tcp_port=port)
    try:
        yield resolver, server
    finally:  # also where a test fails: what is still asked would answer into the loop of another
        await resolver.close()
        transport.close()
        await server.is_closed.wait()


async def test_names_that_hang_hold_up_no_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving_names, "DEADLINE", PATIENCE_S)
    monkeypatch.setattr(resolving_names, "TRIES", 20)  # by their time they are asked for as long as the test waits
    async with resolving() as (resolver, _):
        hanging = [asyncio.create_task(resolver.addresses(f"hang{n}.example", 80)) for n in range(300)]
        await asyncio.sleep(0)
        assert await resolver.addresses("well.example", 80) == ["127.0.0.1"]
        assert not any(each.done() for each in hanging), "before the first that hangs is given up"
    async with asyncio.timeout(PATIENCE_S):  # who closes it leaves nobody waiting
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_names_that_hang_are_given_up_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving_names, "SILENT", PATIENCE_S)
    async with resolving() as (resolver, server):
        began = time.monotonic()
        hanging = [asyncio.create_task(resolver.addresses(f"hang{n}.example", 80)) for n in range(300)]
        twice = asyncio.create_task(resolver.addresses("hang0.example", 80))
        results = await asyncio.gather(*hanging, twice, return_exceptions=True)
        assert all(isinstance(each, TimeoutError) for each in results)
        assert time.monotonic() - began < PATIENCE_S, "not one after the other"
        before = len(server.asked)
        with pytest.raises(TimeoutError):
            await resolver.addresses("HANG7.example.", 80)
        assert len(server.asked) == before, "it is not asked for again at once"
        with pytest.raises(OSError, match="nothing"):
            await resolver.addresses("nothing.example", 80)


async def test_a_message_to_a_name_that_hangs_fails_and_others_arrive(receiver: Receiver) -> None:
    async with resolving() as (resolver, _):
        dialer = Dialer(LOOPBACK, resolver.addresses)
        hanging = [asyncio.create_task(dialer.post(f"http://hang{n}.example/", {}, b"{}")) for n in range(30)]
        assert (await dialer.post(receiver.url("/", "well.example"), {}, b"{}")).status == 204
        for each in await asyncio.gather(*hanging, return_exceptions=True):
            assert isinstance(each, ReceiverRefused) and "in time" in str(each)
        await dialer.close()


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "0x7f000001", "1.2.3.4.5", "x.0x1", "10"])
def test_what_ends_in_a_number_is_an_address_or_nothing(host: str) -> None:
    with pytest.raises(OSError, match="no address"):
        literal(host)
    assert literal("127.0.0.1") == "127.0.0.1" and literal("::1") == "::1" and literal("a1.example") is None
