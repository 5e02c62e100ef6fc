"""History: the log read back by the million, as columns.

PostgreSQL sends rows of the same width (what is missing has a number that none can have), so that a whole answer is one
NumPy array. Rows come as they lie in the table: sorting them here takes a tenth of the time that an ordered scan takes
longer, because fixes of one device lie far apart.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

import asyncpg
import numpy as np
from numpy.typing import NDArray

from tracker.model.history import OWN_FLAGS, History
from tracker.model.moment import to_datetime
from tracker.store.fix_rows import PG_EPOCH_US, SIGNATURE, TRAILER
from tracker.store.privacies import OPEN

FIELDS: Final = (
    ("device", "i4"),
    ("at", "i8"),
    ("lon_e7", "i4"),
    ("lat_e7", "i4"),
    ("speed", "f4"),
    ("accuracy", "f4"),
    ("flags", "i2"),
)
ROW: Final = np.dtype(
    [("columns", ">i2"), *(field for name, kind in FIELDS for field in ((f"{name}_size", ">i4"), (name, f">{kind}")))]
)
MISSING: Final = -1.0  # neither a speed nor an accuracy is negative


async def copy_history(
    conn: asyncpg.Connection,
    devices: Sequence[int],
    since: int,
    until: int,
    limit: int,
    *,
    veiled: Collection[int] = (),
) -> list[bytes]:
    """The answer to COPY, in pieces, for `to_history`: fixes of these devices (keys) from `since` to before `until`
    (ms), at most `limit` of them. Of the `veiled` ones without what was kept from others."""
    pieces: list[bytes] = []

    async def take(piece: bytes) -> None:
        pieces.append(piece)

    await conn.copy_from_query(
        f"""select device, at, lon_e7, lat_e7, coalesce(speed, {MISSING}::real), coalesce(accuracy, {MISSING}::real),
                   flags
            from fix where device = any($1::integer[]) and at >= $2 and at < $3{_open(veiled, devices)} limit $4""",
        list(devices),
        to_datetime(since),
        to_datetime(until),
        limit,
        output=take,
        format="binary",
    )
    return pieces


def _open(veiled: Collection[int], devices: Sequence[int]) -> str:
    """In the text: COPY takes no further parameters where there is nothing to leave out."""
    found = sorted(set(veiled) & set(devices))
    return f" and (device <> all(array[{','.join(map(str, found))}]) or true{OPEN})" if found else ""


def count_fixes(answer: Sequence[bytes]) -> int:
    """Of fixes."""
    return (sum(map(len, answer)) - len(SIGNATURE) - len(TRAILER)) // ROW.itemsize


def to_history(answer: Sequence[bytes]) -> History:
    """In the order of (device, at)."""
    rows = np.frombuffer(b"".join(answer), ROW, count_fixes(answer), len(SIGNATURE))
    columns = {name: rows[name].astype(kind) for name, kind in FIELDS}
    order = np.lexsort((columns["at"], columns["device"]))
    device, at, lon_e7, lat_e7, speed, accuracy, flags = (column[order] for column in columns.values())
    at = (at + PG_EPOCH_US) // 1000
    return History(device, at, lon_e7, lat_e7, restore_decimals(speed), restore_decimals(accuracy), flags & OWN_FLAGS)


def restore_decimals(values: NDArray[Any]) -> NDArray[np.float64]:
    """What was accepted, from its 32 bits: `accept` keeps two decimals, and they survive."""
    return np.where(values == MISSING, np.nan, np.round(values.astype(np.float64), 2))
