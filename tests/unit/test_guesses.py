from tracker.access.guesses import FORGIVEN, FREE, LONGEST, REMEMBERED, Guesses


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def failing(times: int) -> tuple[Guesses, Clock]:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(times):
        guesses.note_failure("a", b"x")
    return guesses, clock


def test_the_first_failures_are_free_and_then_each_wait_doubles() -> None:
    waits = [failing(FREE + n)[0].wait("a", b"x") for n in (0, 1, 2, 3, 20)]
    assert waits == [0.0, 2.0, 4.0, 8.0, LONGEST]


def test_a_wait_passes_and_is_forgiven() -> None:
    guesses, clock = failing(FREE + 1)
    clock.now += 2
    assert guesses.wait("a", b"x") == 0
    clock.now += FORGIVEN + 1
    guesses.note_failure("a", b"x")
    assert guesses.wait("a", b"x") == 0


def test_others_do_not_wait() -> None:
    guesses, _ = failing(FREE + 5)
    assert guesses.wait("b", b"x") == 0
    guesses.note_success(b"good")
    assert guesses.wait("a", b"good") == 0
    guesses.note_failure("a", b"good")  # it was revoked
    assert guesses.wait("a", b"good") > 0


def test_memory_is_bounded() -> None:
    guesses = Guesses(Clock())
    for n in range(REMEMBERED + 50):
        guesses.note_failure(f"{n}", b"x")
        guesses.note_success(b"%d" % n)
    assert len(guesses._failures) == len(guesses._good) == REMEMBERED
