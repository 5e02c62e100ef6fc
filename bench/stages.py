"""What a fix costs by stage, in one process without sockets and without a database: `python -m bench.stages [ROUNDS]`.

The devices of bench/walk.py among the geofences of the whole benchmark; the floor's own reading and rows of the same
messages beside them, so that every figure has a ratio to what was measured in the same second.
"""

import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from bench.fences import fences
from bench.floor import DECODE
from bench.floor import column as floor_column
from bench.floor import columns as floor_columns
from bench.floor import texts as floor_texts
from bench.ground import feature_of
from bench.walk import SOURCES
from tracker.geofence.fences import Fences, make_fences
from tracker.geofence.reading.feature import parse
from tracker.ingest.frames import decode_message
from tracker.ingest.memory import Devices, States
from tracker.model.frame import Frame
from tracker.model.moment import now_ms
from tracker.pipeline.fold import Grounds, StoredFixes, find_ambiguous, fold
from tracker.pipeline.lineup import ask
from tracker.store.fix_rows import copy_payload

DEVICES = 1_000
GEOFENCES = 1_000
BATCHES = {1: 20, 50: 2_000}  # fixes in a batch, by those in a frame: as a paced server has them
HEAD = {1: 6, 50: 8}  # bytes of a masked frame before its payload


class Offered(NamedTuple):
    device: int
    message: str | bytes


def walk(fixes: int, binary: bool, count: int) -> Iterator[Offered]:
    """So many messages, the devices in turn; the last ends now."""
    sources = [SOURCES[fixes, binary](number) for number in range(DEVICES)]
    turns, spacing = -(-count // DEVICES), 60_000 if fixes > 1 else 250
    for number in range(count):
        turn, device = divmod(number, DEVICES)
        at = now_ms() // 60_000 * 60_000 - (turns - turn) * spacing
        frame = sources[device].frame(turn, at)
        payload = frame[8:] if frame[1] & 0x7F == 126 else frame[6:]
        yield Offered(device + 1, payload if binary else payload.decode())


class Rehearsal:
    """The memory of a server, folded into batch by batch."""

    def __init__(self, known: Fences) -> None:
        self.fences, self.states, self.devices, self.stamp = known, States(), Devices(), 0
        self.spent: Counter[str] = Counter()
        self.fixes = self.told = 0

    def take(self, batch: Sequence[Offered]) -> None:
        now = now_ms() * 1000
        frames = self.timed("reading", lambda: [decode_message(each.message, each.device, now, 500) for each in batch])
        folded = self.timed("folding", lambda: self.fold(frames))
        self.timed("rows", lambda: copy_payload(folded.stored))
        self.fixes += sum(outcome.stored for outcome in folded.outcomes)
        self.told += len(folded.transitions)
        self.stamp = folded.stamp
        self.states.update(folded.states)

    def fold(self, frames: Sequence[Frame]) -> Any:
        assert not find_ambiguous(frames, self.states)
        begin = time.process_time_ns()
        asked = ask(frames, self.states, self.fences)
        spent = time.process_time_ns() - begin
        self.spent["asking"] += spent
        self.spent["folding"] -= spent
        return fold(frames, self.states, StoredFixes(), Grounds(self.devices, self.fences, asked), self.stamp)

    def timed(self, stage: str, work: Any) -> Any:
        begin = time.process_time_ns()
        found = work()
        self.spent[stage] += time.process_time_ns() - begin
        return found


class Who:
    """Of the floor, as it knows a device."""

    key = 1


def floor(messages: Sequence[Offered]) -> float:
    """ns of CPU for the floor's own reading and rows."""
    who: Any = Who()
    begin = time.process_time_ns()
    for _, message in messages:
        if isinstance(message, str):
            floor_texts(who, DECODE(message), 1)
        else:
            (floor_column if len(message) < 50 else floor_columns)(who, message, 1)
    return time.process_time_ns() - begin


def measure(known: Fences, fixes: int, binary: bool) -> dict[str, float]:
    """us a fix by stage, after the first third, in which anchors and caches are made."""
    messages = [*walk(fixes, binary, 40_000 if fixes == 1 else 3_000)]
    size, third = BATCHES[fixes] // fixes, len(messages) // 3
    rehearsal = Rehearsal(known)
    for begin in range(0, len(messages), size):
        if begin >= third and begin - size < third:
            rehearsal.spent.clear()
            rehearsal.fixes = rehearsal.told = 0
        rehearsal.take(messages[begin : begin + size])
    least = floor(messages) / (len(messages) * fixes) / 1000
    found = {stage: spent / rehearsal.fixes / 1000 for stage, spent in rehearsal.spent.items()}
    return {**found, "told": rehearsal.told / rehearsal.fixes, "sum": sum(found.values()), "floor": least}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    drawn = fences(GEOFENCES, 1)
    known = make_fences(
        {each.key + 1: parse(feature_of(each.id, each.shape), id=each.id, key=each.key + 1) for each in drawn}
    )
    print("| | reading | asking | folding | rows | together | the floor's | ratio | a fix in so many tells |")
    print("|---|---|---|---|---|---|---|---|---|")
    for fixes, binary in SOURCES:
        found = [measure(known, fixes, binary) for _ in range(rounds)]
        us = {stage: statistics.median(each[stage] for each in found) for stage in found[0]}
        ratio = statistics.median(each["sum"] / each["floor"] for each in found)
        print(
            f"| {fixes} a frame, {'binary' if binary else 'JSON'} | {us['reading']:.2f} | {us['asking']:.2f}"
            f" | {us['folding']:.2f} | {us['rows']:.2f} | {us['sum']:.2f} | {us['floor']:.2f} | {ratio:.2f}"
            f" | {1 / us['told'] if us['told'] else 0:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
