"""What a device has not sent yet outlives its program."""

from pathlib import Path

import pytest

from tracker.client.buffer import Buffer
from tracker.client.journal import Journal, JournalUnusable
from tracker.client.messages import Welcome
from tracker.model.fix import Fix

FIXES = [Fix(1000 * number, 10 * number, -number, 1.5, attributes=b'{"a":1}') for number in range(1, 8)]
WELCOME = Welcome(acked=0, window=2, max_fixes=2, max_bytes=65_536, heartbeat=30)


def test_what_is_added_is_there_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "deep/er/fixes", "van-1") as journal:
        assert [journal.add(fix) for fix in [*FIXES, FIXES[0]]] == [True] * 7 + [False]
    with Journal(tmp_path / "deep/er/fixes", "van-1") as journal:
        assert list(journal.read()) == FIXES


def test_what_the_buffer_lets_go_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    """By each way out: acked, known at the next welcome, and too many."""
    path = tmp_path / "fixes"
    with Journal(path, "van-1") as journal:
        buffer = Buffer(5, lanes=False, forget=journal.forget)
        for fix in FIXES:
            journal.add(fix)
            buffer.put(fix)
        buffer.connected(WELCOME)
        first, second = buffer.next(), buffer.next()
        assert first is not None and second is not None
        buffer.acked(first.seq)
        assert [fix.at for fix in journal.read()] == [5000, 6000, 7000]
        buffer.disconnected()
        buffer.connected(WELCOME.__class__(acked=second.seq, window=2, max_fixes=2, max_bytes=65_536, heartbeat=30))
        assert [fix.at for fix in journal.read()] == [7000]


def test_one_file_is_one_devices_and_one_programs(tmp_path: Path) -> None:
    path = tmp_path / "fixes"
    with Journal(path, "van-1"), pytest.raises(JournalUnusable, match="another program has it open"):
        Journal(path, "van-1")
    with pytest.raises(JournalUnusable, match="holds what van-1 has not sent"):
        Journal(path, "van-2")


def test_what_is_no_journal_is_said(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"bread, milk, eggs" * 100)
    with pytest.raises(JournalUnusable, match=r"notes\.txt: file is not a database"):
        Journal(path, "van-1")
