"""Where the NATS that a parent starts has its password, and that two parents do not share it."""

import stat
from pathlib import Path

import pytest

from tracker.errors import FolderTaken
from tracker.processes.nats import hold_file


def test_nobody_else_may_read_it_and_nothing_of_it_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    with hold_file(folder, "password: x\n") as file:
        assert file.parent == folder and file.read_text() == "password: x\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.chmod(0o644)
    assert file.read_text() == ""
    with hold_file(folder, "y") as again:
        assert (again, again.read_text(), stat.S_IMODE(again.stat().st_mode)) == (file, "y", 0o600)


def test_a_second_parent_on_the_same_folder_is_told(tmp_path: Path) -> None:
    with hold_file(tmp_path, "x") as file:
        with pytest.raises(FolderTaken, match=f"runs on the data folder {tmp_path}: stop it"), hold_file(tmp_path, "y"):
            pass
        assert file.read_text() == "x"


def test_where_the_folder_cannot_be_written_it_lies_elsewhere() -> None:
    with hold_file(Path("/proc/nothing"), "x") as file:
        assert file.read_text() == "x" and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not file.exists()
