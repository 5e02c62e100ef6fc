"""Whether a device is connected is asked of the owner of its strand, wherever its socket is."""

import asyncio

import pytest

from tests.unit.test_spread import Speaking
from tracker.errors import StorageDown
from tracker.ingest.log import Log
from tracker.ingest.writer import Writer
from tracker.live.bus import Publishing
from tracker.metrics import Metrics
from tracker.spread.spread import Spread, Standpoint
from tracker.spread.strand import TOLD
from tracker.spread.words import Letter, decode_letter, encode
from tracker.store.ownership import STRANDS, find_strand, list_strand

DEVICE, OTHER = 3, 3 + STRANDS


def make(strand: int, bus: Publishing) -> Writer:
    return Writer(Log("", "test", partitions=list_strand(strand)), bus, Metrics())


def build(*names: str) -> list[Spread]:
    """Processes that hear each other at once, by the bytes of what they say."""
    made = {each.life: each for each in (Spread(Standpoint("nats://127.0.0.1:1", "t", name)) for name in names)}

    def tell(life: str, letter: Letter) -> None:
        asyncio.get_running_loop().call_soon(made[life].hear, decode_letter(encode(letter)))

    for spread in made.values():
        spread.courier.tell = tell  # type: ignore[method-assign]
        for strand in spread.strands:
            strand.remote.tell = tell
            strand.begin(make)
            strand.desk.tell = tell
    return list(made.values())


async def test_a_device_with_a_socket_in_one_process_is_found_by_any_other() -> None:
    socket, owner, feed = build("socket", "owner", "feed")
    strand = find_strand(DEVICE)
    with pytest.raises(StorageDown):
        await feed.is_connected(DEVICE)  # nobody owns its strand
    owner.strands[strand].own(1)
    for each in (socket, feed):
        each.strands[strand].meet(owner.life, 1)
    speaking = Speaking(DEVICE)
    await socket.owner.enter(speaking, speaking.known)
    with pytest.raises(StorageDown):
        await owner.is_connected(DEVICE)  # others may not have told it yet who is connected to them
    owner.strands[strand].owned_at -= TOLD
    for each in (socket, owner, feed):
        assert await each.is_connected(DEVICE) and not await each.is_connected(OTHER)
    socket.owner.leave(speaking)
    await asyncio.sleep(0)
    assert not await feed.is_connected(DEVICE) and not feed.sought
