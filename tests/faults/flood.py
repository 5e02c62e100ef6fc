"""Binary frames in bulk, prebuilt, for a test that wants weight and not detail."""

import struct
from pathlib import Path

MAX_FIXES = 500


def bulk(seq: int, base: int, count: int = MAX_FIXES) -> bytes:
    """A frame of `count` fixes, 10 ms apart, from `base` (ms) on; all at one place."""
    columns = [
        struct.pack(f"<{count}i", *range(0, 10 * count, 10)),
        struct.pack("<i", 74250000) * count,
        struct.pack("<i", 437350000) * count,
        b"\xff\xff" * 3 * count,
        struct.pack("<h", -32768) * count,
    ]
    return struct.pack("<BBHIq", 1, 0, count, seq, base) + b"".join(columns)


def memory_of(pid: int) -> int:
    """Bytes that are resident."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
