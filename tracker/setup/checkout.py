"""The checkout we run from: its folders, and whether there is one at all."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = ROOT / "uv.lock"
PROJECT: Final = ROOT / "pyproject.toml"
ENVIRONMENT: Final = ROOT / ".venv"
WEB: Final = ROOT / "web"


def exists() -> bool:
    """False for an installed package: everything is in place then."""
    return LOCK.exists()


def digest(files: Iterable[Path], *words: str, root: Path = ROOT) -> str:
    """Names what a step was done with, to skip it while that stays the same."""
    sha256 = hashlib.sha256("\0".join(words).encode())
    for path in sorted(files):
        sha256.update(f"\0{path.relative_to(root)}\0".encode())
        sha256.update(hashlib.sha256(path.read_bytes()).digest())
    return sha256.hexdigest()


def is_stamped(stamp: Path, mark: str) -> bool:
    return stamp.exists() and stamp.read_text() == mark
