"""The set-up of a bare checkout, without installing anything."""

import ast
import io
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lines import read_lines
from tracker.errors import SetupFailed
from tracker.setup import checkout, environment, tests, web
from tracker.setup.browser import find_chromium
from tracker.setup.parts import AT_ONCE, Part, PartRun, run_parts
from tracker.setup.prepare import needs_of
from tracker.setup.steps import Completed, Display, explain, must
from tracker.setup.system import Package, find_apt, reason_of
from tracker.setup.tests import Choice, read_choice, read_words, report

ROOT = checkout.ROOT


@pytest.mark.parametrize(
    ("line", "environ", "postgis", "page", "chromium"),
    [
        ("demo", {}, True, True, False),
        ("demo --bind 127.0.0.1:9000", {}, True, True, False),
        ("serve", {"TRACKER_DATABASE_URL": "postgresql://x"}, False, True, False),
        ("serve --database postgresql://x", {}, False, True, False),
        ("test", {"TRACKER_DATABASE_URL": "postgresql://x"}, True, True, True),
        ("serve --help", {}, False, False, False),
        ("token create --kind admin", {}, False, False, False),
        ("", {}, False, False, False),
    ],
)
def test_each_command_needs_only_what_it_uses(
    line: str, environ: dict[str, str], postgis: bool, page: bool, chromium: bool
) -> None:
    needs = needs_of(line.split(), environ)
    assert (needs.postgis, needs.page, needs.chromium) == (postgis, page, chromium)


def test_only_the_long_run_installs_what_other_tests_are_skipped_without() -> None:
    assert [needs_of(line.split(), {}).long for line in ("test", "test --fast", "test --long unit")] == [
        False,
        False,
        True,
    ]


def test_the_entry_can_be_read_by_an_old_python() -> None:
    ast.parse((ROOT / "tracker/__main__.py").read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("newer", [True, False])
def test_an_old_python_goes_on_as_a_newer_one_or_says_so(tmp_path: Path, newer: bool) -> None:
    if newer:
        program(tmp_path / "python3.12", 'echo "went on: $*"')
    pretend = "import sys; sys.version_info = (3, 9, 2); sys.argv = ['tracker', 'demo']\n"
    entry = pretend + (ROOT / "tracker/__main__.py").read_text()
    done = subprocess.run([sys.executable, "-c", entry], env={"PATH": str(tmp_path)}, capture_output=True, check=False)
    if newer:
        assert done.stdout == b"went on: -m tracker demo\n"
    else:
        assert (done.returncode, done.stderr) == (3, b"tracker needs Python 3.11, 3.12 or 3.13; this is 3.9\n")


@pytest.mark.parametrize(
    ("version", "recent"),
    [
        ("v18.19.0", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("", False),
    ],
)
def test_which_node_can_build_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, recent: bool
) -> None:
    program(tmp_path / "node", f"echo {version}")
    program(tmp_path / "npm", "true")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert web.node_is_recent() is recent
    assert web.node_environ()["PATH"].startswith(str(tmp_path if recent else checkout.ENVIRONMENT))


@pytest.mark.parametrize(("version", "usable"), [("uv 0.8.22", False), ("uv 0.13.9 (x)", True), ("uv 1.0.0", True)])
def test_an_old_uv_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, usable: bool) -> None:
    program(tmp_path / "uv", f"echo '{version}'")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (environment.find_uv() == tmp_path / "uv") is usable


