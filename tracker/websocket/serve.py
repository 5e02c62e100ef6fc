"""Listening, and the orderly end."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.utils import wrap_app
from quart import Quart

from .certificate import follow
from .config import RoomConfig
from .door import Door, describe_address, listen
from .limits import Limits
from .plain_request import Take
from .probe import fit
from .room import Room
from .shortcut import Admit
from .site import Site
from .usher import Usher

log = logging.getLogger("tracker.websocket")


class Endpoint(NamedTuple):
    """Where connections come in, and what is spoken there. Without `hand_over` all of it goes by plain ASGI; `admit`
    says who need not go by the routes, and `take` answers plain requests beside them. `usher` brings connections from
    other processes of this machine."""

    bind: Sequence[str]
    certificate: Path | None = None
    key: Path | None = None
    http2: bool = False
    hand_over: bool = True
    admit: Admit | None = None
    take: Take | None = None
    usher: Usher | None = None


class Shutdown(NamedTuple):
    """The end, once `shutdown` is set, within `grace` seconds: stop accepting; await `before_close` (at most half of
    the grace: drain what was received, say goodbye); close every WebSocket with 1012, spread over a fifth of the grace
    so that not all come back in one moment; abort what does not answer. Once `aside` is set, before, nobody more is
    accepted, and who is there stays."""

    shutdown: asyncio.Event
    before_close: Callable[[], Awaitable[None]] | None = None
    grace: float = 10.0
    aside: asyncio.Event | None = None


async def serve(
    app: Quart,
    endpoint: Endpoint,
    ending: Shutdown,
    *,
    room: Room | None = None,
    ready: Callable[[list[str]], None] = lambda _: None,
) -> None:
    """Serve until the shutdown is set. `ready` is told the bound addresses once connections are taken."""
    room = room or Room(Limits())
    config = RoomConfig(room.limits, room.violations, endpoint.certificate, endpoint.key, http2=endpoint.http2)
    await fit()
    async with _lifespan(app, config) as (wrapped, state):
        secured = config.create_ssl_context()
        ways = secured, room, endpoint.hand_over, endpoint.admit, endpoint.take
        site = Site(wrapped, config, WorkerContext(None), state, *ways)
        listeners = [listen(address, room.limits) for address in endpoint.bind]
        async with asyncio.TaskGroup() as connections:
            doors = [Door(listener, site, connections) for listener in listeners]
            entries: list[Door | Usher] = [*doors]
            if endpoint.usher is not None:
                endpoint.usher.begin(doors[0].receive)
                entries.append(endpoint.usher)
            ready([describe_address(listener) for listener in listeners])
            standing = connections.create_task(_stand_aside(entries, ending.aside))
            following = connections.create_task(follow(secured, endpoint.certificate, endpoint.key))
            try:
                await ending.shutdown.wait()
            finally:
                standing.cancel()
                following.cancel()
                for each in entries:
                    each.shut()
            await _farewell(site, ending)
    room.wheel.stop()


async def _stand_aside(entries: Sequence[Door | Usher], aside: asyncio.Event | None) -> None:
    if aside is not None:
        await aside.wait()
        for each in entries:
            each.shut()


async def _farewell(site: Site, ending: Shutdown) -> None:
    loop, room, grace = asyncio.get_running_loop(), site.room, ending.grace
    end = loop.time() + grace * 0.6  # what is left is for hooks, the interpreter, and a busy machine
    await site.context.terminated.set()  # HTTP connections end after the answer they are at
    if ending.before_close is not None:
        try:
            async with asyncio.timeout(grace / 2):
                await ending.before_close()
        except TimeoutError:
            log.warning("not all was drained within %.1f s", grace / 2)
    for open_socket in list(room.sockets):
        loop.call_later(random.uniform(0, grace / 5), open_socket.close, 1012, "restarting")
    await _wait_until(lambda: not room.sockets and not _is_busy(room), end - loop.time())
    for stuck in list(room.sockets):
        stuck.abort()
    for wire in list(room.wires):
        wire.abort()
    await _wait_until(lambda: not room.wires, grace * 0.1)
    for wire in list(room.wires):
        wire.cancel()


def _is_busy(room: Room) -> bool:
    for wire in list(room.wires):
        wire.close_if_idle()
    return bool(room.wires)


async def _wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Look fifty times a second whether all have ended. To wait for each would be one task for each of thousands of
    connections, at the moment in which all of them have something to do."""
    for _ in range(max(1, int(seconds * 50))):
        if holds():
            return
        await asyncio.sleep(0.02)


@asynccontextmanager
async def _lifespan(app: Quart, config: RoomConfig) -> AsyncIterator[tuple[Any, dict[str, Any]]]:
    """The application's startup and shutdown hooks, by Hypercorn."""
    state: dict[str, Any] = {}
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    lifespan = Lifespan(wrapped, config, asyncio.get_running_loop(), state)
    async with asyncio.TaskGroup() as hooks:
        task = hooks.create_task(lifespan.handle_lifespan())
        await lifespan.wait_for_startup()
        try:
            yield wrapped, state
        finally:
            if not task.done():
                await lifespan.wait_for_shutdown()
            task.cancel()
