"""Whether a test notices a mutant: those that run through it are run in a copy of the checkout, the quickest first.

Only a test that fails has noticed. What keeps tests from running at all, a broken environment or an error of the
collection, says nothing of a mutant, unless it is the mutant that cannot be imported.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from types import MappingProxyType
from typing import Final

import msgspec

from tests.mutants.calls import WRITTEN_TO, Seen, environment
from tests.mutants.drawing import Mutant

ROOT: Final = Path(__file__).resolve().parents[2]
MADE: Final = (".git", ".venv", "node_modules", ".tracker", ".*_cache", ".hypothesis")
LINKED: Final = (".venv", "web/node_modules")
AT_ONCE: Final = 2
LONGEST_S: Final = 300.0  # tests that wait for ever have noticed, where without a mutant a third of it is enough
MAP_S: Final = 7200.0
END_S: Final = 30.0  # in which pytest stops what its tests have started
# Where a promise about the folder is tested; the layers above would notice more, but take minutes for each mutant.
TESTS: Final = {
    "pipeline": ("unit", "properties", "geofence", "integration"),
    "ingest": ("unit", "properties", "integration", "faults"),
    "store": ("properties", "integration", "alerts"),
}
SERVED: Final = "tests/running.py "  # who calls this talks to a server, which may run through anything
ENOUGH_S: Final = 60.0  # of the tests that run through a function; what the first minute of them misses, most miss
PASSED: Final = 0  # of pytest's exit codes; the others, but FAILED, are about pytest itself
FAILED: Final = 1
Calls = dict[str, Seen]
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Verdict(StrEnum):
    NOTICED = "noticed"
    UNIMPORTABLE = "no import"  # noticed, too: nothing runs with it
    ENDLESS = "endless"  # noticed, too
    LIVES = "LIVES"
    UNTOLD = "UNTOLD"  # the tests did not come to an answer


ALIVE: Final = frozenset({Verdict.LIVES, Verdict.UNTOLD})


class ControlFailed(Exception):
    """Tests fail without a mutant: they can tell nothing of one. `exit_code`: pytest's, None where it did not end."""

    def __init__(self, part: str, exit_code: int | None, last: str) -> None:
        super().__init__(f"without a mutant the tests of {part} end with {exit_code}, last of them {last}")


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


def try_mutant(mutant: Mutant, copy: Path, calls: Calls, passed: Calls) -> Verdict:
    """`passed`: what the tests did without a mutant."""
    file = copy / mutant.path
    before = file.read_bytes()
    try:
        mutant.apply(copy)
        # Bytecode is told from newer source by its second and size only, which a mutant may share with what it was.
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
            compiled.unlink()
        tests = choose_tests(mutant, calls)
        exit_code = run_tests(copy, tests, LONGEST_S) if tests else PASSED
        control_s = sum(passed[test].seconds for test in tests)
        return judge_exit(exit_code, control_s, lambda: can_import(copy, mutant.path))
    finally:
        file.write_bytes(before)


def judge_exit(exit_code: int | None, control_s: float, can_import: Callable[[], bool]) -> Verdict:
    """Of a run with a mutant. None: it did not end within LONGEST_S."""
    if exit_code == PASSED:
        return Verdict.LIVES
    if exit_code == FAILED:
        return Verdict.NOTICED
    if exit_code is None:
        return Verdict.ENDLESS if control_s < LONGEST_S / 3 else Verdict.UNTOLD
    return Verdict.UNTOLD if can_import() else Verdict.UNIMPORTABLE


def can_import(copy: Path, path: str) -> bool:
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    command = [sys.executable, "-c", f"import {module}, tracker.server"]
    return subprocess.run(command, cwd=copy, capture_output=True).returncode == 0


def choose_tests(mutant: Mutant, calls: Calls) -> list[str]:
    """Of those that run through the function the quickest, and those that run through most of its module: those are
    about it, and do not merely start a server that does. Of what is in no function those that run through any other of
    its module; where nobody does, those that start a server."""
    folders = TESTS[folder_of(mutant)]
    asked = {test: seen for test, seen in calls.items() if test.split("/")[1] in folders}
    about = {test: sum(name.startswith(f"{mutant.path} ") for name in seen.called) for test, seen in asked.items()}
    found = [test for test, seen in asked.items() if f"{mutant.path} {mutant.place}" in seen.called]
    found = found or [test for test in asked if about[test]]
    found = found or [test for test, seen in asked.items() if any(name.startswith(SERVED) for name in seen.called)]
    quickest = sorted(found, key=lambda test: asked[test].seconds)
    chosen = cut(quickest, asked) + cut(sorted(quickest, key=lambda test: -about[test]), asked)
    return [test for test in quickest if test in chosen]


def cut(tests: Sequence[str], calls: Calls) -> list[str]:
    """Half of what is enough, and one at least."""
    taken, seconds = list[str](), 0.0
    for test in tests:
        seconds += calls[test].seconds
        if taken and seconds > ENOUGH_S / 2:
            break
        taken.append(test)
    return taken


def folder_of(mutant: Mutant) -> str:
    return mutant.path.split("/")[1]


def see_calls(folders: Sequence[str]) -> Calls:
    """What each test runs through, of all that may be chosen. Raises ControlFailed."""
    parts = sorted({part for folder in folders for part in TESTS[folder]})
    return run_without({part: [f"tests/{part}"] for part in parts})


def run_control(mutants: Iterable[Mutant], calls: Calls) -> Calls:
    """Only what these are to be tried by. Raises ControlFailed."""
    chosen = {test for mutant in mutants for test in choose_tests(mutant, calls)}
    parts = dict[str, list[str]]()
    for test in calls:
        if test in chosen:
            parts.setdefault(test.split("/")[1], []).append(test)
    return run_without(parts)


def run_without(parts: Mapping[str, Sequence[str]]) -> Calls:
    """Without a mutant."""
    with copied_checkout() as copy, ThreadPoolExecutor(AT_ONCE) as both:
        found = list(both.map(lambda part: run_part(copy, part, parts[part]), parts))
    return {test: seen for each in found for test, seen in each.items()}


def run_part(copy: Path, part: str, tests: Sequence[str]) -> Calls:
    with TemporaryDirectory(prefix="tracker-calls-") as folder:
        file = Path(folder, "calls")
        more = {WRITTEN_TO: str(file)} | environment(Path(folder))
        exit_code = run_tests(copy, tests, MAP_S, "-p", "tests.mutants.calls", more=more)
        seen = msgspec.json.decode(file.read_bytes(), type=dict[str, Seen]) if file.exists() else {}
    check_control(part, exit_code, seen)
    return seen


def check_control(part: str, exit_code: int | None, seen: Calls) -> None:
    if exit_code != PASSED:
        raise ControlFailed(part, exit_code, next(reversed(seen.keys()), "none"))


def run_tests(
    copy: Path, tests: Sequence[str], within_s: float, *words: str, more: Mapping[str, str] = NOTHING
) -> int | None:
    """The exit code of pytest; None where it did not end in time. `more`: of its environment."""
    with NamedTemporaryFile("w", prefix="tracker-chosen-") as chosen:
        chosen.write("\n".join(tests))
        chosen.flush()
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *words, f"@{chosen.name}"],
            cwd=copy,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TRACKER_TEST_PROFILE": "ci", **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        return wait_for(process, within_s)


def wait_for(process: subprocess.Popen[bytes], within_s: float) -> int | None:
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.terminate()  # what it started in sessions of their own only itself can end
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
