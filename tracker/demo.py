"""The demo: a server, vehicles that drive around Helsinki, geofences, and a link to sign in with."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rich.console import Console

from tracker.errors import ServerEnded
from tracker.processes.parent import run
from tracker.settings import Settings
from tracker.simulator.demo import furnish
from tracker.simulator.simulate import Fleet, simulate
from tracker.start import Start, bound_url

SEED: Final = 7


async def demonstrate(settings: Settings, shutdown: asyncio.Event, vehicles: int, console: Console) -> None:
    """Until `shutdown`. The link's token is the operator's, made for this run: it ends with it."""
    token = settings.admin_token or secrets.token_urlsafe(32)
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        started: Callable[[Start], None] = lambda start: listening.set_result(start.addresses[0])  # noqa: E731
        with console.status("starting the database and the server"):
            tasks.create_task(serve(replace(settings, admin_token=token), shutdown, started), name="server")
            url = bound_url(settings, await listening)
        vehicles_on_the_road = tasks.create_task(drive(url, token, vehicles, console), name="vehicles")
        await shutdown.wait()
        vehicles_on_the_road.cancel()


async def serve(settings: Settings, shutdown: asyncio.Event, started: Callable[[Start], None]) -> None:
    if await run(settings, shutdown, started, log_level="warning") and not shutdown.is_set():
        raise ServerEnded


async def drive(url: str, token: str, vehicles: int, console: Console) -> None:
    await furnish(url, token)
    console.print(f"\n  Open [bold]{url}/#token={token}[/]\n  Stop with Ctrl-C.\n", highlight=False, soft_wrap=True)
    await simulate(url, token, Fleet(count=vehicles, seed=SEED))
