"""Outlet: one way to bring stored fixes to another server."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from tracker.model.fix import Fix, Row

VIA: Final = "via"  # of a fix: through which servers it came, the first first
HEADER: Final = "X-Tracker-Via"
MOST_HOPS: Final = 8
MOST_ATTRIBUTES: Final = 32
LONGEST_VIA: Final = 200  # characters
LONGEST: Final = 1_900  # bytes of attributes, so that there is room for where they have been


class Sent(msgspec.Struct, frozen=True):
    """`count` rows, from the first, are there. `error`: why the next is not, None where only the time is over;
    `retry_after` (s): as the other wished."""

    count: int
    error: str | None = None
    retry_after: float | None = None


class Outlet(Protocol):
    async def send(self, rows: Sequence[Row]) -> Sent:
        """In their order, within half a minute. A failure is a value, not an exception."""

    def close(self) -> None: ...


def read_via(fix: Fix) -> list[str]:
    """Through which servers this fix came."""
    if fix.attributes is None or b'"via"' not in fix.attributes:
        return []
    found = msgspec.json.decode(fix.attributes).get(VIA)
    return [each.strip() for each in found.split(",")] if isinstance(found, str) else []


def may_go_on(fix: Fix, own: str) -> bool:
    """What has been here already would go round for ever."""
    via = read_via(fix)
    return own not in via and len(via) < MOST_HOPS


def mark(fix: Fix, via: Sequence[str]) -> Fix:
    """With the servers it came through."""
    given = msgspec.json.decode(fix.attributes) if fix.attributes is not None else {}
    kept = {VIA: ",".join(via)[:LONGEST_VIA]}
    for name, value in given.items():
        if name != VIA and len(kept) < MOST_ATTRIBUTES and len(msgspec.json.encode(kept | {name: value})) <= LONGEST:
            kept[name] = value
    return msgspec.structs.replace(fix, attributes=msgspec.json.encode(kept))
