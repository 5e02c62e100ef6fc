"""The virtual environment: exactly what the lock file says, put there by uv."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from tracker.setup.checkout import ENVIRONMENT, LOCK, PROJECT, ROOT, digest
from tracker.setup.steps import must

STAMP: Final = ENVIRONMENT / ".tracker-stamp"
PYTHON: Final = ENVIRONMENT / "bin/python"
OLDEST_UV: Final = (0, 9)  # an older one on the machine may not read our lock file


def is_ready(groups: Collection[str]) -> bool:
    """Whether the environment holds what the lock file says, with these groups or more."""
    if not (STAMP.exists() and PYTHON.exists()):
        return False
    mark, *have = STAMP.read_text().split()
    return mark == _mark() and set(groups) <= set(have)


def make(groups: Collection[str]) -> None:
    """Groups that were there stay: `demo` after `test` does not take the test tools away."""
    have = set(STAMP.read_text().split()[1:]) if STAMP.exists() else set()
    wanted = sorted(have | set(groups))
    STAMP.unlink(missing_ok=True)
    uv = find_uv() or _install_uv()
    must(
        [uv, "sync", "--frozen", "--no-default-groups", *(f"--group={group}" for group in wanted)],
        cwd=ROOT,
        env=_uv_environ(),
    )
    STAMP.write_text(" ".join([_mark(), *wanted]))


def find_uv() -> Path | None:
    """The person's own uv, if it is not too old."""
    if (found := shutil.which("uv")) is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(number) for number in re.findall(r"\d+", told)[:2])
    return Path(found) if version >= OLDEST_UV else None


def _install_uv() -> Path:
    """The locked uv, inside the environment; uv leaves itself alone when it syncs."""
    uv = ENVIRONMENT / "bin/uv"
    if not uv.exists() or not _is_our_python():
        must([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], cwd=ROOT)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(_pinned("uv"))
        requirements.flush()
        must([PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", requirements.name], cwd=ROOT)
    return uv


def _pinned(name: str) -> str:
    """A requirement with the version and the hashes of the lock file."""
    packages = tomllib.loads(LOCK.read_text())["package"]
    package = next(each for each in packages if each["name"] == name)
    hashes = "".join(f" --hash={wheel['hash']}" for wheel in package["wheels"])
    return f"{name}=={package['version']}{hashes}\n"


def _is_our_python() -> bool:
    """After an upgrade of the system, .venv may be of a Python that is gone."""
    config = (ENVIRONMENT / "pyvenv.cfg").read_text() if (ENVIRONMENT / "pyvenv.cfg").exists() else ""
    return f"{sys.version_info.major}.{sys.version_info.minor}." in config


def _mark() -> str:
    return digest([LOCK, PROJECT], f"{sys.version_info.major}.{sys.version_info.minor}")


def _uv_environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return kept | {
        "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT),
        "UV_PYTHON": getattr(sys, "_base_executable", sys.executable),  # not that of a virtual environment we are in
        "UV_PYTHON_DOWNLOADS": "never",
    }
