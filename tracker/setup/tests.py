"""All tests of the project: what only reads the sources, and what runs the program."""

import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracker.setup import web
from tracker.setup.checkout import ENVIRONMENT, ROOT, WEB
from tracker.setup.steps import Completed, Display, run
from tracker.setup.words import COMMANDS, HELP, Reply

TESTS: Final = ROOT / "tests"
ORDER: Final = ("ruff", "format", "faults", "websocket", "integration", "browser", "mypy", "geofence")


@dataclass(frozen=True)
class Part:
    name: str
    command: tuple[str, ...]
    folder: Path = ROOT


@dataclass(frozen=True)
class PartRun:
    part: Part
    completed: Completed


def main(arguments: Sequence[str]) -> int:
    """Runs everything, or the parts whose names are given. The exit code is 0 only if all of them passed."""
    if (reply := read_words(arguments)) is not None:
        return reply.say(sys.stdout, sys.stderr)
    parts = [*reading(), *running()]
    chosen = sorted((part for part in parts if not arguments or part.name in arguments), key=place)
    began = time.monotonic()
    display = Display(sys.stdout)
    with display.shown():
        results = run_parts(chosen, display)
    return report(results, time.monotonic() - began)


def read_words(arguments: Sequence[str]) -> Reply | None:
    """None where there are tests to run; else what to say. Asked before anything is set up."""
    names = [part.name for part in (*reading(), *running())]
    if any(word in HELP for word in arguments):
        parts = f"  {COMMANDS['test'].about} The parts are {', '.join(names)}."
        return Reply(f"Usage: python3 -m tracker test [PART]...\n\n{parts}", 0)
    if unknown := sorted(set(arguments) - set(names)):
        return Reply(f"tracker test: no such part: {', '.join(unknown)}; there are {', '.join(names)}", 2)
    return None


def place(part: Part) -> int:
    """The one that answers at once, then the longest. The first two keep time and mostly wait: they disturb each other
    least, where a browser that draws on the processor beside them would make them late."""
    return ORDER.index(part.name) if part.name in ORDER else len(ORDER)


def reading() -> list[Part]:
    """Those that only read the sources."""
    programs = ENVIRONMENT / "bin"
    ruff = str(programs / "ruff")
    parts = [
        Part("ruff", (ruff, "check")),
        Part("format", (ruff, "format", "--check")),
        Part("mypy", (str(programs / "mypy"),)),
    ]
    if WEB.is_dir():
        parts += [Part("tsc", ("npm", "run", "check"), WEB), Part("vitest", ("npm", "test"), WEB)]
    return parts


def running() -> list[Part]:
    """Those that run the program: one for each folder of tests/."""
    folders = sorted({path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")})
    pytest = str(ENVIRONMENT / "bin/pytest")
    return [Part(name, (pytest, "-q", f"tests/{name}")) for name in folders]


def run_parts(parts: Sequence[Part], display: Display) -> list[PartRun]:
    """Two at a time: much of a test is waiting, and two cores are what everybody has."""

    def run_part(part: Part) -> PartRun:
        with display.step(part.name) as word:
            completed = run(part.command, cwd=part.folder, env=web.node_environ() | {"NO_COLOR": "1"})
            word.append("failed" if completed.code else "passed")
            if completed.code:  # at once: who watches may want to stop and mend it
                display.say(f"\n{f' {part.name} ':=^100}\n{completed.output}")
            return PartRun(part, completed)

    with ThreadPoolExecutor(2) as both:
        return list(both.map(run_part, parts))


def report(results: Sequence[PartRun], seconds: float) -> int:
    failed = [result for result in results if result.completed.code != 0]
    print()
    for result in results:
        word = "FAILED" if result in failed else "passed"
        print(f"  {word}  {result.part.name:<12} {result.completed.seconds:6.1f} s  {summary(result.completed.output)}")
    print(f"\n{f'{len(failed)} parts FAILED' if failed else 'All passed'} in {seconds:.0f} s")
    return 1 if failed else 0


def summary(output: str) -> str:
    """The line in which a tool counts: the last that speaks of passing or failing, or the last."""
    lines = [line.strip(" =") for line in output.splitlines() if line.strip(" =")]
    counting = [line for line in lines if re.search(r"\b(passed|failed|Success|no issues|Found \d+)\b", line)]
    return (counting or lines or [""])[-1]
