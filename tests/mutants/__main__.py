"""`python -m tests.mutants [--seed=N] [--count=300] [--calls=FILE] [pipeline] [ingest] [store]`: does a test notice
each of so many faults, drawn by seed? One that lives needs its reason in `survivors.txt`. First all tests run once
without a fault, to see which runs through what; `--calls` keeps that for the next time. `tracker test --long` has it.
"""

import argparse
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Final

from tests.mutants.drawing import Mutant, draw
from tests.mutants.trying import AT_ONCE, ROOT, Calls, copied_checkout, folder_of, is_noticed, see_calls

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
    with TemporaryDirectory() as kept:
        calls = see_calls(folders, (words.calls or Path(kept, "calls")).absolute())
    if calls is None:
        print(f"the tests of {', '.join(folders)} fail without a mutant: they can tell nothing")
        return 1
    return judge(mutants, try_all(mutants, calls), read_survivors(SURVIVORS.read_text()))


def try_all(mutants: list[Mutant], calls: Calls) -> list[Mutant]:
    """Those that lived."""
    alive: list[Mutant] = []
    waiting: SimpleQueue[Mutant] = SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    lock = threading.Lock()

    def work() -> None:
        with copied_checkout() as copy:
            while not waiting.empty():
                mutant, began = waiting.get(), time.monotonic()
                noticed = is_noticed(mutant, copy, calls)
                with lock:
                    word, seconds = "noticed" if noticed else "LIVES", time.monotonic() - began
                    print(f"{word:<8}{seconds:6.0f} s  {mutant.name}", flush=True)
                    if not noticed:
                        alive.append(mutant)

    with ThreadPoolExecutor(AT_ONCE) as both:
        for each in [both.submit(work) for _ in range(AT_ONCE)]:
            each.result()
    return alive


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


def judge(mutants: list[Mutant], alive: list[Mutant], reasons: dict[str, str]) -> int:
    tried, lived = Counter(map(folder_of, mutants)), Counter(map(folder_of, alive))
    too_many = [folder for folder, count in tried.items() if lived[folder] > MOST_ALIVE[folder] * count]
    unexplained = [mutant.name for mutant in alive if not reasons.get(mutant.name)]
    for folder, count in tried.items():
        print(f"{folder}: {lived[folder]} of {count} lived, {MOST_ALIVE[folder]:.0%} may")
    for name in unexplained:
        print(f"lives without a reason in {SURVIVORS.name}: {name}")
    print(f"{len(mutants) - len(unexplained)} passed, {len(unexplained)} failed")
    return 1 if unexplained or too_many else 0


if __name__ == "__main__":
    sys.exit(main())
