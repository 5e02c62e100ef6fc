"""The words of the live stream: what viewers say is decoded here, what they see is encoded here."""

from collections.abc import Iterable, Sequence
from math import ceil
from struct import Struct
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np

from tracker.errors import BadFrame, BadJson
from tracker.live.cells import CellCounts
from tracker.live.changes import Changes
from tracker.live.strides import CLOSEST
from tracker.live.table import Slots, Table
from tracker.model import absent
from tracker.model import message as thread
from tracker.model.device import Device
from tracker.model.event import Event, make_told
from tracker.model.fix import E7
from tracker.model.moment import format_ms, now_ms
from tracker.model.position import Position, Status
from tracker.model.privacy import Privacy
from tracker.model.sight import Sight
from tracker.model.viewport import Viewport, unrolled

FASTEST: Final = 50.0  # position messages a second: beyond it no screen shows them
SLOWEST: Final = 0.05
VERSION: Final = 1
KIND: Final = 2
KIND_OF_CELLS: Final = 3
HEAD: Final = Struct("<BBHIq")
MOST_BYTES: Final = 64 * 1024  # of one message: what WebSocket libraries take unless told otherwise
ROOM: Final = MOST_BYTES - 64  # for what stands in a list
MOST_COLUMNS: Final = 2_900  # positions in a binary message: 22 bytes each
MOST_GEOFENCES: Final = 500  # named in one position, so that it fits; the API names all of them
MOST_SAID: Final = 1_000  # characters of an error: it may quote what was sent
STATUSES: Final = [status.name.lower() for status in Status]
Id = Annotated[str, msgspec.Meta(max_length=64, pattern=r"\A[^\x00]*\Z")]  # PostgreSQL's text takes no NUL
Ids = Annotated[list[Id], msgspec.Meta(max_length=1_000)]


class WantedEvents(msgspec.Struct, frozen=True):
    """Which events, and from which number on; `after` None: from now on."""

    after: Annotated[int, msgspec.Meta(ge=0, le=1 << 62)] | None = None
    geofences: Ids | None = None
    devices: Ids | None = None
    types: Ids | None = None

    def match(self, event: Event) -> bool:
        return (
            (self.geofences is None or event.geofence in self.geofences)
            and (self.devices is None or event.is_of(self.devices))
            and (self.types is None or event.type in self.types)
        )


