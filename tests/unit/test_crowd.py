"""What a person sees who waits for a crowd of devices."""

import asyncio
import io

import pytest
from rich.console import Console

from tests.patience import PATIENCE_S
from tracker.client.running import raise_one_error
from tracker.client.tally import Tally
from tracker.errors import TooMany
from tracker.simulator import crowd
from tracker.simulator.crowd import format_figures, show_tally


@pytest.mark.parametrize("terminal", [True, False])
async def test_progress_moves_and_the_last_word_stays(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")  # on a dumb one nothing may move
    monkeypatch.setattr(crowd, "REFRESH_S", 0.01)
    monkeypatch.setattr(crowd, "LINE_S", 0.01)
    shown = io.StringIO()
    console, tally = Console(file=shown, force_terminal=terminal, width=140), Tally(registered=1)
    async with show_tally(console, tally, "a.csv", 2000), asyncio.timeout(PATIENCE_S):
        tally.stored = 1500
        while "1500" not in shown.getvalue() or "2000" not in shown.getvalue():  # noqa: ASYNC110  # a terminal tells nobody
            await asyncio.sleep(0.01)
        tally.stored, tally.duplicate = 1990, 10
    assert shown.getvalue().rstrip().endswith("a.csv: 1,990 stored, 10 repeated")


async def test_without_a_console_nothing_is_shown() -> None:
    async with show_tally(None, Tally(), "a.csv"):
        pass


def test_figures_name_what_happened_only() -> None:
    tally = Tally(registered=3)
    assert format_figures(tally) == "3 devices"
    tally.quarantined["future"] = 2
    tally.lost[1006] = 1
    assert format_figures(tally) == "2 quarantined, 1 reconnects"


async def test_one_error_of_a_group_comes_as_itself() -> None:
    async def fails() -> None:
        raise TooMany

    with pytest.raises(TooMany):
        async with raise_one_error(), asyncio.TaskGroup() as group:
            group.create_task(fails())
