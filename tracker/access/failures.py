"""Failures: those to sign in that count in the whole installation. Each process tells the others what it counts, by a
message that may be lost: then somebody has a try more."""

from collections.abc import Callable, Mapping
from functools import partial

from tracker.access.gate import Gate
from tracker.access.guesses import Guesses
from tracker.access.passwords import Passwords

Tell = Callable[[str, str, bool], None]  # by which count, of whom, one more or one less


def list_counts(gate: Gate, passwords: Passwords) -> Mapping[str, Guesses]:
    """By their names, which are the same in every process."""
    return {
        "token": gate.guesses,
        "code": passwords.factor.guesses,
        **passwords.tries.list_counts("password"),
        **passwords.letters.list_counts("letter"),
    }


def share(counts: Mapping[str, Guesses], tell: Tell) -> Tell:
    """`tell` is told what is counted here; what is given back takes what is counted elsewhere."""
    for name, guesses in counts.items():
        guesses.tell = partial(tell, name)

    def hear(name: str, whom: str, is_more: bool) -> None:
        if (guesses := counts.get(name)) is not None:
            guesses.hear(whom, is_more)

    return hear
