"""All tests of the project: what only reads the sources, and what runs the program."""

import random
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from tracker.setup.checkout import ENVIRONMENT, ROOT, WEB
from tracker.setup.parts import Part, PartRun, run_parts
from tracker.setup.steps import Display
from tracker.setup.words import COMMANDS, HELP, Reply

TESTS: Final = ROOT / "tests"
LONGEST: Final = (
    "websocket",
    "integration",
    "faults",
    "people",
    "browser",
    "map",
    "log",
    "alerts",
    "rights",
    "api",
    "told",
    "mypy",
    "geofence",
    "properties",
)
ORDER: Final = ("ruff", "format", *LONGEST)
# By folder and first word of a file: what takes as long as all others together leaves half of the machine idle at the
# end, and in the long run the laws of what is told take hours, without which one can try the rest of their folder.
PEOPLE: Final = ("audit", "gatherings", "oidc", "own", "pairing", "people", "personal", "photos", "privacy", "second")
LOG: Final = (
    *(
        "bounds",
        "catch",
        "changed",
        "clock",
        "counted",
        "foresight",
        "late",
        "numberer",
        "ownership",
        "pairs",
        "parted",
    ),
    *("random", "refused", "replay", "replays", "rhythms", "silence", "spreadable", "store", "strands", "wrong"),
)
MAP: Final = ("crowds", "devices", "geofences", "map", "page")
APART: Final = {
    **{("integration", word): word for word in ("api", "rights", "told")},
    **{("integration", word): "people" for word in (*PEOPLE, "shares", "sharing", "sign")},
    **{("integration", word): "log" for word in LOG},
    **{("browser", word): "map" for word in MAP},
}
WAITING: Final = "websocket"  # for deadlines: a fifth of a processor, for as long as the longest of the others
FAST: Final = ("ruff", "format", "unit", "mypy", "properties", "tsc", "lint", "vitest")
# The sizes that the tests of the WebSocket layer were meant for; a small machine takes hours for all of it.
LONG: Final = {
    "TRACKER_TEST_PROFILE": "long",
    "TRACKER_TEST_CROWD": "5000",
    "TRACKER_TEST_SLOW": "1000",
    "TRACKER_TEST_FUZZ": "10000",
    "TRACKER_TEST_PAUSE_S": "10",
}
SEED: Final = "--seed="
INTERRUPTED: Final = 130
FAULT_LINES: Final = 30  # what pytest says of a comparison can be long, and each part that failed says its own


@dataclass(frozen=True)
class Choice:
    """What is run: which parts (none: all), and how hard."""

    names: tuple[str, ...]
    is_fast: bool
    is_long: bool
    seed: int

    @property
    def environ(self) -> Mapping[str, str]:
        if self.is_long:
            return LONG
        return {"TRACKER_TEST_PROFILE": "fast"} if self.is_fast else {}


def main(arguments: Sequence[str]) -> int:
    """Runs everything, or the parts whose names are given. The exit code is 0 only if all of them passed."""
    if (reply := read_words(arguments)) is not None:
        return reply.say(sys.stdout, sys.stderr)
    choice = read_choice(arguments)
    if choice.is_long:
        print(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}, {SEED}{choice.seed}", flush=True)
    parts = [part for part in all_parts(choice) if is_chosen(part, choice)]
    began = time.monotonic()
    display = Display(sys.stdout)
    with display.shown():
        results = run_parts(sorted(parts, key=place), display, choice.environ)
    return report(results, time.monotonic() - began)


def read_words(arguments: Sequence[str]) -> Reply | None:
    """None where there are tests to run; else what to say. Asked before anything is set up."""
    words = [word for word in arguments if not word.startswith("-")]
    options = [word for word in arguments if word.startswith("-")]
    names = [part.name for part in all_parts(Choice((), False, True, 0))]
    if any(word in HELP for word in options):
        return Reply(HELP_TEXT.format(about=COMMANDS["test"].about, parts=", ".join(names)), 0)
    if unknown := [word for word in options if not re.fullmatch(rf"--fast|--long|{SEED}\d+", word)]:
        return Reply(f"tracker test: no such option: {unknown[0]}; there are --fast, --long, {SEED}N and --help", 2)
    if {"--fast", "--long"} <= set(options):
        return Reply("tracker test: --fast or --long, not both", 2)
    if unknown := sorted(set(words) - set(names)):
        return Reply(f"tracker test: no such part: {', '.join(unknown)}; there are {', '.join(names)}", 2)
    return None


HELP_TEXT: Final = f"""Usage: python3 -m tracker test [--fast | --long [{SEED}N]] [PART]...

  {{about}}

  --fast      what answers within a minute: the sources, unit tests, the page's own, few examples of each property
  --long      for a night: a hundred times the examples, drawn by a seed that is printed; large crowds, fuzzing, mutants
  {SEED}N    draw what that run drew

The parts are {{parts}}."""


