"""Whether a test notices a mutant: the tests run in a copy of the checkout, those first that name its module."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.mutants.drawing import Mutant

ROOT: Final = Path(__file__).resolve().parents[2]
MADE: Final = ("__pycache__", ".git", ".venv", "node_modules", ".tracker", ".*_cache", ".hypothesis")
LINKED: Final = (".venv", "web/node_modules")
LONGEST_S: Final = 900.0  # the tests of a folder; one that makes them wait for ever was noticed
# Where a promise about the folder is tested; the layers above would notice more, but take minutes for each mutant.
TESTS: Final = {
    "pipeline": ("unit", "properties", "geofence", "integration"),
    "ingest": ("unit", "properties", "integration", "faults"),
    "store": ("properties", "integration", "alerts"),
}


@contextmanager
def copied_checkout() -> Iterator[Path]:
    """What is made from the sources is not copied, but for the page, which no mutant changes."""
    with TemporaryDirectory(prefix="tracker-mutants-") as folder:
        Path(folder).chmod(0o755)
        copy = Path(folder, "tracker")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE))
        for name in LINKED:
            if (ROOT / name).exists():
                (copy / name).symlink_to(ROOT / name)
        if (ROOT.parent / "shared").exists():
            Path(folder, "shared").symlink_to((ROOT.parent / "shared").resolve())
        yield copy


def is_noticed(mutant: Mutant, copy: Path) -> bool:
    """Whether a test failed, or did not end."""
    file = copy / mutant.path
    before = file.read_bytes()
    try:
        mutant.apply(copy)
        return any(not pass_tests(copy, files) for files in choose_tests(mutant.path, copy))
    finally:
        file.write_bytes(before)


def choose_tests(path: str, copy: Path) -> list[list[str]]:
    """Those that name the module, then the others of the folders that test its package."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package, name = module.removeprefix("tracker.").rsplit(".", 1)
    files = files_for(package.split(".")[0], copy)
    wanted = (f"from {module} import", f"import {module}", f"from tracker.{package} import {name}")
    naming = [file for file in files if any(words in file.read_text() for words in wanted)]
    others = [file for file in files if file not in naming]
    return [[str(file.relative_to(copy)) for file in each] for each in (naming, others) if each]


def files_for(folder: str, copy: Path) -> list[Path]:
    return [file for each in TESTS[folder] for file in sorted((copy / "tests" / each).glob("test_*.py"))]


def pass_unchanged(folder: str) -> bool:
    with copied_checkout() as copy:
        return pass_tests(copy, [str(file.relative_to(copy)) for file in files_for(folder, copy)])


def pass_tests(copy: Path, files: list[str]) -> bool:
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files],
        cwd=copy,
        # Bytecode is told from newer source by its second and size only, which a mutant may share with what it was.
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "TRACKER_TEST_PROFILE": "ci"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        return process.wait(LONGEST_S) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
