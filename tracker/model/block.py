"""Block: the fixes of one frame as columns, where all of them are plain: nothing odd, no attributes, no flag.

It is a sequence of fixes like any other, and equal to the list of them. Whoever can work on columns does, and the fixes
that are looked at one by one are made when they are asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.model.fix import Fix, Row

BATTERY: Final = 4  # the row of `measured`


class Block(Sequence[Fix]):
    """`exact`: at (ms), lon_e7 and lat_e7, 3 x n; `measured`: speed, heading, accuracy, altitude and battery as those
    of a Fix, 5 x n, NaN where there is none. Never changed."""

    __slots__ = ("exact", "has_batteries", "made", "measured", "times")

    def __init__(self, exact: NDArray[np.int64], measured: NDArray[np.float64]) -> None:
        self.exact: Final = exact
        self.measured: Final = measured
        self.times: Final[list[int]] = exact[0].tolist()
        self.has_batteries: Final = bool((measured[BATTERY] >= 0.0).any())
        self.made: Final[dict[int, Fix]] = {}

    def __len__(self) -> int:
        return len(self.times)

    @overload
    def __getitem__(self, place: int) -> Fix: ...
    @overload
    def __getitem__(self, place: slice) -> list[Fix]: ...
    def __getitem__(self, place: int | slice) -> Fix | list[Fix]:
        """The same object whenever it is asked for again."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place < 0:
            place += len(self)
        found = self.made.get(place)
        if found is None:
            found = self.made[place] = self.make(place)
        return found

    def make(self, place: int) -> Fix:
        measured = self.measured[:, place].tolist()
        return Fix(*self.exact[:, place].tolist(), *[None if value != value else value for value in measured])

    def __iter__(self) -> Iterator[Fix]:
        return (self[place] for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, Block) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Block({list(self)})"


class Span(msgspec.Struct, frozen=True, eq=False):
    """Fixes of a block as the log holds them, from `begin` to before `end`: the first under `received_at`, each of the
    others under the next."""

    device: int  # key
    received_at: int
    block: Block
    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin

    def list_rows(self) -> list[Row]:
        stamped = enumerate(self.block[self.begin : self.end], self.received_at)
        return [Row(self.device, at, fix) for at, fix in stamped]


def list_rows(rows: Iterable[Row | Span]) -> list[Row]:
    """All of them one by one, in their order."""
    found: list[Row] = []
    for each in rows:
        found += each.list_rows() if isinstance(each, Span) else [each]
    return found
