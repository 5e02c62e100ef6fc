"""Remark: one sentence about what a client does; and the report of all of them."""

from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec

SHOWN: Final = 3  # times that one kind is told at once; after that it is only counted
WRONG, LOST, HINT = "wrong", "lost", "hint"  # the server refuses or closes; a value is dropped; maybe all is well


class Remark(msgspec.Struct, frozen=True):
    """`kind` is the same for all findings of one cause. `weight`: WRONG, LOST or HINT."""

    kind: str
    said: str
    weight: str = WRONG


class Remarks:
    """Tells each finding as it is made, and all of them in short at the end."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self.counts: Counter[str] = Counter()
        self.first: dict[str, Remark] = {}  # by kind
        self.messages = self.fixes = self.connections = 0

    def add(self, finding: Remark, where: str = "") -> None:
        self.counts[finding.kind] += 1
        self.first.setdefault(finding.kind, finding)
        count = self.counts[finding.kind]
        if count <= SHOWN and not (finding.weight == HINT and count > 1):
            more = "; more of the same are only counted" if count == SHOWN else ""
            self.tell(f"{finding.weight}: {where and where + ': '}{finding.said}{more}")

    @property
    def is_wrong(self) -> bool:
        return any(finding.weight == WRONG for finding in self.first.values())

    def sum_up(self) -> str:
        head = f"{self.messages} messages with {self.fixes} fixes on {self.connections} connections"
        if not self.first:
            return f"{head}: nothing is wrong."
        order = {WRONG: 0, LOST: 1, HINT: 2}
        found = sorted(self.first.values(), key=lambda each: order[each.weight])
        lines = [f"  {each.weight}, {self.counts[each.kind]} times: {each.said}" for each in found]
        return "\n".join([f"{head}:" if self.is_wrong else f"{head}; nothing that the server refuses:", *lines])
