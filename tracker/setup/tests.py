"""All tests of the project, in two lanes: what runs the program, and what only reads it."""

import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracker.setup import web
from tracker.setup.checkout import ENVIRONMENT, ROOT, WEB
from tracker.setup.steps import Outcome, Progress, run

TESTS: Final = ROOT / "tests"
ORDER: Final = ("unit", "properties")  # the quick ones first; then the rest by name


@dataclass(frozen=True)
class Part:
    name: str
    command: tuple[str, ...]
    folder: Path = ROOT


@dataclass(frozen=True)
class Result:
    part: Part
    outcome: Outcome


def main(arguments: Sequence[str]) -> int:
    """Runs everything, or the parts whose names are given. The exit code is 0 only if all of them passed."""
    chosen = [part for part in (*reading(), *running()) if not arguments or part.name in arguments]
    if unknown := set(arguments) - {part.name for part in chosen}:
        names = ", ".join(part.name for part in (*reading(), *running()))
        print(f"no such part: {', '.join(sorted(unknown))}; there are {names}", file=sys.stderr)
        return 2
    began = time.monotonic()
    progress = Progress(sys.stdout)
    with progress.shown(), ThreadPoolExecutor(2) as lanes:
        ours = [[part for part in lane if part in chosen] for lane in (reading(), running())]
        results = [result for lane in lanes.map(lambda lane: run_lane(lane, progress), ours) for result in lane]
    return report(results, time.monotonic() - began)


def reading() -> list[Part]:
    """Those that only read the sources."""
    programs = ENVIRONMENT / "bin"
    parts = [Part("ruff", (str(programs / "ruff"), "check")), Part("mypy", (str(programs / "mypy"),))]
    if WEB.is_dir():
        parts += [Part("tsc", ("npm", "run", "check"), WEB), Part("vitest", ("npm", "test"), WEB)]
    return parts


def running() -> list[Part]:
    """One for each folder of tests/."""
    folders = {path.parent.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")}
    ordered = [*(name for name in ORDER if name in folders), *sorted(folders - set(ORDER))]
    pytest = str(ENVIRONMENT / "bin/pytest")
    return [Part(name, (pytest, "-q", "--color=no", f"tests/{name}")) for name in ordered]


def run_lane(parts: Sequence[Part], progress: Progress) -> list[Result]:
    results = []
    for part in parts:
        with progress.step(part.name) as word:
            results.append(Result(part, run(part.command, cwd=part.folder, env=web.node_environ())))
            word.append("passed" if results[-1].outcome.code == 0 else "FAILED")
    return results


def report(results: Sequence[Result], seconds: float) -> int:
    failed = [result for result in results if result.outcome.code != 0]
    width = shutil.get_terminal_size().columns
    for result in failed:
        print(f"\n{f' {result.part.name} failed ':=^{min(width, 100)}}\n{result.outcome.output}")
    print()
    for result in results:
        word = "FAILED" if result in failed else "passed"
        print(f"  {word}  {result.part.name:<12} {result.outcome.seconds:6.1f} s  {last_line(result.outcome.output)}")
    print(f"\n{'FAILED' if failed else 'All passed'} in {seconds:.0f} s")
    return 1 if failed else 0


def last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else ""
