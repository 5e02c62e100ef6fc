"""The tool that asks the tests whether they would notice."""

import ast
import os
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.mutants.__main__ import MOST_ALIVE, SURVIVORS, judge, read_survivors
from tests.mutants.calls import Seen, environment, find_names
from tests.mutants.counting.sitecustomize import Notes, find_slot
from tests.mutants.drawing import Mutant, draw, find_mutants
from tests.mutants.trying import (
    LONGEST_S,
    ROOT,
    ControlFailed,
    Verdict,
    check_control,
    choose_tests,
    judge_exit,
    run_tests,
)

SOURCE = '''
class Found(msgspec.Struct, frozen=True, tag=False): ...
def find(rows: list[int] | None = None, least: int = 2) -> list[int] | None:
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
    assert ("False", "True") in made and ("True", "False") not in made, "nor could anybody see what is frozen"
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


def test_those_about_a_module_are_tried_beside_quick_ones_that_merely_start_it() -> None:
    path = "tracker/ingest/numberer.py"
    turn, others = f"{path} turn", {f"{path} set_aside", f"{path} bear"}
    calls = {f"tests/unit/test_a.py::{n}": Seen(1.0, frozenset({turn})) for n in range(100)}
    calls["tests/integration/test_b.py::about"] = Seen(20.0, frozenset({turn, *others}))
    chosen = choose_tests(Mutant(path, "turn", 1, "", "", 0, 0, ""), calls)
    assert chosen[-1] == "tests/integration/test_b.py::about" and 30 <= len(chosen) <= 45


@pytest.mark.parametrize(
    ("exit_code", "control_s", "is_whole", "verdict"),
    [
        (0, 1.0, True, Verdict.LIVES),
        (1, 1.0, True, Verdict.NOTICED),
        (2, 1.0, True, Verdict.UNTOLD),
        (2, 1.0, False, Verdict.UNIMPORTABLE),
        (4, 1.0, True, Verdict.UNTOLD),
        (5, 1.0, True, Verdict.UNTOLD),
        (-9, 1.0, True, Verdict.UNTOLD),
        (None, LONGEST_S / 3 - 1, True, Verdict.ENDLESS),
        (None, LONGEST_S / 3, True, Verdict.UNTOLD),
    ],
)
def test_only_a_test_that_fails_has_noticed(
    exit_code: int | None, control_s: float, is_whole: bool, verdict: Verdict
) -> None:
    assert judge_exit(exit_code, control_s, lambda: is_whole) == verdict


ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # no plugin: these tests ask for none


def test_how_tests_end_is_told_apart(tmp_path: Path) -> None:
    """By pytest itself, in a folder of its own."""
    (tmp_path / "test_fails.py").write_text("def test_one(): assert False")
    (tmp_path / "test_none.py").write_text("import what_is_not_there")
    (tmp_path / "test_endless.py").write_text("import threading; threading.Event().wait()")
    (tmp_path / "pytest.ini").write_text("[pytest]")
    assert run_tests(tmp_path, ["test_fails.py"], LONGEST_S, more=ALONE) == 1
    assert run_tests(tmp_path, ["test_none.py"], LONGEST_S, more=ALONE) == 2
    assert run_tests(tmp_path, ["test_endless.py"], 1.0, more=ALONE) is None


@pytest.mark.parametrize("exit_code", [1, 2, 4, 5, None])
def test_tests_that_do_not_pass_without_a_mutant_are_not_used(exit_code: int | None) -> None:
    seen = {
        "tests/unit/test_a.py::test_one": Seen(1.0, frozenset()),
        "tests/unit/test_a.py::two": Seen(1.0, frozenset()),
    }
    check_control("unit", 0, seen)
    with pytest.raises(ControlFailed, match=f"the tests of unit end with {exit_code}, last of them tests/.*::two"):
        check_control("unit", exit_code, seen)
    with pytest.raises(ControlFailed, match="last of them none"):
        check_control("unit", exit_code, {})


def test_what_a_server_runs_through_is_seen_in_its_process(tmp_path: Path) -> None:
    seen = environment(tmp_path)
    command = "import threading; from tracker.geo.distance import distance as d; t = threading.Thread(target=d, "
    command += "args=(0, 0, 1, 1)); t.start(); t.join(); d.__doc__.strip(); print(d.__code__.co_firstlineno)"
    found = {}
    for more in ({}, seen):
        made = subprocess.run(
            [sys.executable, "-c", command], cwd=ROOT, env=os.environ | more, capture_output=True, check=True
        )
        found[bool(more)] = made.stdout
    assert found[True] == found[False], "a traceback names the same lines"
    counted = (tmp_path / "counted").read_bytes()
    assert counted[find_slot("tracker/geo/distance.py", "distance")] and sum(counted) < 10


def test_every_function_that_may_be_called_has_its_byte() -> None:
    names = find_names(ROOT / "tests/mutants", ("counting/*.py",))
    assert (
        find_slot("counting/sitecustomize.py", "Finder.find_spec"),
        "counting/sitecustomize.py Finder.find_spec",
    ) in names


def test_a_function_is_named_as_a_mutant_names_its_place() -> None:
    within = 'class Fence:\n    def look(self):\n        """x"""\n        async def inner(): return not a\n'
    notes = Notes("a.py")
    made = ast.unparse(notes.visit(ast.parse(within)))
    assert set(notes.places) == {"Fence.look", "Fence.look.inner"}
    assert {mutant.place for mutant in find_mutants("a.py", within.encode())} == {"Fence.look.inner"}
    assert made.index("x") < made.index("__counted__"), "a docstring stays one"


def test_one_that_lives_without_a_reason_fails_and_so_do_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = draw(ROOT, ["store"], 10, 1)
    reasons = {mutant.name: "the same" for mutant in drawn}

    def verdicts(*others: Verdict) -> dict[Mutant, Verdict]:
        return dict(zip_longest(drawn, others, fillvalue=Verdict.NOTICED))  # type: ignore[arg-type]

    assert judge(verdicts(Verdict.ENDLESS, Verdict.UNIMPORTABLE), {}) == 0
    assert judge(verdicts(*[Verdict.LIVES] * 2), reasons) == 0
    assert judge(verdicts(*[Verdict.LIVES] * 3), reasons) == 1, "three of ten"
    assert judge(verdicts(Verdict.UNTOLD), reasons) == 1, "nobody knows"
    assert "store: of 10 9 noticed, 0 no import, 0 endless, 0 LIVES, 1 UNTOLD; " in capsys.readouterr().out
    assert judge(verdicts(Verdict.LIVES), {}) == 1
    assert capsys.readouterr().out.endswith(f": {drawn[0].name}\n9 passed, 1 failed\n")


def test_survivors_have_reasons() -> None:
    assert read_survivors("# why\nname one\n  a reason\n  in two lines\n") == {"name one": "a reason in two lines"}
    assert all(read_survivors(SURVIVORS.read_text()).values())
