"""What a device is told it may forget is stored: always, and in whatever order its frames are committed."""

from hypothesis import given
from hypothesis import strategies as st

from tracker.ingest.progress import AHEAD, Progress


@given(st.lists(st.integers(1, 40), max_size=80))
def test_progress_never_says_too_much(order: list[int]) -> None:
    progress = Progress("b")
    stored: set[int] = set()
    for seq in order:
        progress.stored(seq)
        stored.add(seq)
        assert stored >= set(range(1, progress.through + 1))
    assert progress.through + 1 not in stored, "nor too little, where there is no gap"


@given(st.permutations(range(1, 30)), st.integers(0, 28))
def test_after_a_restart_it_goes_on_from_what_the_checkpoint_knew(order: list[int], known: int) -> None:
    progress = Progress("b", known)
    for seq in order:
        progress.stored(seq)
    assert progress.through == 29


def test_a_gap_that_never_closes_takes_no_memory() -> None:
    progress = Progress("b")
    for seq in range(2, 10 * AHEAD):
        progress.stored(seq)
    assert progress.through == 0 and len(progress.ahead) <= AHEAD