class WantedMessages(msgspec.Struct, frozen=True):
    """From which number of the thread on; `after` None: from now on."""

    after: Annotated[int, msgspec.Meta(ge=0, le=1 << 62)] | None = None


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe"):
    """Everything a viewer wishes; each replaces the one before."""

    viewport: Viewport | None = None
    zoom: float | None = None
    devices: Ids | None = None
    rate: float = 4.0
    binary: bool = False
    cells: Literal["all", "changes"] = "all"
    events: WantedEvents | None = None
    messages: WantedMessages | None = None
    token: str | None = None

    @property
    def level(self) -> int | None:
        """The whole zoom from which on what moves is told as finely as it is looked at. None: all of it is told."""
        return None if self.zoom is None else ceil(min(max(self.zoom, 0.0), CLOSEST))

    @property
    def interval(self) -> float:
        """Seconds between position messages, at least."""
        return 1.0 / min(max(self.rate, SLOWEST), FASTEST)


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    pass


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    pass


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Asks for a pong: a quiet server and one that hangs look the same."""

    id: Annotated[int, msgspec.Meta(ge=-(1 << 53), le=1 << 53)] = 0


Message = Subscribe | Pause | Resume | Ping


def decode_message(message: str | bytes) -> Message:
    """BadFrame with what is wrong and where."""
    if isinstance(message, bytes):
        raise BadFrame("viewers speak text")
    try:
        decoded: Message = absent.decode(message, Message)
    except msgspec.ValidationError as error:
        raise BadFrame(str(error)) from None
    except (msgspec.DecodeError, RecursionError):
        raise BadJson from None
    if isinstance(decoded, Subscribe) and decoded.viewport:
        return msgspec.structs.replace(decoded, viewport=read_viewport(decoded.viewport))
    return decoded


def read_viewport(given: Viewport) -> Viewport:
    """Maps that were dragged round the world send longitudes beyond 180."""
    try:
        return unrolled(given.west, given.south, given.east, given.north)
    except ValueError as error:
        raise BadFrame(f"viewport: {error}; expected [west, south, east, north] in degrees") from None


def encode_subscribed(epoch: str, resumed: bool, event: int) -> str:
    return encode(
        type="subscribed",
        epoch=epoch,
        resumed=resumed,
        event=event,
        version=VERSION,
        server_time=format_ms(now_ms()),
    )


def encode_pong(ping: Ping) -> str:
    return encode(type="pong", id=ping.id, server_time=format_ms(now_ms()))


def encode_reset(reason: str, event: int) -> str:
    return encode(type="reset", reason=reason, event=event)


def encode_positions(table: Table, slots: Iterable[int], sight: Sight) -> list[str]:
    """Some changed positions, in messages that fit."""
    parts = split((encode_position(table, slot, sight) for slot in slots), ROOM)
    return [f'{{"type":"positions","positions":[{",".join(part)}]}}' for part in parts]


def encode_snapshot(table: Table, slots: Iterable[int], sight: Sight) -> list[str]:
    """All that is shown: one `snapshot`, and where it does not fit `positions` behind it, the last of them marked."""
    parts = split((encode_position(table, slot, sight) for slot in slots), ROOM) or [[]]
    told = [f'{{"type":"positions","positions":[{",".join(part)}]}}' for part in parts]
    more = '"more":true,' if len(parts) > 1 else ""
    told[0] = f'{{"type":"snapshot",{more}"positions":[{",".join(parts[0])}]}}'
    if more:
        told[-1] = f'{{"type":"positions","complete":true,"positions":[{",".join(parts[-1])}]}}'
    return told


def split(texts: Iterable[str], most: int) -> list[list[str]]:
    """In order, so many together as take no more than `most` bytes."""
    parts: list[list[str]] = []
    room = -1
    for text in texts:
        size = len(text.encode()) + 1
        if size > room:
            parts.append([])
            room = most
        parts[-1].append(text)
        room -= size
    return parts


def encode_position(table: Table, slot: int, sight: Sight) -> str:
    position = table.positions[slot]
    device = table.devices.get(slot)
    fields = position_fields(position, sight)
    return encode(
        slot=slot,
        device=device.id if device else str(slot),
        name=device.name if device else str(slot),
        category=device.category if device else None,
        **fields,
    )


def position_fields(position: Position, sight: Sight) -> dict[str, Any]:
    """What a position is to a reader, the device left out."""
    fix = position.fix
    return {
        "at": format_ms(fix.at),
        "received_at": format_ms(position.received_at // 1000),
        "lon": fix.lon,
        "lat": fix.lat,
        "speed": fix.speed,
        "heading": fix.heading,
        "accuracy": fix.accuracy,
        "altitude": fix.altitude,
        "battery": fix.battery,
        "status": position.status.name.lower(),
        "geofences": sight.cut(position.geofences)[:MOST_GEOFENCES],
    }


def encode_columns(changes: Changes, picked: Slots) -> list[bytes]:
    """Binary positions of the `picked` ones, as the wire contract lays them out, in messages that fit."""
    return [encode_few(changes, picked[at : at + MOST_COLUMNS]) for at in range(0, len(picked), MOST_COLUMNS)]


def encode_few(changes: Changes, picked: Slots) -> bytes:
    count = len(picked)
    # Each column is padded to 4 bytes. What with means nothing, but is sent: so it is of one that is picked, for how
    # fast another goes the reader may not be told.
    padded = np.full(count + -count % 4, picked[0], np.int64)
    padded[:count] = picked
    return b"".join(
        (
            HEAD.pack(KIND, 0, 0, count, changes.base),
            changes.words[:, picked].tobytes(),
            changes.halves[:, padded[: count + count % 2]].tobytes(),
            changes.octets[:, padded].tobytes(),
        )
    )


def encode_names(table: Table, slots: Iterable[int], *, changed: bool = False) -> list[str]:
    """`changed`: color, icon and photo are said also where there is none, for it may just have been taken away."""
    known = [(slot, table.devices.get(slot)) for slot in slots]
    devices = (
        encode(slot=slot, device=device.id, name=device.name, category=device.category, **_dress(device, changed))
        for slot, device in known
        if device
    )
    return [f'{{"type":"names","devices":[{",".join(part)}]}}' for part in split(devices, ROOM)]


def _dress(device: Device, changed: bool) -> dict[str, str | None]:
    """How people tell it from others. Most devices have none of it, and their names come a thousand at a time."""
    dress = {"color": device.color, "icon": device.icon, "photo": device.photo}
    return dress if changed else {key: value for key, value in dress.items() if value is not None}


def encode_gone(ids: Sequence[str]) -> list[str]:
    return [f'{{"type":"gone","devices":[{",".join(part)}]}}' for part in split(map(encode_id, ids), ROOM)]


def encode_privacies(privacies: Iterable[tuple[str, Privacy | None]]) -> list[str]:
    """Of devices by their ids; None: exact again."""
    told = (
        encode(device=id, mode=privacy.mode if privacy else "exact", until=format_until(privacy))
        for id, privacy in privacies
    )
    return [f'{{"type":"privacy","devices":[{",".join(part)}]}}' for part in split(told, ROOM)]


def format_until(privacy: Privacy | None) -> str | None:
    return None if privacy is None or privacy.until is None else format_ms(privacy.until // 1000)


def encode_id(id: str) -> str:
    return msgspec.json.encode(id).decode()


def encode_event(event: Event) -> str:
    """One whose evidence is too long comes without it; over HTTP it has it."""
    text = encode(type="event", event=make_told(event))
    if len(text.encode()) <= MOST_BYTES:
        return text
    return encode(type="event", event=make_told(msgspec.structs.replace(event, evidence=msgspec.Raw(b'{"cut":true}'))))


def encode_message(message: thread.Message) -> str:
    return encode(type="message", message=thread.tell_message(message))


def encode_cells(cells: CellCounts) -> str:
    """All of them, which replace those before."""
    told = zip(*(column.tolist() for column in cells[1:]), strict=True)
    return encode(
        type="cells",
        cells=[
            {"lon": lon, "lat": lat, "count": count, "silent": silent, "status": STATUSES[status]}
            for lon, lat, count, silent, status in told
        ],
    )


def encode_cell_changes(cells: Sequence[tuple[int, float, float, int, int, int]], afresh: bool, now: int) -> bytes:
    """Of each its id, lon, lat, count, silent and status, in columns. `afresh`: there are no others."""
    found = np.array(cells, np.float64).reshape(-1, 6).T
    found[1:3] *= E7
    statuses = found[5].astype("u1").tobytes()
    return b"".join(
        (
            HEAD.pack(KIND_OF_CELLS, afresh, 0, len(cells), now),
            np.rint(found[:5]).astype("<i4").tobytes(),
            statuses + bytes(-len(statuses) % 4),
        )
    )


def encode_error(code: str, message: str) -> str:
    return encode(type="error", code=code, message=message[:MOST_SAID])


def encode(**fields: Any) -> str:
    return msgspec.json.encode(fields).decode()
