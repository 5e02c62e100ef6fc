"""Whether a test notices a mutant: those that run through it are run in a copy of the checkout, the quickest first."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from tests.mutants.calls import WRITTEN_TO, Seen
from tests.mutants.drawing import Mutant

ROOT: Final = Path(__file__).resolve().parents[2]
MADE: Final = (".git", ".venv", "node_modules", ".tracker", ".*_cache", ".hypothesis")
LINKED: Final = (".venv", "web/node_modules")
AT_ONCE: Final = 2
LONGEST_S: Final = 300.0  # tests that wait for ever have noticed
MAP_S: Final = 3600.0
# Where a promise about the folder is tested; the layers above would notice more, but take minutes for each mutant.
TESTS: Final = {
    "pipeline": ("unit", "properties", "geofence", "integration"),
    "ingest": ("unit", "properties", "integration", "faults"),
    "store": ("properties", "integration", "alerts"),
}
ENOUGH_S: Final = 60.0  # of the tests that run through a function; what the first minute of them misses, most miss
SERVED: Final = "tests/running.py "  # who calls this talks to a server of its own process, and cannot be seen into
Calls = Mapping[str, Seen]


@contextmanager
def copied_checkout() -> Iterator[Path]:
    """What is made from the sources is not copied, but for bytecode and the page, which no mutant changes."""
    with TemporaryDirectory(prefix="tracker-mutants-") as folder:
        Path(folder).chmod(0o755)
        copy = Path(folder, "tracker")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE))
        for name in LINKED:
            if (ROOT / name).exists():
                (copy / name).symlink_to(ROOT / name)
        if (ROOT.parent / "shared").exists():
            Path(folder, "shared").symlink_to((ROOT.parent / "shared").resolve())
        subprocess.run([sys.executable, "-m", "compileall", "-q", "tracker", "tests"], cwd=copy, check=True)
        yield copy


def is_noticed(mutant: Mutant, copy: Path, calls: Calls) -> bool:
    """Whether a test failed, or did not end."""
    file = copy / mutant.path
    before = file.read_bytes()
    try:
        mutant.apply(copy)
        # Bytecode is told from newer source by its second and size only, which a mutant may share with what it was.
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
            compiled.unlink()
        tests = choose_tests(mutant, calls)
        return bool(tests) and not pass_tests(copy, tests, LONGEST_S)
    finally:
        file.write_bytes(before)


def choose_tests(mutant: Mutant, calls: Calls) -> list[str]:
    """Those that call the function, of what is in none those that call anything of the module; where nobody does, those
    that talk to a server, which may."""
    folders = TESTS[folder_of(mutant)]
    asked = {test: seen for test, seen in calls.items() if test.split("/")[1] in folders}
    here, anywhere = f"{mutant.path} {mutant.place}", f"{mutant.path} "
    found = [test for test, seen in asked.items() if here in seen.called]
    found = found or [test for test, seen in asked.items() if any(name.startswith(anywhere) for name in seen.called)]
    if not found:
        found = [test for test, seen in asked.items() if any(name.startswith(SERVED) for name in seen.called)]
    return cut(sorted(found, key=lambda test: asked[test].seconds), asked)


def cut(tests: Sequence[str], calls: Calls) -> list[str]:
    taken, seconds = list[str](), 0.0
    for test in tests:
        seconds += calls[test].seconds
        if taken and seconds > ENOUGH_S:
            break
        taken.append(test)
    return taken


def folder_of(mutant: Mutant) -> str:
    return mutant.path.split("/")[1]


def see_calls(folders: Sequence[str], file: Path) -> Calls | None:
    """What each test runs through, without a mutant; None where one fails, for then they can tell nothing. Kept in the
    file, where somebody wants to go on with the same."""
    if not file.exists():
        parts = sorted({part for folder in folders for part in TESTS[folder]})
        with copied_checkout() as copy, ThreadPoolExecutor(AT_ONCE) as both:
            found = list(both.map(lambda part: see_part(copy, part), parts))
        if not all(found):
            return None
        file.write_bytes(msgspec.json.encode({test: seen for each in found for test, seen in each.items()}))
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Seen])


def see_part(copy: Path, part: str) -> Calls:
    """Empty where a test failed."""
    file = copy / f"calls-{part}"
    passed = pass_tests(copy, [f"tests/{part}"], MAP_S, "-p", "tests.mutants.calls", to=file)
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Seen]) if passed else {}


def pass_tests(copy: Path, tests: Sequence[str], within_s: float, *words: str, to: Path | None = None) -> bool:
    chosen = copy / f"chosen-{threading.get_ident()}"
    chosen.write_text("\n".join(tests))
    more = {} if to is None else {WRITTEN_TO: str(to)}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *words, f"@{chosen}"],
        cwd=copy,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "TRACKER_TEST_PROFILE": "ci"} | more,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        return process.wait(within_s) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
