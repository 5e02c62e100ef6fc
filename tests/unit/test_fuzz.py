"""The fuzzing of a long run notices what breaks a codec, and draws the same again from its seed."""

from argparse import Namespace
from random import Random

import pytest

from tests.fuzz.__main__ import describe, try_plainly
from tests.fuzz.mutating import mutate
from tests.fuzz.targets import TARGETS, Target

WORDS = Namespace(seconds=30.0, seed=7)


def fail_on_change(data: bytes) -> None:
    if data != b'{"lat":1}':
        raise ValueError("not as it was")


def test_what_breaks_is_noticed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert not try_plainly(Target("one", b'{"lat":1}', fail_on_change), WORDS)
    assert "one: ValueError not as it was for b'" in capsys.readouterr().out


def test_what_a_guided_run_reached_is_said() -> None:
    said = """INFO: seed corpus: files: 1 min: 42b max: 42b total: 42b rss: 46Mb
#2	INITED cov: 114 ft: 115 corp: 1/42b exec/s: 0 rss: 46Mb
#16	NEW    cov: 120 ft: 130 corp: 2/90b lim: 20000 exec/s: 0 rss: 46Mb L: 48/48 MS: 1 Custom-
#16940	DONE   cov: 406 ft: 820 corp: 106/43Kb lim: 20000 exec/s: 1882 rss: 61Mb
Done 16940 runs in 9 second(s)"""
    assert describe(said) == "16,940 tried, 406 edges reached (114 by the samples), 106 inputs kept"
    assert describe("Traceback") == "nothing was tried"


def test_a_seed_draws_the_same_again() -> None:
    for target in TARGETS:
        for seed in (target.sample, *target.others):
            target.attempt(seed)
        drawn = [[mutate(target.sample, random) for _ in range(20)] for random in (Random(3), Random(3), Random(4))]
        assert drawn[0] == drawn[1] != drawn[2]
        for data in drawn[2]:
            target.attempt(data)
