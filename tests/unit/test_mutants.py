"""The tool that asks the tests whether they would notice."""

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import MOST_ALIVE, SURVIVORS, judge, read_survivors
from tests.mutants.calls import Seen, name_place
from tests.mutants.drawing import Mutant, draw, find_mutants
from tests.mutants.trying import ROOT, choose_tests

SOURCE = '''
def find(rows: list[int] | None = None, least: int = 2) -> list[int]:
    """At most `least` < 3."""
    if not rows or len(rows) < least:
        return []
    log("é", x - 1)
    return conn.fetch("""select id from fix where device = $1 and at >= $2""")
'''.encode()


def test_each_mutant_is_one_word_that_could_be_another() -> None:
    mutants = find_mutants("a.py", SOURCE)
    made = {(mutant.before, mutant.after) for mutant in mutants}
    assert {("not ", ""), ("or", "and"), ("<", "<="), ("-", "+"), ("1", "2"), ("2", "3"), (" and ", " or ")} <= made
    assert {(" >= ", " > "), ("not rows or len(rows) < least", "True"), ("return []", "return None")} <= made
    assert ("3", "4") not in made and ("|", "&") not in made, "neither words nor annotations are code"
    for mutant in mutants:
        assert SOURCE[mutant.start : mutant.end].decode() == mutant.before != mutant.after
        ast.parse(SOURCE[: mutant.start] + mutant.after.encode() + SOURCE[mutant.end :])


@pytest.mark.parametrize("folder", MOST_ALIVE)
def test_what_is_drawn_can_be_run_and_is_the_same_for_the_same_seed(folder: str, tmp_path: Path) -> None:
    drawn = draw(ROOT, [folder], 30, 7)
    assert drawn == draw(ROOT, [folder], 30, 7) != draw(ROOT, [folder], 30, 8)
    for mutant in drawn:
        copy = tmp_path / mutant.path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / mutant.path).read_bytes())
        mutant.apply(tmp_path)
        ast.parse(copy.read_text())


def test_the_tests_that_run_through_it_are_tried_the_quickest_first_and_others_where_there_are_none() -> None:
    fence = "tracker/pipeline/fence.py"
    calls = {
        "tests/unit/test_a.py::slow": Seen(9.0, frozenset({f"{fence} decide"})),
        "tests/unit/test_a.py::quick": Seen(0.1, frozenset({f"{fence} decide", f"{fence} Fence.look"})),
        "tests/alerts/test_b.py::other": Seen(0.1, frozenset({f"{fence} decide"})),
        "tests/integration/test_c.py::served": Seen(2.0, frozenset({"tests/running.py RunningServer.start"})),
        "tests/unit/test_a.py::endless": Seen(900.0, frozenset({f"{fence} decide"})),
    }

    def chosen(path: str, place: str) -> list[str]:
        return [test.rpartition(":")[2] for test in choose_tests(Mutant(path, place, 1, "", "", 0, 0, ""), calls)]

    assert chosen(fence, "decide") == ["quick", "slow"]
    assert chosen(fence, "Fence.look") == ["quick"]
    assert chosen(fence, "module") == ["quick", "slow"]
    assert chosen("tracker/pipeline/other.py", "find") == ["served"]


def test_a_function_is_named_as_a_mutant_names_its_place() -> None:
    names = ("decide", "Fence.look", "decide.<locals>.inner", "decide.<locals>.<genexpr>", "<module>")
    assert [name_place(name) for name in names] == ["decide", "Fence.look", "decide.inner", "decide", "module"]


def test_one_that_lives_without_a_reason_fails_and_so_do_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = draw(ROOT, ["store"], 10, 1)
    reasons = {mutant.name: "the same" for mutant in drawn}
    assert judge(drawn, [], {}) == 0
    assert judge(drawn, drawn[:2], reasons) == 0
    assert judge(drawn, drawn[:3], reasons) == 1, "three of ten"
    assert judge(drawn, drawn[:1], {}) == 1
    assert capsys.readouterr().out.endswith(f": {drawn[0].name}\n9 passed, 1 failed\n")


def test_survivors_have_reasons() -> None:
    assert read_survivors("# why\nname one\n  a reason\n  in two lines\n") == {"name one": "a reason in two lines"}
    assert all(read_survivors(SURVIVORS.read_text()).values())
