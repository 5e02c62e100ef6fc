"""Body: what strangers sent, on its way to a reader.

It lies in a file of memory that the reader gets as its standard input. Kept as pieces and written into a pipe, all of
it would go through the event loop twice, and the second time as fast as the reader takes it.
"""

import os
import tempfile
from types import TracebackType
from typing import BinaryIO, Final, Self, cast

HEAD: Final = 4096  # bytes before it: a line for what the reader is asked


class Body:
    """To be closed: as a context manager."""

    def __init__(self, *pieces: bytes) -> None:
        self._file: Final = open_memory()
        self._file.seek(HEAD)
        self.size = 0
        for piece in pieces:
            self.add(piece)

    def add(self, piece: bytes) -> None:
        self._file.write(piece)
        self.size += len(piece)

    def begin(self, most: int) -> bytes:
        """Its first bytes, so many at most."""
        return os.pread(self._file.fileno(), most, HEAD)

    def ask(self, line: bytes) -> int:
        """The descriptor of a file that begins with the line."""
        assert len(line) < HEAD
        os.pwrite(self._file.fileno(), line.ljust(HEAD - 1) + b"\n", 0)
        os.lseek(self._file.fileno(), 0, os.SEEK_SET)
        return self._file.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def open_memory() -> BinaryIO:
    """Where the system has no such files: one that has no name."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("body"), "w+b", buffering=0)
    return cast(BinaryIO, tempfile.TemporaryFile(buffering=0))
