"""What a device holds until the server has it, on disk: it outlives the program, and a machine that is switched off.

One SQLite file for each device. A fix is known by its time, as on the server: a second one for the same time is none.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Final, Self

import msgspec

from tracker.errors import TrackerError
from tracker.model.fix import Fix

BUSY_S: Final = 2.0
_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(Fix)


class JournalUnusable(TrackerError):
    """Another program has it, or another device, or it cannot be written."""


class Journal:
    """Raises JournalUnusable with a sentence for a person.

    What `add` took outlives this program, however it ends; after a power cut the last few fixes may be missing, since
    waiting for the disk at each one would wear an SD card out.
    """

    def __init__(self, path: Path, device: str) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as failed:
                self._file = failed.enter_context(closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)))
                self._open(device)
                failed.pop_all()
        except (sqlite3.Error, OSError) as error:
            raise JournalUnusable(f"{path}: {_explain(error)}") from error

    def _open(self, device: str) -> None:
        run = self._file.execute
        run("pragma locking_mode = exclusive")
        run("pragma journal_mode = wal")
        run("pragma synchronous = normal")
        run("create table if not exists fix (at integer primary key, row blob not null)")
        run("create table if not exists owner (device text not null)")
        known = run("select device from owner").fetchone()
        if known is None:
            run("insert into owner values (?)", (device,))
        elif known[0] != device:
            raise JournalUnusable(f"{self._path} holds what {known[0]} has not sent; name another file for {device}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self) -> Iterator[Fix]:
        """Oldest first."""
        for (row,) in self._file.execute("select row from fix order by at").fetchall():
            with suppress(msgspec.DecodeError):
                yield _decoder.decode(row)

    def add(self, fix: Fix) -> bool:
        """Whether it was new."""
        return self._file.execute("insert or ignore into fix values (?, ?)", (fix.at, _encode(fix))).rowcount > 0

    def forget(self, moments: Iterable[int]) -> None:
        """The server has them, or nobody ever will."""
        self._file.execute("begin")
        self._file.executemany("delete from fix where at = ?", [(at,) for at in moments])
        self._file.execute("commit")


def _explain(error: Exception) -> str:
    return "another program has it open" if "locked" in str(error) else str(error)
