"""What a command cannot do it says in one sentence with the next step, without a traceback, and ends with a code."""

import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tracker.errors import ClusterFailed
from tracker.postgis.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "from tracker.cli import main; main()"
NOWHERE = "postgresql://ada:hidden@127.0.0.1:{port}/tracker"


def refusal(*words: str, code: int = 1, **environment: str) -> str:
    """The sentence. Log lines, which are JSON, may stand before it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    command = [sys.executable, "-c", PROGRAM, *words]
    done = subprocess.run(
        command, cwd=ROOT, env=inherited | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and "[Errno" not in done.stderr
    sentences = [line for line in done.stderr.splitlines() if not line.startswith(("{", "data in", "a sign-in link"))]
    assert len(sentences) == 1, done.stderr
    return sentences[0]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken(database_url: str, tmp_path: Path, taken: int, command: str) -> None:
    bind, data = f"127.0.0.1:{taken}", str(tmp_path / "data")
    told = refusal(command, "--bind", bind, "--database", database_url, "--data", data)
    assert f"{bind} is taken" in told
    assert f"--bind 127.0.0.1:{taken + 1}" in told


def test_an_address_of_another_machine(database_url: str, tmp_path: Path) -> None:
    told = refusal("serve", "--bind", "192.0.2.1:8001", "--database", database_url, "--data", str(tmp_path / "data"))
    assert "192.0.2.1 is no address of this machine" in told
    assert "--bind 0.0.0.0:8001" in told


@pytest.mark.parametrize("command", [["serve"], ["sign-in"]])
def test_a_database_that_is_not_there(command: list[str], taken: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = free.getsockname()[1]
        told = refusal(*command, "--database", NOWHERE.format(port=port))
    assert f"the database tracker at 127.0.0.1:{port} does not answer" in told
    assert "is it running" in told and "hidden" not in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("/postgres?", "/nobody?"), "is not there"),
        (("tracker@", "ada@"), "does not let us in"),
        (("postgresql://", "mysql://"), "postgresql://user:password@host:5432/name"),
        (("port=5432", "port=none"), "postgresql://user:password@host:5432/name"),
    ],
)
def test_a_database_that_refuses(cluster: Cluster, change: tuple[str, str], said: str) -> None:
    url = cluster.url.replace(*change)
    assert url != cluster.url
    assert said in refusal("migrate", "--database", url)


async def test_a_database_that_is_somebody_elses(empty_database_url: str) -> None:
    conn = await asyncpg.connect(empty_database_url)
    await conn.execute("do $$ begin create role guest login; exception when duplicate_object then null; end $$")
    await conn.close()
    told = refusal("migrate", "--database", empty_database_url.replace("tracker@", "guest@"))
    assert "as its superuser, run there once: create extension" in told


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_data_folder_that_is_a_file(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ClusterFailed, match="file is no folder: name a folder of your own with --data"):
        Cluster(Path(f"{tmp_path}/file{below}"))


def test_a_data_folder_that_cannot_be_made() -> None:
    told = refusal("migrate", "--data", "/proc/tracker")
    assert re.fullmatch(r"/proc/tracker cannot be made .*: name a folder of your own with --data .*", told), told


def test_what_lies_in_the_data_folder_is_for_nobody_else() -> None:
    with tempfile.TemporaryDirectory(prefix="tracker-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "data").mkdir()
        for leftover in ("lock", "postgres.log"):
            (folder / "data" / leftover).touch(0o644)
        cluster = Cluster(folder / "data", durable=False)
        cluster.start()
        cluster.stop()
        files = [path for path in cluster.home.iterdir() if path.is_file()]
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
            "lock": "0o600",
            "postgres.log": "0o600",
        }