def test_a_copy_that_links_to_an_environment_does_not_make_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or all that runs from it elsewhere, such as the tests of a mutant, loses its packages meanwhile."""
    monkeypatch.setattr(environment, "STAMP", tmp_path / "stamp")
    environment.STAMP.write_text(f"{environment._mark()} dev")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    link = tmp_path / ".venv"
    monkeypatch.setattr(environment, "ENVIRONMENT", link)
    link.symlink_to(checkout.ENVIRONMENT)
    assert environment.is_ready(["dev"])
    link.unlink()
    assert not environment.is_ready(["dev"]), "its scripts would name the Python of the other"


def test_a_chosen_browser_counts_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium({"TRACKER_CHROMIUM": "/opt/mine"}) == Path("/opt/mine")
    program(tmp_path / "google-chrome", "true")
    assert find_chromium({}) == tmp_path / "google-chrome"


def test_a_digest_changes_with_names_contents_and_words(tmp_path: Path) -> None:
    def digest(files: list[Path], *words: str) -> str:
        return checkout.digest(files, *words, root=tmp_path)

    one, two = tmp_path / "a", tmp_path / "b"
    one.write_text("x")
    two.write_text("x")
    seen = {digest([one]), digest([two]), digest([one, two]), digest([one], "w")}
    one.write_text("y")
    assert len(seen | {digest([one])}) == 5


def test_without_root_and_sudo_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = [Package("postgresql-postgis", "PostgreSQL with PostGIS"), Package("chromium", "a browser")]
    program(tmp_path / "apt-get", "true")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(
        SetupFailed, match="apt-get update && apt-get install --no-install-recommends postgresql-postgis chromium"
    ):
        find_apt(packages, Display(io.StringIO()))
    (tmp_path / "apt-get").unlink()
    program(tmp_path / "brew", "true")
    with pytest.raises(SetupFailed, match="brew install postgis"):
        find_apt(packages, Display(io.StringIO()))


def test_a_failing_command_shows_its_last_words() -> None:
    with pytest.raises(SetupFailed, match=r"ended with 7:\nline 2$"):
        must(["sh", "-c", "echo line 1 >/dev/null; echo line 2; exit 7"], cwd=ROOT)
    with pytest.raises(SetupFailed, match="no-such-program is not there"):
        must(["no-such-program"], cwd=ROOT)


@pytest.mark.parametrize(
    ("output", "known"),
    [
        ("W: Failed to fetch http://deb.debian.org/debian/dists/trixie/InRelease", "is this machine online"),
        ("Err:1 http://x trixie\n  Temporary failure resolving 'deb.debian.org'", "(Temporary failure resolving 'deb"),
        ("  Caused by: failed to lookup address information: Name or service not known", "is this machine online"),
        ("npm error code EAI_AGAIN", "is this machine online"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "the disk is full"),
        ("error: failed to write: No space left on device (os error 28)", "the disk is full"),
        ("npm error code ENOSPC", "the disk is full"),
        ("E: Unable to locate package postgresql-postgis", None),
        ("error: the build failed", None),
    ],
)
def test_what_befalls_machines_is_told_with_the_next_step(output: str, known: str | None) -> None:
    told = explain(output, ROOT)
    assert told is None if known is None else known in str(told)


def test_apt_is_quoted_in_its_own_errors_only() -> None:
    output = "Reading package lists...\nE: Unable to locate package x\nE: Unable to locate package x\n"
    assert reason_of(output) == "E: Unable to locate package x"


def test_steps_are_told_line_by_line_without_a_terminal() -> None:
    out = io.StringIO()
    with Display(out).shown() as display:
        with display.step("first"):
            pass
        with pytest.raises(ValueError, match="no"), display.step("second"):
            raise ValueError("no")
    lines = [line.split()[:2] for line in out.getvalue().splitlines()]
    assert lines == [["...", "first"], ["ok", "first"], ["...", "second"], ["FAILED", "second"]]


def test_a_failing_part_fails_the_run_and_is_shown() -> None:
    said = io.StringIO()
    parts = [Part("good", ("true",)), Part("bad", ("sh", "-c", "echo the reason; exit 1"))]
    results = run_parts(parts, Display(said))
    assert report(results, 1.0) == 1
    assert "the reason" in said.getvalue()
    assert report([PartRun(parts[0], "passed", Completed(0, "", 0.1))], 1.0) == 0


def test_what_python_compiles_is_kept_for_the_next_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or each of hundreds of servers compiles its libraries anew: half of the time of all tests."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    said = io.StringIO()
    asking = Part("asking", (sys.executable, "-c", "import sys; sys.exit(sys.dont_write_bytecode)"))
    assert [result.word for result in run_parts([asking], Display(said))] == ["passed"]


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("..\n== 3 passed, 1 warning in 2s ==\n", "3 passed, 1 warning in 2s"),
        (" Tests  57 passed (57)\n Duration  6.08s\n", "Tests  57 passed (57)"),
        ("> tsc\n\n", "> tsc"),
        ("", ""),
    ],
)
def test_the_line_in_which_a_tool_counts(output: str, line: str) -> None:
    assert tests.summary(output) == line


def test_every_folder_with_tests_is_a_part_and_a_wrong_name_is_refused() -> None:
    folders = {path.relative_to(tests.TESTS).parts[0] for path in tests.TESTS.rglob("test_*.py")}
    parts = tests.running(Choice((), False, False, 0))
    assert {part.name for part in parts} == folders | set(tests.APART.values())
    assert {part.name for part in parts} >= {"api", "rights", "told"}
    assert {part.name for part in tests.all_parts(Choice((), False, False, 0))} >= set(tests.ORDER)
    files = [word for part in parts for word in part.command if word.startswith("tests/")]
    assert sorted(files) == sorted(str(path.relative_to(ROOT)) for path in tests.TESTS.rglob("test_*.py"))
    assert tests.main(["unti"]) == 2


def test_a_part_that_waits_takes_no_place_of_another(tmp_path: Path) -> None:
    """It ends when the last of the others has begun, which none of those before it does before."""
    last = tmp_path / "begun"
    until_begun = f"from tests.patience import until; import pathlib; until(pathlib.Path({str(last)!r}).exists)"
    begin = f"import pathlib; pathlib.Path({str(last)!r}).touch()"
    computing = [Part(f"part-{n}", (sys.executable, "-c", until_begun)) for n in range(AT_ONCE - 1)]
    waiting = Part("waits", (sys.executable, "-c", until_begun), waits=True)
    parts = [waiting, *computing, Part("last", (sys.executable, "-c", begin))]
    assert [each.word for each in run_parts(parts, Display(io.StringIO()))] == ["passed"] * len(parts)
    assert [part.name for part in tests.running(Choice((), False, False, 0)) if part.waits] == ["websocket"]


LEAVING = """
import signal, subprocess, sys
deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); signal.pause()"
left = subprocess.Popen([sys.executable, "-c", deaf])
open(sys.argv[1], "w").write(f"{left.pid}\\n")
signal.pause()
"""
TESTING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # who is started in the background has it ignored
from tracker.setup import parts, tests
from tracker.setup.steps import Display
chosen = [parts.Part(name, (sys.executable, "-c", sys.argv[1], sys.argv[2] + name)) for name in sys.argv[3:]]
sys.exit(tests.report(parts.run_parts(chosen, Display(sys.stdout)), 1.0))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_run_that_is_told_to_end_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Parts under way, each with a process that minds no Ctrl-C, and one that has not begun."""
    *begun, last = [f"part-{n}" for n in range(AT_ONCE + 1)]
    command = [sys.executable, "-c", TESTING, LEAVING, f"{tmp_path}/", *begun, last]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: all(read_lines(tmp_path / name) for name in begun))
            left = [int(read_lines(tmp_path / name)[0]) for name in begun]
            process.send_signal(number)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, said
    assert [line.split()[:2] for line in said.splitlines() if "  0.0 s" in line][-1] == ["not", "run"], said
    assert [said.count(f"interrupted  {name}") for name in begun] == [2] * AT_ONCE, said
    wait_for(lambda: not any(is_running(pid) for pid in left))


