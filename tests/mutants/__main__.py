"""`python -m tests.mutants [--seed=N] [--count=300] [--calls=FILE] [pipeline] [ingest] [store]`: does a test notice
each of so many faults, drawn by seed? One that lives needs its reason in `survivors.txt`. First all tests run once
without a fault, to see that they pass and which runs through what; `--calls` keeps that for the next time, when only
those that are to be used run once without. `tracker test --long` has it.
"""

import argparse
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import msgspec

from tests.mutants.calls import Seen
from tests.mutants.drawing import Mutant, draw
from tests.mutants.trying import (
    ALIVE,
    AT_ONCE,
    ROOT,
    Calls,
    ControlFailed,
    Verdict,
    copied_checkout,
    folder_of,
    run_control,
    see_calls,
    try_mutant,
)

MOST_ALIVE: Final = {"pipeline": 0.10, "ingest": 0.20, "store": 0.20}
SURVIVORS: Final = Path(__file__).with_name("survivors.txt")


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--count", type=int, default=300)
    given.add_argument("--calls", type=Path)
    given.add_argument("folders", nargs="*", choices=[*MOST_ALIVE, []], default=[])
    words = given.parse_args()
    folders = words.folders or list(MOST_ALIVE)
    each = -(-words.count // len(folders))
    mutants = [mutant for folder in folders for mutant in draw(ROOT, [folder], each, words.seed)]
    print(f"{len(mutants)} mutants, --seed={words.seed}", flush=True)
    try:
        calls, passed = look_without(mutants, folders, words.calls)
    except ControlFailed as error:
        print(f"they could tell nothing: {error}")
        return 1
    return judge(try_all(mutants, calls, passed), read_survivors(SURVIVORS.read_text()))


def look_without(mutants: list[Mutant], folders: list[str], file: Path | None) -> tuple[Calls, Calls]:
    """What all tests run through, and what those that are to be used did just now."""
    if file is not None and file.exists():
        calls: Calls = msgspec.json.decode(file.read_bytes(), type=dict[str, Seen])
        return calls, run_control(mutants, calls)
    calls = see_calls(folders)
    if file is not None:
        file.write_bytes(msgspec.json.encode(calls))
    return calls, calls


def try_all(mutants: list[Mutant], calls: Calls, passed: Calls) -> dict[Mutant, Verdict]:
    verdicts: dict[Mutant, Verdict] = {}
    waiting: SimpleQueue[Mutant] = SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    lock = threading.Lock()

    def work() -> None:
        with copied_checkout() as copy, suppress(Empty):
            while True:
                mutant, began = waiting.get_nowait(), time.monotonic()
                verdict = try_mutant(mutant, copy, calls, passed)
                with lock:
                    verdicts[mutant] = verdict
                    print(f"{verdict:<9}{time.monotonic() - began:6.0f} s  {mutant.name}", flush=True)

    with ThreadPoolExecutor(AT_ONCE) as both:
        for each in [both.submit(work) for _ in range(AT_ONCE)]:
            each.result()
    return verdicts


def read_survivors(text: str) -> dict[str, str]:
    """Reasons by name: a name fills a line, its reason the indented ones below."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith(" "):
            found[name] = f"{found[name]} {line.strip()}".strip()
        else:
            name = line
            found[name] = ""
    return found


def judge(verdicts: dict[Mutant, Verdict], reasons: dict[str, str]) -> int:
    """What the tests could not say of is alive, too, and no reason helps it."""
    alive = [mutant for mutant, verdict in verdicts.items() if verdict in ALIVE]
    tried, lived = Counter(map(folder_of, verdicts)), Counter(map(folder_of, alive))
    too_many = [folder for folder, count in tried.items() if lived[folder] > MOST_ALIVE[folder] * count]
    unexplained = [mutant for mutant in alive if verdicts[mutant] == Verdict.UNTOLD or not reasons.get(mutant.name)]
    for folder, count in tried.items():
        each = Counter(verdict for mutant, verdict in verdicts.items() if folder_of(mutant) == folder)
        counts = ", ".join(f"{each[verdict]} {verdict}" for verdict in Verdict)
        print(f"{folder}: of {count} {counts}; {MOST_ALIVE[folder]:.0%} may live")
    for mutant in unexplained:
        print(f"{verdicts[mutant]} without a reason in {SURVIVORS.name}: {mutant.name}")
    print(f"{len(verdicts) - len(unexplained)} passed, {len(unexplained)} failed")
    return 1 if unexplained or too_many else 0


if __name__ == "__main__":
    sys.exit(main())
