from tracker.access.guesses import FORGIVEN, FREE, LONGEST, REMEMBERED, Guesses


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
