"""The history in slices that fit into memory: some devices side by side, a stretch of time each."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.store.history import copy_history, count_fixes

MOST: Final = 300_000  # fixes of a slice, some 150 bytes each while it is looked at; two are in memory
DEVICES: Final = 64  # side by side, to begin with
WIDEST: Final = 5_000
HOUR_MS: Final = 3_600_000


class Slice(msgspec.Struct, frozen=True):
    """All fixes of some devices in a stretch of time. `is_last`: of these devices; `done`: 0 to 1, with this one."""

    answer: list[bytes]  # for `to_history`
    fixes: int
    is_last: bool
    done: float


class Width(msgspec.Struct, frozen=True):
    """Of a slice: how many fixes at most, and how many devices side by side, to begin with."""

    fixes: int = MOST
    devices: int = DEVICES


WIDTH: Final = Width()


class Pace(msgspec.Struct):
    """How large the next slice is, as the last ones were: nobody knows how many fixes a stretch of time holds."""

    most: int
    ms: int
    devices: int

    def shorten(self) -> None:
        self.ms = max(1, self.ms // 2)

    def learn(self, fixes: int, span: int) -> None:
        if fixes > self.most // 8:
            return
        if self.ms < span:
            self.ms = min(span, self.ms * 2)
        else:
            self.devices = min(WIDEST, self.devices * 2)


async def read_slices(
    conn: asyncpg.Connection,
    devices: Sequence[int],
    since: int,
    until: int,
    *,
    veiled: Collection[int] = (),
    width: Width = WIDTH,
) -> AsyncIterator[Slice]:
    """Of these devices (keys), from `since` to before `until` (ms): for each the slices follow each other in time.
    Of the `veiled` ones without what was kept from others."""
    span = until - since
    pace = Pace(width.fixes, min(span, HOUR_MS), width.devices)
    first = 0
    while first < len(devices):
        group = devices[first : first + pace.devices]
        begin = since
        while begin < until:
            end = min(begin + pace.ms, until)
            answer = await copy_history(conn, group, begin, end, width.fixes + 1, veiled=veiled)
            fixes = count_fixes(answer)
            if fixes > width.fixes and pace.ms > 1:
                pace.shorten()
                continue
            yield Slice(answer, fixes, end == until, (first + len(group) * (end - since) / span) / len(devices))
            pace.learn(fixes, span)
            begin = end
        first += len(group)
