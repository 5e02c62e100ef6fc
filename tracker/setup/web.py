"""The page: built from web/ by Vite, once for each state of its sources."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tracker.setup.checkout import ENVIRONMENT, WEB, digest, is_stamped
from tracker.setup.steps import must

MODULES_STAMP: Final = WEB / "node_modules/.tracker-stamp"
BUILD_STAMP: Final = WEB / "dist/.tracker-stamp"
MADE: Final = {"node_modules", "dist"}


def node_is_recent() -> bool:
    """Vite 8 wants 20.19 or newer, 22.12 or newer, or anything above."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    numbers = [int(number) for number in re.findall(r"\d+", told)] or [0]
    return (20, 19) <= tuple(numbers[:2]) < (21,) or tuple(numbers[:2]) >= (22, 12)


def node_environ() -> dict[str, str]:
    """With the environment's Node in front where the machine's own will not do."""
    if node_is_recent():
        return dict(os.environ)
    return os.environ | {"PATH": f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def modules_are_ready() -> bool:
    return is_stamped(MODULES_STAMP, _modules_mark())


def install_modules() -> None:
    must(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=WEB, env=node_environ())
    MODULES_STAMP.write_text(_modules_mark())


def build_is_ready() -> bool:
    return is_stamped(BUILD_STAMP, _build_mark())


def build() -> None:
    mark = _build_mark()
    must(["npm", "run", "build"], cwd=WEB, env=node_environ())
    BUILD_STAMP.write_text(mark)


def _modules_mark() -> str:
    return digest([WEB / "package-lock.json"])


def _build_mark() -> str:
    return digest(_sources())


def _sources() -> list[Path]:
    found: list[Path] = []
    for top in WEB.iterdir():
        if top.name not in MADE:
            found += [top] if top.is_file() else [path for path in top.rglob("*") if path.is_file()]
    return found
