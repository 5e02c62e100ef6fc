import pytest

from tracker.access.guesses import FORGIVEN, FREE, LONGEST, REMEMBERED, Guesses
from tracker.access.tries import FREE_AT_ACCOUNT, Tries
from tracker.errors import TooMany


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def failing(times: int) -> tuple[Guesses, Clock]:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(times):
        guesses.note_failure("a")
    return guesses, clock


def test_the_first_failures_are_free_and_then_each_wait_doubles() -> None:
    waits = [failing(FREE + n)[0].wait("a") for n in (0, 1, 2, 3, 20)]
    assert waits == [0.0, 2.0, 4.0, 8.0, LONGEST]


def test_a_wait_passes_and_is_forgiven() -> None:
    guesses, clock = failing(FREE + 1)
    clock.now += 2
    assert guesses.wait("a") == 0
    clock.now += FORGIVEN + 1
    guesses.note_failure("a")
    assert guesses.wait("a") == 0


def test_others_do_not_wait() -> None:
    guesses, _ = failing(FREE + 5)
    assert guesses.wait("b") == 0


def test_memory_is_bounded() -> None:
    guesses = Guesses(Clock())
    for n in range(REMEMBERED + 50):
        guesses.note_failure(f"{n}")
    assert len(guesses._failures) == REMEMBERED


def test_an_account_as_long_as_a_body_is_counted_and_not_remembered_in_full() -> None:
    tries, whom = Tries(Clock()), list[str]()
    for guesses in tries.list_counts("password").values():
        guesses.tell = lambda each, is_more: whom.append(each)
    for _ in range(FREE_AT_ACCOUNT + 1):
        tries.begin("A" * 60_000, "192.0.2.1")
    with pytest.raises(TooMany):
        tries.begin("a" * 60_000, "192.0.2.1")
    tries.begin("a" * 60_001, "192.0.2.1")
    tries.begin("\ud800" * 300, "192.0.2.1")
    assert whom and max(map(len, whom)) < 100
