"""What may be a name: one rule for all that people call by one."""

import pytest
from click.testing import CliRunner

from tracker.cli import main
from tracker.model.names import fault_of_name

SEEN = ("Van 12", "חיפה", "ₒ-\\ₒ", "🚌", "…", "e\u0301", "\u202eabc", "-", "가", "नाव", "A\u200dB", "１")
UNSEEN = ("", " ", "\u00a0", "\u2007\u3000", "\u200b", "\u200e\u200f", "\ufeff", "\u2060", "\u00ad", "\u115f\u1160",
          "\u3164", "\uffa0", "\u2800", "\u034f", "\ufe0f", "\u0301", "\U000e0041", "\u180e", "\ue000")  # fmt: skip
BROKEN = ("a\nb", "a\rb", "a\tb", "a\0b", "a\u2028b", "a\u2029b", "a\u0085b", "a\x0bb", "a\x7fb", "a\x1bb")


@pytest.mark.parametrize("name", SEEN)
def test_what_can_be_seen_is_a_name(name: str) -> None:
    assert fault_of_name(name) is None


@pytest.mark.parametrize("name", UNSEEN, ids=ascii)
def test_what_cannot_be_seen_is_none(name: str) -> None:
    assert fault_of_name(name) == "has nothing in it that can be seen"


@pytest.mark.parametrize("name", BROKEN, ids=ascii)
def test_what_breaks_a_line_is_none(name: str) -> None:
    assert fault_of_name(name) == "control characters and line breaks are not allowed"


@pytest.mark.parametrize(
    "name, word",
    [
        ("a\nb", "line breaks"),
        ("\u200b\u3164 ", "nothing in it"),
        ("x" * 201, "200 characters"),
        ("\x1b[2J", "control"),
    ],
)
def test_the_name_of_a_token_follows_the_rule_in_a_terminal_too(name: str, word: str) -> None:
    """Refused before a database is looked for."""
    answer = CliRunner().invoke(main, ["token", "create", "--kind", "admin", "--name", name])
    assert answer.exit_code == 2 and word in answer.output, answer.output
