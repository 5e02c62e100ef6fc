"""Clones of this checkout for tests of the set-up: all that git would give, and nothing that was made."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tracker.setup.checkout import ROOT

PARTS = ("tracker", "sql", "examples", "samples", "pyproject.toml", "uv.lock", "README.md")


def clone(folder: Path) -> Path:
    """Without the page: a checkout that has no web/ builds none, and takes no minute of it."""
    folder.mkdir()
    parts = [part for part in PARTS if (ROOT / part).exists()]
    command: list[str | Path] = ["tar", "-C", ROOT, "--exclude=__pycache__", "-cf", "-", *parts]
    packed = subprocess.run(command, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-C", folder, "-xf", "-"], input=packed, check=True)
    (folder / "tests").mkdir()
    return folder


def bare_environ(*first: Path) -> dict[str, str]:
    """Without our virtual environment on PATH, and without what is set for this run of the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRACKER_", "VIRTUAL_ENV"))}
    folders = [each for each in os.environ["PATH"].split(os.pathsep) if Path(each) != Path(sys.executable).parent]
    return kept | {"PATH": os.pathsep.join([*map(str, first), *folders])}


def base_python() -> str:
    return getattr(sys, "_base_executable", sys.executable)


def tracker(
    folder: Path, *words: str, through: Sequence[str] = (), environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [*through, base_python(), "-m", "tracker", *words]
    environ = bare_environ() | {"PIP_RETRIES": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | (environ or {})
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
    )
