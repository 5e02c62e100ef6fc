"""What a waiting person sees of a crowd of device clients in one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tracker.client.tally import Tally, say_counts

HANDSHAKES = 64  # at a time
REFRESH_S = 0.25
LINE_S = 10.0  # between two lines where the console is not a terminal


@asynccontextmanager
async def show_tally(
    console: Console | None, tally: Tally, title: str, total: int | None = None
) -> AsyncIterator[None]:
    """Progress on the console while the block runs; `total` is in fixes."""
    if console is None:
        yield
        return
    draw = _show_bar if console.is_terminal else _show_lines
    display = asyncio.create_task(draw(console, tally, title, total))
    try:
        yield
    finally:
        display.cancel()
        await asyncio.wait([display])
        if tally.registered:  # if not, an error says more
            console.print(f"{title}: {format_figures(tally)}", highlight=False)


async def _show_bar(console: Console, tally: Tally, title: str, total: int | None) -> None:
    title_column, figures_column = TextColumn("{task.description}"), TextColumn("{task.fields[figures]}")
    columns = (SpinnerColumn(), title_column, BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn(), figures_column)
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as bar:
        task = bar.add_task(title, total=total, figures="")
        while True:
            bar.update(task, completed=tally.answered, figures=format_figures(tally), refresh=True)
            await asyncio.sleep(REFRESH_S)


async def _show_lines(console: Console, tally: Tally, title: str, total: int | None) -> None:
    while True:
        await asyncio.sleep(LINE_S)
        of = "" if total is None else f" of {total}"
        console.print(f"{title}: {tally.answered}{of} fixes answered; {format_figures(tally)}", highlight=False)


def format_figures(tally: Tally) -> str:
    parts = [
        (tally.connected, "connected"),
        (tally.stored, "stored"),
        (tally.duplicate, "repeated"),
        (tally.known, "acked late"),
        (tally.quarantined.total(), "quarantined"),
        (tally.dropped, "dropped"),
        (tally.refused, "refused"),
        (tally.unreadable.total() - tally.unreadable["odd_time"], "unreadable"),
        (tally.unreadable["odd_time"], "left out for an odd time"),
        (tally.lost.total(), "reconnects"),
        (tally.commands.total(), "commands"),
    ]
    figures = say_counts(parts) or f"{tally.registered:,} devices"
    return f"{figures}; waiting: {tally.trouble}" if tally.trouble else figures