def read_choice(arguments: Sequence[str]) -> Choice:
    given = [int(word.removeprefix(SEED)) for word in arguments if word.startswith(SEED)]
    seed = given[-1] if given else random.SystemRandom().randrange(10**9)
    names = tuple(word for word in arguments if not word.startswith("-"))
    return Choice(names, "--fast" in arguments, "--long" in arguments, seed)


def is_chosen(part: Part, choice: Choice) -> bool:
    return part.name in (choice.names or (FAST if choice.is_fast else (part.name,)))


def place(part: Part) -> int:
    """What answers at once, then the longest. Faults and WebSockets keep time and mostly wait: a browser that draws on
    the processor and would make them late begins when others have ended."""
    return ORDER.index(part.name) if part.name in ORDER else len(ORDER)


def all_parts(choice: Choice) -> list[Part]:
    return [*reading(), *running(choice), *(breaking(choice) if choice.is_long else ())]


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
        parts += [
            Part("tsc", ("npm", "run", "check"), WEB),
            Part("lint", ("npm", "run", "--silent", "lint"), WEB),
            Part("vitest", ("npm", "test"), WEB),
        ]
    return parts


def running(choice: Choice) -> list[Part]:
    """Those that run the program: one for each folder of tests/, and one for what a folder has too much of."""
    pytest = str(ENVIRONMENT / "bin/pytest")
    more = (f"--hypothesis-seed={choice.seed}",) if choice.is_long else ()
    return [
        Part(name, (pytest, "-q", *more, *files), waits=name == WAITING and not choice.is_long)
        for name, files in sorted(divide().items())
    ]


def divide() -> dict[str, list[str]]:
    """The files with tests by the part that runs them."""
    parts: dict[str, list[str]] = {}
    for path in sorted(TESTS.glob("*/**/test_*.py")):
        folder = path.relative_to(TESTS).parts[0]
        name = APART.get((folder, path.stem.split("_")[1]), folder)
        parts.setdefault(name, []).append(str(path.relative_to(ROOT)))
    return parts


def breaking(choice: Choice) -> list[Part]:
    """Those that change the program and want a test to notice, and those that change what phones send."""
    python = str(ENVIRONMENT / "bin/python")
    names = [name for name in ("mutants", "fuzz") if Path(TESTS, name).is_dir()]
    return [Part(name, (python, "-m", f"tests.{name}", f"{SEED}{choice.seed}")) for name in names]


def report(results: Sequence[PartRun], seconds: float) -> int:
    failed = [result for result in results if result.word == "FAILED"]
    missed = [result for result in results if result.word in ("interrupted", "not run")]
    print()
    for result in results:
        line = "" if result in missed else summary(result.completed.output)
        print(f"  {result.word:<11}  {result.part.name:<12} {result.completed.seconds:6.1f} s  {line}".rstrip())
    for reason, count in skipped(results).items():
        print(f"  {count} skipped: {reason}")
    print(f"\n{total(results)}".rstrip())
    for result in failed:
        if lines := faults(result.completed.output):
            print("\n".join([f"{result.part.name}:", *(f"  {line}" for line in lines)]))
    words = [f"{len(failed)} parts FAILED"] * bool(failed) + [f"{len(missed)} interrupted or not run"] * bool(missed)
    print(f"{', '.join(words) or 'All passed'} in {seconds:.0f} s", flush=True)
    return INTERRUPTED if missed else 1 if failed else 0


def summary(output: str) -> str:
    """The line in which a tool counts: the last that speaks of passing or failing, or the last."""
    lines = [line.strip(" =") for line in output.splitlines() if line.strip(" =")]
    counting = [line for line in lines if re.search(r"\b(passed|failed|Success|no issues|Found \d+)\b", line)]
    return (counting or lines or [""])[-1]


def skipped(results: Sequence[PartRun]) -> dict[str, int]:
    """How many tests were skipped for which reason, as pytest's last lines say it."""
    found: dict[str, int] = {}
    for result in results:
        for count, reason in re.findall(r"^SKIPPED \[(\d+)\] [^ ]+: (.*)$", result.completed.output, re.MULTILINE):
            found[reason] = found.get(reason, 0) + int(count)
    return found


def faults(output: str) -> list[str]:
    """Which tests failed and what was untrue, in pytest's words: a log of which only the end is kept says it, too."""
    lines = output.splitlines()
    untrue = [line.rstrip() for line in lines if re.match(r"E   +\S", line)]
    return [*untrue[-FAULT_LINES:], *(line for line in lines if re.match(r"(FAILED|ERROR) \S+::", line))]


def total(results: Sequence[PartRun]) -> str:
    """Of all tests together, in pytest's words. What is no test, such as mypy's errors, is not counted."""
    kinds = ("passed", "failed", "error", "skipped")
    lines = [line for each in results if re.search(r"\d (passed|failed)", line := summary(each.completed.output))]
    counts = {
        kind: sum(int(count) for line in lines for count in re.findall(rf"\b(\d+) {kind}", line)) for kind in kinds
    }
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds if lines and (counts[kind] or kind != "error"))
