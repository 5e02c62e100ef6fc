"""The parts that need no socket."""

import asyncio
import itertools

import hypercorn.protocol.h11
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tracker.websocket import Limits
from tracker.websocket.assembly import Assembly, Violation, read_close_code
from tracker.websocket.budget import Budget
from tracker.websocket.census import Census, group_address
from tracker.websocket.http1 import is_key, tidy
from tracker.websocket.probe import DoesNotFit, fit
from tracker.websocket.wheel import Wheel


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(some.text(), some.lists(some.integers(0, 10_000), max_size=8))
def test_text_cut_anywhere_is_the_same_text(text: str, places: list[int]) -> None:
    parts = cut(text.encode("utf-8", "surrogatepass"), places)
    message = Assembly(text=True, limit=10**6)
    *first, last = parts
    assert [message.add(part, last=False) for part in first] == [None] * len(first)
    assert message.add(last, last=True) == text


@given(some.binary(max_size=300), some.lists(some.integers(0, 300), max_size=8), some.integers(0, 300))
def test_no_cut_gets_past_the_limit(data: bytes, places: list[int], limit: int) -> None:
    message = Assembly(text=False, limit=limit)
    try:
        *_, found = [message.add(part, last=False) for part in cut(data, places)] + [message.add(b"", last=True)]
    except Violation as violation:
        assert violation.code == 1009
        assert len(data) > limit
    else:
        assert found == data
        assert len(data) <= limit


@given(some.binary(max_size=60))
def test_bytes_that_are_not_text_are_1007(data: bytes) -> None:
    try:
        wanted: str | None = data.decode()
    except UnicodeDecodeError:
        wanted = None
    try:
        assert Assembly(text=True, limit=100).add(data, last=True) == wanted
    except Violation as violation:
        assert violation.code == 1007
        assert wanted is None


@given(some.integers(0, 65_535))
def test_a_close_code_is_taken_exactly_if_it_may_be_sent(code: int) -> None:
    allowed = code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code <= 4999
    try:
        assert read_close_code(code.to_bytes(2, "big") + b"bye") == code
        assert allowed
    except Violation as violation:
        assert violation.code == 1002
        assert not allowed


def test_a_budget_is_spent_and_comes_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    budget = Budget(per_s=10, burst_s=3)
    assert [budget.take() for _ in range(31)] == [True] * 30 + [False], "the burst, from the beginning"
    assert budget.owed == 1
    now[0] += 1.0
    assert [budget.take() for _ in range(10)] == [True] * 9 + [False], "ten, less the one that was owed"
    now[0] += 60.0
    assert budget.owed == 0
    assert [budget.take() for _ in range(31)] == [True] * 30 + [False], "no more than the burst, however long it was"


def test_a_census_counts_hosts_and_forgets_them() -> None:
    census = Census(Limits(connections=3, connections_per_address=1, uncounted_addresses=("10.0.0.1",)))
    census.enter("2001:db8::1")
    assert census.refusal("2001:db8::2") == 429
    assert census.refusal("2001:db8:0:1::2") is None
    census.enter("10.0.0.1")
    assert census.refusal("10.0.0.1") is None
    census.enter("::ffff:10.0.0.2")
    assert census.refusal("10.0.0.2") == 503
    census.leave("2001:db8::1")
    assert census.refusal("2001:db8::2") is None
    assert group_address("::ffff:10.0.0.2") == "10.0.0.2"


class Watched:
    def __init__(self, wheel: Wheel, again: float | None) -> None:
        self.due = 0
        self.looks: list[float] = []
        self._wheel = wheel
        self._again = again

    def look(self) -> float | None:
        self.looks.append(self._wheel.now)
        return self._again


async def test_a_wheel_looks_when_asked_and_stops_when_nothing_is_watched() -> None:
    wheel = Wheel(tick_s=0.001)
    once, often, never = Watched(wheel, None), Watched(wheel, 0.005), Watched(wheel, None)
    wheel.watch(once, 0.003)
    wheel.watch(often, 0.3)  # more than one turn of the wheel
    wheel.watch(often, 0.2)
    wheel.watch(never, 0.01)
    wheel.forget(never)
    while len(often.looks) < 3:  # noqa: ASYNC110 - the wheel has no event for it
        await asyncio.sleep(0.01)
    wheel.forget(often)
    assert len(once.looks) == 1
    assert once.looks[0] == pytest.approx(0.003)
    assert often.looks[:3] == pytest.approx([0.2, 0.205, 0.21])
    assert not never.looks
    await asyncio.sleep(0.01)
    stopped = wheel.now
    await asyncio.sleep(0.01)
    assert wheel.now == stopped


def test_headers_hypercorn_trips_over_are_taken_away() -> None:
    good = [(b"host", b"x"), (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="), (b"sec-websocket-protocol", b"a")]
    bad = [(b"Sec-WebSocket-Extensions", b"x"), (b"sec-websocket-protocol", b"\xff"), (b"sec-websocket-key", b"x")]
    assert tidy(good + bad) == good
    assert not is_key(b"")


async def test_what_is_installed_fits() -> None:
    await fit()


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (hypercorn.protocol.h11, "WSStream"),
        (hypercorn.protocol.h11.H11Protocol, "_check_protocol"),
        (hypercorn.protocol.h11.H11Protocol, "_create_stream"),
        (hypercorn.protocol.ws_stream.WSStream, "_handle_events"),
    ],
)
async def test_an_upgrade_that_moved_something_fails_loudly(
    where: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(where, name)
    with pytest.raises(DoesNotFit):
        await fit()


async def test_a_picows_with_another_constructor_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.websocket.parser.WSProtocol", lambda one: None)
    with pytest.raises(DoesNotFit):
        await fit()
