"""The buffer's law: whatever the network does, nothing is lost but what was counted, and each lane keeps its order."""

import json
import struct
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.laws import examples
from tracker.client.buffer import Buffer, Frame
from tracker.client.messages import Welcome
from tracker.model.fix import Fix
from tracker.model.moment import parse


def fixes_of(frame: Frame) -> tuple[bool, list[int]]:
    """Lane and times of what really goes over the wire, read by other means than the ones that wrote it."""
    if not frame.binary:
        message = json.loads(frame.message)
        return message.get("lane") == "backlog", [parse(fix["at"]) for fix in message["fixes"]]
    _, flags, n, _, base = struct.unpack_from("<BBHIq", frame.message)
    return bool(flags & 1), [base + dt for dt in struct.unpack_from(f"<{n}i", frame.message, 16)]


class Weather(RuleBasedStateMachine):
    """A device under a network that connects, cuts, and answers in its own time; a server that keeps what it gets."""

    @initialize(
        capacity=st.integers(1, 30),
        window=st.integers(1, 4),
        most=st.integers(1, 7),
        binary=st.booleans(),
        lanes=st.booleans(),
    )
    def start(self, capacity: int, window: int, most: int, binary: bool, lanes: bool) -> None:
        self.buffer = Buffer(capacity, binary=binary, lanes=lanes)
        self.window, self.most, self.lanes = window, most, lanes
        self.put: list[int] = []
        self.stored: set[int] = set()  # times the server has committed
        self.committed: set[int] = set()  # seqs, acked or not
        self.frames: dict[int, bytes] = {}
        self.flying: list[Frame] = []
        self.connected = False
        self.sent_first: list[tuple[bool, list[int]]] = []  # in the order of their first sending

    @rule(n=st.integers(1, 9))
    def measure(self, n: int) -> None:
        for _ in range(n):
            at = 1_700_000_000_000 + 1000 * len(self.put)
            self.put.append(at)
            battery = 0.5 if len(self.put) % 5 == 0 else None  # these do not fit in columns
            self.buffer.put(Fix(at=at, lon_e7=74246000, lat_e7=437384000, speed=3.5, battery=battery))

    @precondition(lambda self: not self.connected)
    @rule(knows=st.booleans())
    def connect(self, knows: bool) -> None:
        acked = 0
        while knows and acked + 1 in self.committed:
            acked += 1
        self.buffer.connected(Welcome(acked, self.window, self.most, 2000, 20))
        self.connected, self.flying = True, []

    @precondition(lambda self: self.connected)
    @rule(survives=st.integers(0, 4))
    def cut(self, survives: int) -> None:
        """Some of what was on its way still arrives; its acks do not."""
        for frame in self.flying[:survives]:
            self._commit(frame)
        self.buffer.disconnected()
        assert self.buffer.next() is None
        self.connected = False

    @precondition(lambda self: self.connected)
    @rule()
    def send(self) -> None:
        while frame := self.buffer.next():
            self.flying.append(frame)
            assert len(self.flying) <= self.window
            lane, times = fixes_of(frame)
            assert 1 <= len(times) == frame.fixes <= self.most and len(frame.message) <= 2000
            if frame.seq in self.frames:
                assert self.frames[frame.seq] == frame.message, "sent again, but not the same"
            else:
                assert frame.seq == len(self.frames) + 1, "a hole in the numbers"
                self.frames[frame.seq] = frame.message
                self.sent_first.append((lane, times))

    @precondition(lambda self: self.connected and self.flying)
    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        frame = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        self._commit(frame)
        assert self.buffer.acked(frame.seq) is frame
        assert self.buffer.acked(frame.seq) is None

    def _commit(self, frame: Frame) -> None:
        self.committed.add(frame.seq)
        self.stored.update(fixes_of(frame)[1])

    @invariant()
    def nothing_lost_but_counted(self) -> None:
        sent = {at for _, times in self.sent_first for at in times}
        unsent = len(self.put) - len(sent) - self.buffer.dropped
        assert self.buffer.waiting == unsent

    @invariant()
    def nothing_twice_but_the_same_frame(self) -> None:
        times = Counter(at for _, times in self.sent_first for at in times)
        assert not times or max(times.values()) == 1

    @invariant()
    def each_lane_in_order(self) -> None:
        for lane in (False, True):
            times = [at for backlog, times in self.sent_first if backlog == lane for at in times]
            assert times == sorted(times)
        if not self.lanes:
            assert not any(backlog for backlog, _ in self.sent_first)

    def teardown(self) -> None:
        """The weather clears: everything that was not dropped reaches the server."""
        if not hasattr(self, "buffer"):
            return
        self.buffer.disconnected()
        self.connected = False
        self.connect(knows=True)
        while not self.buffer.empty:
            self.send()
            while self.flying:
                frame = self.flying.pop(0)
                self._commit(frame)
                self.buffer.acked(frame.seq)
            self.nothing_lost_but_counted()
        assert len(self.stored) == len(self.put) - self.buffer.dropped


Weather.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=30)
TestWeather = Weather.TestCase


@given(puts=st.lists(st.integers(1, 20), max_size=6), capacity=st.integers(1, 15))
def test_a_full_buffer_keeps_the_newest(puts: list[int], capacity: int) -> None:
    buffer, count = Buffer(capacity), 0
    for n in puts:
        for _ in range(n):
            buffer.put(Fix(at=count, lon_e7=0, lat_e7=0))
            count += 1
    buffer.connected(Welcome(0, 4, 500, 65536, 20))
    times = [at for frame in iter(buffer.next, None) for at in fixes_of(frame)[1]]
    assert sorted(times) == list(range(count - min(count, capacity), count))
    assert buffer.dropped == max(0, count - capacity)


def test_the_newest_goes_live_and_what_waited_goes_after_it() -> None:
    buffer = Buffer(100)
    for at in range(5):
        buffer.put(Fix(at=at, lon_e7=0, lat_e7=0))
    buffer.connected(Welcome(0, 4, 500, 65536, 20))
    frames = [fixes_of(frame) for frame in iter(buffer.next, None)]
    assert frames == [(False, [4]), (True, [0, 1, 2, 3])]


def test_a_fix_larger_than_any_frame_is_dropped_and_counted() -> None:
    buffer = Buffer(10)
    huge = json.dumps({"text": "x" * 3000}).encode()
    for at, attributes in enumerate([huge, None, huge]):
        buffer.put(Fix(at=at, lon_e7=0, lat_e7=0, attributes=attributes))
    buffer.connected(Welcome(0, 4, 500, 2000, 20))
    frames = [fixes_of(frame) for frame in iter(buffer.next, None)]
    assert (frames, buffer.dropped, buffer.waiting) == ([(True, [1])], 2, 0)


def test_an_ack_for_what_was_not_sent_again_yet_spares_the_sending() -> None:
    buffer = Buffer(10, lanes=False)
    buffer.put(Fix(at=1, lon_e7=0, lat_e7=0))
    buffer.put(Fix(at=2, lon_e7=0, lat_e7=0))
    buffer.connected(Welcome(0, 4, 1, 65536, 20))
    assert [frame.seq for frame in iter(buffer.next, None)] == [1, 2]
    buffer.disconnected()
    assert buffer.connected(Welcome(0, 1, 1, 65536, 20)) == 0
    first = buffer.next()
    assert first is not None and first.seq == 1 and buffer.next() is None
    assert buffer.acked(2) is not None and buffer.acked(1) is first
    assert buffer.next() is None and buffer.empty
