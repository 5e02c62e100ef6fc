"""One codec, guided by atheris: `python -m tests.fuzz.guided NAME CORPUS [options of libFuzzer]`."""

import sys
from random import Random
from typing import Final

import atheris

with atheris.instrument_imports(include=["tracker.phones"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.mutating import mutate

OURS: Final = 0.6  # of all changes


def change(data: bytes, most: int, seed: int) -> bytes:
    """Ours knows what JSON and forms are, libFuzzer's what the codec compared with: one finds what the other cannot."""
    random = Random(seed)
    return mutate(data, random)[:most] if random.random() < OURS else bytes(atheris.Mutate(data, most))


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    (target,) = [each for each in TARGETS if each.name == name]
    atheris.Setup([sys.argv[0], *rest], target.attempt, custom_mutator=change)
    atheris.Fuzz()