def is_running(pid: int) -> bool:
    """One that has ended but is still listed is not: where the tests are the first process, nobody takes it off."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition: Callable[[], object], within_s: float = 30.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


SKIPPED = """
SKIPPED [2] tests/unit/test_a.py:7: no folder `shared`
SKIPPED [1] tests/unit/test_b.py:9: needs unshare
1 failed, 4 passed, 3 skipped in 2.00s
"""


def test_skips_are_told_with_their_reasons_once_and_all_tests_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    results = [PartRun(Part(name, ("pytest",)), "FAILED", Completed(1, SKIPPED, 2.0)) for name in ("unit", "geofence")]
    results.append(PartRun(Part("mypy", ("mypy",)), "FAILED", Completed(1, "Found 30 errors in 8 files\n", 2.0)))
    assert report(results, 1.0) == 1
    said = capsys.readouterr().out
    assert "  4 skipped: no folder `shared`\n  2 skipped: needs unshare\n" in said
    assert "\n8 passed, 2 failed, 6 skipped\n3 parts FAILED in 1 s" in said


FAILING = """
    def test_a() -> None:
>       assert "the first" == "the last"
E       AssertionError: assert 'the first' == 'the last'
tests/unit/test_a.py:7: AssertionError
=== short test summary info ===
SKIPPED [1] tests/unit/test_b.py:9: needs unshare
ERROR tests/unit/test_b.py::test_b - RuntimeError: left behind
FAILED tests/unit/test_a.py::test_a - AssertionError: assert 'the first' ==...
1 failed, 4 passed, 1 skipped, 1 error in 2.00s
"""


def test_the_end_of_a_run_names_what_failed_and_what_was_untrue(capsys: pytest.CaptureFixture[str]) -> None:
    passed = PartRun(Part("geofence", ("pytest",)), "passed", Completed(0, FAILING, 2.0))
    assert report([PartRun(Part("unit", ("pytest",)), "FAILED", Completed(1, FAILING, 2.0)), passed], 1.0) == 1
    end = capsys.readouterr().out.partition("unit:\n")[2]
    assert end == (
        "  E       AssertionError: assert 'the first' == 'the last'\n"
        "  ERROR tests/unit/test_b.py::test_b - RuntimeError: left behind\n"
        "  FAILED tests/unit/test_a.py::test_a - AssertionError: assert 'the first' ==...\n"
        "1 parts FAILED in 1 s\n"
    )


@pytest.mark.parametrize(
    ("line", "said", "code"),
    [
        ("--fast --long", "not both", 2),
        ("--fats", "no such option: --fats; there are --fast, --long", 2),
        ("--long untl", "no such part: untl; there are ruff", 2),
        ("faults -h", "--seed=N", 0),
    ],
)
def test_the_words_of_test_are_read_before_anything_else(line: str, said: str, code: int) -> None:
    reply = read_words(line.split())
    assert reply and (said in reply.text, reply.code) == (True, code)


def test_a_long_run_is_drawn_by_a_seed_that_can_be_given_again() -> None:
    choice = read_choice(["--long", "--seed=7", "unit"])
    assert (choice.names, choice.is_long, choice.seed) == (("unit",), True, 7)
    commands = {part.name: part.command for part in tests.all_parts(choice)}
    assert "--hypothesis-seed=7" in commands["unit"] and commands["mutants"][-1] == commands["fuzz"][-1] == "--seed=7"
    assert choice.environ["TRACKER_TEST_PROFILE"] == "long"
    drawn = {read_choice(["--long"]).seed for _ in range(5)}
    assert len(drawn) > 1, "another each time"
    assert "mutants" not in {part.name for part in tests.all_parts(read_choice([]))}


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
