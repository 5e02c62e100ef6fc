"""A process that serves: what it is given, what runs in it, and how it ends."""

import asyncio
import hmac
import signal
import socket
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import asyncpg

from tracker.alerts.carriers.carrier import Carriers
from tracker.nudged import Nudged
from tracker.processes.assignment import Assignment, Listening
from tracker.processes.ending import close
from tracker.processes.lookups import Asker
from tracker.processes.prepare import API_ANSWER, prepare
from tracker.processes.sibling import NUDGE, Ear, Sibling, SiblingCounts
from tracker.processes.upkeep import forget, keep_up, learn, save_repeats, sweep
from tracker.server import Outside, Server
from tracker.sockets import FindHome, make_admit
from tracker.spread.spread import Spread, Standpoint
from tracker.store.installation import select_epoch, select_veil_key
from tracker.store.nudges import listen
from tracker.store.pool import borrow, open_pool
from tracker.websocket import Endpoint, Give, Limits, Room, Shutdown, Usher, serve

GRACE: Final = 10.0  # s from the signal to the end
DOOR_CONNECTIONS: Final = 4  # of their own, so that a crowd of history queries keeps no device out
SENT: Final = 0.2  # s for what was said at the last to leave


class Entrance(NamedTuple):
    """The number of the listening socket, and what brings connections from the servers beside this one."""

    listener: int
    usher: Usher | None


async def work(assignment: Assignment, shutdown: asyncio.Event) -> None:
    """Serve until `shutdown` is set; our parent is told once we take connections. Raises what ended it, if not that."""
    url, settings = assignment.database_url, assignment.settings
    listener, end = assignment.inherited
    report = SiblingCounts()
    asker = Asker(lambda message: sibling.tell(message))
    ear = Ear(report, asker.hear)
    sibling = Sibling(socket.socket(fileno=end), ear.hear)
    pool, carriers, code = await prepare(url, settings, shutdown, asker.addresses)
    doors = await open_pool(url, min_size=0, max_size=DOOR_CONNECTIONS, answer_s=API_ANSWER, wipes=False)
    try:
        async with asyncio.TaskGroup() as tasks:
            server = Server(url, pool, doors, tasks, settings, await find_others(assignment, pool, carriers))
            server.find_trouble = ear.find_trouble
            server.wake_carriers = lambda: sibling.tell(NUDGE)
            if assignment.number == 0:  # the others hear of the carriers, too, and one of them is to show it
                server.metrics.registry.register(report)
            server.bus.subscribe(lambda update: sibling.tell(NUDGE) if update.events else None)
            folder = assignment.doors
            entrance = Entrance(listener, None if folder is None else Usher(folder, assignment.number))
            await run_on(server, tasks, entrance, shutdown, lambda addresses: Listening(addresses, code).say())
    finally:
        sibling.close()
        pool.terminate()
        doors.terminate()


async def run_on(
    server: Server,
    tasks: asyncio.TaskGroup,
    entrance: Entrance,
    shutdown: asyncio.Event,
    started: Callable[[list[str]], None],
) -> None:
    spread = server.spread
    spreading = None if spread is None else tasks.create_task(server.come_in(spread), name="spread")
    nudged, may_act = Nudged(server), server.may_act
    running = [
        tasks.create_task(server.own(), name="writer"),
        tasks.create_task(server.hub.run(), name="hub"),
        tasks.create_task(server.links.run(), name="links"),
        tasks.create_task(listen(server.url, nudged.nudge, nudged.look), name="nudges"),
        tasks.create_task(sweep(server.pool, may_act), name="sweep"),
        tasks.create_task(forget(server.pool, may_act), name="erasures"),
        tasks.create_task(learn(server.pool, may_act), name="rhythms"),
        tasks.create_task(save_repeats(server.pool, server.repeats), name="repeats"),
        tasks.create_task(keep_up(server.pool, server, server.wake_carriers), name="upkeep"),
        tasks.create_task(notice(shutdown, server), name="shutdown"),
    ]
    running.append(tasks.create_task(server.sources.run(may_act), name="sources"))
    if server.feed is not None:
        running.append(tasks.create_task(server.feed.run(may_act), name="broker"))
    if server.postbox is not None:
        running.append(tasks.create_task(server.postbox.run(), name="postbox"))
    given, admit = server.settings, make_admit(server.reception, server.is_open, find_ways(spread, entrance.usher))
    tls = given.tls_certificate, given.tls_key
    endpoint = Endpoint((f"fd://{entrance.listener}",), *tls, admit=admit, take=server.take, usher=entrance.usher)
    ending, room = Shutdown(shutdown, server.farewell, GRACE, watch_aside(server)), Room(Limits())
    if spread is not None and entrance.usher is not None:
        spread.has_places = lambda: room.census.has_places
    await serve(server.app, endpoint, ending, room=room, ready=started)
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    await asyncio.gather(*(close(writer.log) for writer in server.find_owning()))
    if spreading is not None and spread is not None:
        spread.disown()
        await asyncio.sleep(SENT)
        spreading.cancel()
        await asyncio.wait([spreading])


def find_ways(spread: Spread | None, usher: Usher | None) -> FindHome:
    """A device is served best where it is owned: what it sends is folded there."""

    def find(device: int) -> Give | None:
        number = None if spread is None or usher is None else spread.find_neighbour(device)
        return None if number is None or usher is None else partial(usher.give, number)

    return find


def watch_aside(server: Server) -> asyncio.Event:
    """Set by SIGUSR1: another process takes who comes from now on; who is here stays until the end."""
    aside = asyncio.Event()

    def stand_aside() -> None:
        server.is_aside = True
        aside.set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, stand_aside)
    return aside


async def find_others(assignment: Assignment, pool: asyncpg.Pool, carriers: Carriers) -> Outside:
    if assignment.nats_url is None:
        return Outside(carriers)
    async with borrow(pool) as conn:
        prefix, secret = f"tracker.{await select_epoch(conn)}", await select_veil_key(conn)
    standpoint = Standpoint(assignment.nats_url, prefix, f"{socket.gethostname()}-{assignment.number + 1}")
    return Outside(carriers, Spread(standpoint), hmac.digest(secret, b"what browsers bring back", "sha256"))


async def notice(shutdown: asyncio.Event, server: Server) -> None:
    """From the signal on /readyz says no and no socket is opened."""
    await shutdown.wait()
    server.is_ending = True
