"""The fuzzing of a long run notices what breaks a codec, and draws the same again from its seed."""

from argparse import Namespace
from random import Random

import pytest

from tests.fuzz.__main__ import try_plainly
from tests.fuzz.mutating import mutate
from tests.fuzz.targets import TARGETS, Target

WORDS = Namespace(seconds=30.0, seed=7)


def fail_on_change(data: bytes) -> None:
    if data != b'{"lat":1}':
        raise ValueError("not as it was")


def test_what_breaks_is_noticed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert not try_plainly(Target("one", b'{"lat":1}', fail_on_change), WORDS)
    assert "one: ValueError not as it was for b'" in capsys.readouterr().out


def test_a_seed_draws_the_same_again() -> None:
    for target in TARGETS:
        target.attempt(target.sample)
        drawn = [[mutate(target.sample, random) for _ in range(20)] for random in (Random(3), Random(3), Random(4))]
        assert drawn[0] == drawn[1] != drawn[2]
        for data in drawn[2]:
            target.attempt(data)
