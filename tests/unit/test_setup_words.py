"""The words of the command line are read before anything is set up, and are those that click knows."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tracker.cli import main
from tracker.setup import checkout
from tracker.setup.words import COMMANDS, HELP, read_words


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


CLICK = dict(commands(main))


def test_the_commands_are_those_of_click() -> None:
    assert {name: words.about for name, words in COMMANDS.items()} == {
        name: (command.help or "").split("\n\n")[0].replace("\n", " ") for name, command in sorted(CLICK.items())
    }


@pytest.mark.parametrize("name", sorted(set(CLICK) - {"test"}))
def test_the_options_are_those_of_click(name: str) -> None:
    options = [each for each in CLICK[name].params if isinstance(each, click.Option)]
    words = COMMANDS[name]
    assert set(words.flags) == {text for each in options if each.is_flag for text in each.opts} - set(HELP)
    assert set(words.valued) == {text for each in options if not each.is_flag for text in each.opts}
    assert words.arguments == sum(isinstance(each, click.Argument) for each in CLICK[name].params)


RIGHT = [
    "demo",
    "demo --bind 127.0.0.1:1 --vehicles=3",
    "serve --data -x",
    "replay a.csv --now --speed 10",
    "token create --kind admin --name me",
    "map add -8.7,52.6,-8.5,52.7 --from world.pmtiles --yes",
    "test unit",
    "--version",
]
WRONG = {
    "dmeo": "did you mean demo?",
    "demo --bnid x": "did you mean --bind?",
    "serve extra": "unexpected: extra",
    "serve --bind": "needs a value",
    "replay a.csv b.csv": "unexpected: b.csv",
    "token craete": "token create",
    "--verbose": "no such option: --verbose",
    "": "COMMAND",
}


@pytest.mark.parametrize("line", RIGHT)
def test_what_can_be_run_is_run(line: str) -> None:
    assert read_words(line.split()) is None


@pytest.mark.parametrize(("line", "said"), WRONG.items())
def test_a_slip_is_told(line: str, said: str) -> None:
    reply = read_words(line.split())
    assert reply is not None
    assert reply.code == 2
    assert said in reply.text


@pytest.mark.parametrize("line", ["--help", "-h", "test --help", "test -h unit", "serve --help", "token create -h"])
def test_help_is_given_by_a_bare_checkout_that_stays_bare(line: str, bare: Path) -> None:
    done = tracker(bare, line)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: python3 -m tracker")
    assert line[0] != "-" or all(name in done.stdout for name in COMMANDS)
    assert not (bare / ".venv").exists()


@pytest.mark.parametrize("line", ["dmeo", "test unti", "test --frob", "serve --bnid x", "token"])
def test_a_slip_sets_nothing_up(line: str, bare: Path) -> None:
    done = tracker(bare, line)
    assert done.returncode == 2
    assert done.stderr and "Traceback" not in done.stderr
    assert not (bare / ".venv").exists()


def tracker(bare: Path, line: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tracker", *line.split()]
    return subprocess.run(command, cwd=bare, env=environ, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone as git makes it, as far as the set-up looks: the sources, and nothing that was made from them."""
    for name in ("tracker", "tests", "pyproject.toml", "uv.lock"):
        (tmp_path / name).symlink_to(checkout.ROOT / name)
    (tmp_path / "tracker").unlink()
    ignored = ["--exclude=__pycache__", "-cf", "-", "tracker"]
    packed = subprocess.run(["tar", "-C", checkout.ROOT, *ignored], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-C", tmp_path, "-xf", "-"], input=packed, check=True)
    return tmp_path
