"""One codec, guided by atheris: `python -m tests.fuzz.guided NAME CORPUS [options of libFuzzer]`."""

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["tracker.phones"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.mutating import mutate


def change(data: bytes, most: int, seed: int) -> bytes:
    return mutate(data, Random(seed))[:most]


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    (target,) = [each for each in TARGETS if each.name == name]
    atheris.Setup([sys.argv[0], *rest], target.attempt, custom_mutator=change)
    atheris.Fuzz()
