"""The virtual environment: exactly what the lock file says, put there by uv."""

import os
import re
import shlex
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
    again = _follow_the_move(uv) if is_moved() else ()
    must(
        [uv, "sync", "--frozen", "--no-default-groups", *again, *(f"--group={group}" for group in wanted)],
        cwd=ROOT,
        env=_uv_environ(),
    )
    STAMP.write_text(" ".join([_mark(), *wanted]))


def find_uv() -> Path | None:
    """The person's own uv or the one in the environment, if it is not too old."""
    for found in (shutil.which("uv"), ENVIRONMENT / "bin/uv"):
        if found and _version_of(found) >= OLDEST_UV:
            return Path(found)
    return None


def is_moved() -> bool:
    """Whether the clone was renamed since .venv was made: its scripts name the Python of where they were made."""
    script = ENVIRONMENT / "bin/activate"
    if not script.exists():
        return False
    text = script.read_text(errors="replace")
    return shlex.quote(str(ENVIRONMENT)) not in text and str(ENVIRONMENT) not in text


def _follow_the_move(uv: Path) -> tuple[str, ...]:
    """Not made anew from nothing, for the uv that does it may lie inside, and the network may be away."""
    must([uv, "venv", "-q", "--allow-existing", "--python", _base_python(), ENVIRONMENT], cwd=ROOT, env=_uv_environ())
    return ("--reinstall",)


def _version_of(uv: str | Path) -> tuple[int, ...]:
    try:
        told = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ()
    return tuple(int(number) for number in re.findall(r"\d+", told)[:2])


def _install_uv() -> Path:
    """The locked uv, inside the environment; uv leaves itself alone when it syncs."""
    if not (ENVIRONMENT / "bin/pip").exists() or is_moved() or not _is_our_python():
        must([_base_python(), "-m", "venv", "--clear", ENVIRONMENT], cwd=ROOT)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(_pinned("uv"))
        requirements.flush()
        must([PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", requirements.name], cwd=ROOT)
    return ENVIRONMENT / "bin/uv"


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
    """The place is part of it: scripts begin with the path of the environment they were made in. Where that is a link,
    as in the copies that mutants are tried in, it is the place the link leads to: else each such copy would make
    anew what others run from."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return digest([LOCK, PROJECT], version, str(ENVIRONMENT.resolve()))


def _base_python() -> str:
    """Not that of a virtual environment we may be in: it may be the one that is made anew."""
    return getattr(sys, "_base_executable", sys.executable)


def _uv_environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return kept | {
        "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT),
        "UV_PYTHON": _base_python(),
        "UV_PYTHON_DOWNLOADS": "never",
    }
