from tracker.access.backoff import FORGIVEN, FREE, LONGEST, REMEMBERED, Backoff


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def failing(times: int) -> tuple[Backoff, Clock]:
    clock = Clock()
    backoff = Backoff(clock)
    for _ in range(times):
        backoff.failed("a", b"x")
    return backoff, clock


def test_the_first_failures_are_free_and_then_each_wait_doubles() -> None:
    waits = [failing(FREE + n)[0].wait("a", b"x") for n in (0, 1, 2, 3, 20)]
    assert waits == [0.0, 2.0, 4.0, 8.0, LONGEST]


def test_a_wait_passes_and_is_forgiven() -> None:
    backoff, clock = failing(FREE + 1)
    clock.now += 2
    assert backoff.wait("a", b"x") == 0
    clock.now += FORGIVEN + 1
    backoff.failed("a", b"x")
    assert backoff.wait("a", b"x") == 0


def test_others_do_not_wait() -> None:
    backoff, _ = failing(FREE + 5)
    assert backoff.wait("b", b"x") == 0
    backoff.worked(b"good")
    assert backoff.wait("a", b"good") == 0
    backoff.failed("a", b"good")  # it was revoked
    assert backoff.wait("a", b"good") > 0


def test_memory_is_bounded() -> None:
    backoff = Backoff(Clock())
    for n in range(REMEMBERED + 50):
        backoff.failed(f"{n}", b"x")
        backoff.worked(b"%d" % n)
    assert len(backoff._failures) == len(backoff._good) == REMEMBERED
