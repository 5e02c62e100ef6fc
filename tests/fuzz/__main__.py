"""`python -m tests.fuzz [--seconds=60] [--seed=N] [NAME]...`: no codec raises, whatever comes, and none lets a fix
through that cannot be. With atheris, which sees what parts of the code were reached, where it runs (Linux on x86-64);
else without. What breaks a codec is printed."""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random

from tests.fuzz.mutating import mutate
from tests.fuzz.targets import TARGETS, Target

ROOT = Path(__file__).parents[2]
KEPT = 200  # inputs that are mutated further
HANGS_S = 20  # for one input: more is a finding, too
COVERAGE = re.compile(r"^#(\d+)\t.*?cov: (\d+) .*?corp: (\d+)/", re.MULTILINE)


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    given.add_argument("--seconds", type=float, default=60.0)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--plain", action="store_true", help="without atheris")
    given.add_argument("names", nargs="*")
    words = given.parse_args()
    chosen = [each for each in TARGETS if not words.names or each.name in words.names]
    guided = find_spec("atheris") is not None and not words.plain
    print(f"{len(chosen)} codecs, {words.seconds:.0f} s each, --seed={words.seed}", flush=True)
    print("guided by atheris" if guided else "unguided, for there is no atheris here", flush=True)
    failed = [each.name for each in chosen if not (try_guided if guided else try_plainly)(each, words)]
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed: {', '.join(failed)}" if failed else "all passed")
    return 1 if failed else 0


def try_guided(target: Target, words: argparse.Namespace) -> bool:
    """In a process of its own, for atheris never returns."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate((target.sample, *target.others)):
            Path(corpus, f"sample-{number}").write_bytes(seed)
        options = [f"-max_total_time={max(1, round(words.seconds))}", f"-seed={words.seed + 1}", "-max_len=20000"]
        options += [f"-artifact_prefix={corpus}/broken-", f"-timeout={HANGS_S}"]
        command = [sys.executable, "-m", "tests.fuzz.guided", target.name, corpus, *options]
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, cwd=ROOT)
        broken = [path.read_bytes() for path in Path(corpus).glob("broken-*")]
    print(f"{target.name}: {describe(run.stderr)}", flush=True)
    if run.returncode:
        print(run.stdout[-4_000:], run.stderr[-4_000:], *map(repr, broken), sep="\n", flush=True)
    return run.returncode == 0


def describe(said: str) -> str:
    """How many inputs were tried, and how many edges of the code they reached, of which the samples reached how many.
    libFuzzer writes `#16940 DONE cov: 406 ft: 820 corp: 106/43Kb ...`."""
    told = COVERAGE.findall(said)
    if not told:
        return "nothing was tried"
    (_, first, _), (tried, edges, kept) = told[0], told[-1]
    return f"{int(tried):,} tried, {edges} edges reached ({first} by the samples), {kept} inputs kept"


def try_plainly(target: Target, words: argparse.Namespace) -> bool:
    random, corpus, tried = Random(f"{target.name} {words.seed}"), [target.sample, *target.others], 0
    end = time.monotonic() + words.seconds
    while time.monotonic() < end:
        data = mutate(random.choice(corpus), random)
        tried += 1
        if not survives(target, data):
            return False
        if len(data) < 20_000 and random.random() < 0.05:
            corpus = [target.sample, *target.others, *corpus[-KEPT:], data]
    print(f"{target.name}: {tried:,} tried", flush=True)
    return True


def survives(target: Target, data: bytes) -> bool:
    try:
        target.attempt(data)
    except Exception as error:
        print(f"{target.name}: {type(error).__name__} {error} for {data!r}", flush=True)
        return False
    return True


def find_target(name: str, targets: Sequence[Target] = TARGETS) -> Target:
    return next(each for each in targets if each.name == name)


if __name__ == "__main__":
    sys.exit(main())
