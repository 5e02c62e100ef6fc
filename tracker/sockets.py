"""The two WebSocket routes: who may open them, and what then talks on them."""

from collections.abc import Callable
from typing import Final

from quart import Blueprint

from tracker.access.guard import caller, find_sender, first_message
from tracker.errors import StorageDown
from tracker.ingest.session import HEARTBEAT, MAX_BYTES, Reception, Session
from tracker.links.rooms import Rooms
from tracker.live.hub import Hub
from tracker.live.viewer import Viewer
from tracker.websocket import Admission, Admit, Give, Handshake, Limits, converse

FindHome = Callable[[int], Give | None]  # how a device is given to the process that owns it; None: here, or nowhere

DEVICE_PATH: Final = "/ws/device"
SPOKEN: Final = ("tracker.v1",)
# Twice what a frame may have is still read, so that its error can name the seq; more is closed with 1009.
DEVICE: Final = Limits(message_bytes=2 * MAX_BYTES, ping_s=HEARTBEAT, frames_per_s=500, subprotocols=SPOKEN)
# A viewer is sent nothing large before its socket is empty; then it may be the snapshot of a whole fleet.
VIEWER: Final = Limits(
    message_bytes=MAX_BYTES, ping_s=HEARTBEAT, frames_per_s=50, buffered_bytes=8 << 20, subprotocols=SPOKEN
)


def blueprint(reception: Reception, hub: Hub, links: Rooms, is_open: Callable[[], bool]) -> Blueprint:
    """`is_open`: this process owns the partitions and is not on its way out."""
    routes = Blueprint("sockets", __name__)

    def check_open() -> None:
        if not is_open():
            raise StorageDown("this server is not ready; try again")

    @routes.websocket(DEVICE_PATH)
    @first_message("send")
    async def device() -> None:
        check_open()
        await converse(Session(reception, caller()), DEVICE)

    @routes.websocket("/ws/live")
    @first_message("see", rows=True, links=True)
    async def live() -> None:
        check_open()
        token = caller()
        if token is not None and token.kind == "link":
            await converse(await links.make_viewer(token), VIEWER)
        else:
            if token is not None:
                hub.gate.bounds.streams.check(token)
            await converse(Viewer(hub.table, hub.head, hub, token), VIEWER)

    return routes


def make_admit(reception: Reception, is_open: Callable[[], bool], find_home: FindHome = lambda device: None) -> Admit:
    """Devices that show their own token, or will show it in their hello, need not go by the route above: it would come
    to the same for them."""

    async def admit(shown: Handshake) -> Admission | None:
        if shown.path != DEVICE_PATH:
            return None
        token = None
        if shown.authorization is not None:
            token = await find_sender(reception.gate, shown.authorization)
            if token is None:
                return None
        home = None if token is None or token.device is None else find_home(token.device)
        return Admission(Session(reception, token), DEVICE, home) if is_open() else None

    return admit
