"""Readers: what is read in processes of their own, and what becomes of those that take too much or end."""

import asyncio
import os
import signal
from pathlib import Path

import msgspec
import pytest

from tests.geofence.shapes import box
from tests.integration.test_cluster import until
from tests.running import children_of, command_of
from tracker.errors import Invalid, Malformed, ReaderDied, TooMany
from tracker.geofence.reading.collection import Collection, Defaults
from tracker.readers.body import Body
from tracker.readers.limits import MB, Allowance
from tracker.readers.readers import MANY, MOST, Readers

BOW_TIE = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]


def polygon(ring: object, **properties: object) -> dict[str, object]:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "id": "drawn", "geometry": geometry, "properties": properties}


def squares(count: int) -> bytes:
    features = [polygon(box(0, 0, 1, 1)) | {"id": f"f{number}"} for number in range(count)]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def processes() -> list[int]:
    """Readers of this process that have begun to read: last in line for the processor. By their command, too, for all
    that tests start is last in line where the tests themselves are."""
    readers = [pid for pid in children_of(os.getpid()) if any("tracker.readers" in word for word in command_of(pid))]
    return [pid for pid in readers if os.getpriority(os.PRIO_PROCESS, pid) == 19]


def limits_of(pid: int) -> dict[str, str]:
    """The soft ones, by name."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:25].strip(): line[25:].split()[0] for line in lines}


async def read(readers: Readers, *pieces: bytes) -> Collection:
    with Body(*pieces) as body:
        return await readers.read_collection(body, "geojson", Defaults())


async def reading(readers: Readers, count: int) -> "list[asyncio.Task[Collection]]":
    """So many have begun, of what takes seconds."""
    body = squares(60_000)
    tasks = [asyncio.create_task(read(readers, body)) for _ in range(count)]
    await until(lambda: len(processes()) == count)
    return tasks


async def test_what_a_reader_reads_is_what_would_be_read_here() -> None:
    readers = Readers()
    mended = await readers.read_feature(msgspec.json.encode(polygon(BOW_TIE, repair=True)))
    assert mended.id == "drawn" and b"repaired" in mended.feature
    with pytest.raises(Invalid, match=r"self-intersection at 0.5, 0.5") as refused:
        await readers.read_feature(msgspec.json.encode(polygon(BOW_TIE + [[0, 0]] * 1200)))
    assert refused.value.field == "geometry"
    body = squares(3000)
    found = await read(readers, body[:1000], body[1000:])
    assert [draft.id for draft in found.drafts] == [f"f{number}" for number in range(3000)]
    with pytest.raises(Malformed):
        await read(readers, b"{")
    assert not processes()


async def test_a_reader_is_last_in_line_and_bound_before_it_reads() -> None:
    (task,) = await reading(Readers(), 1)  # at nice 19 by now
    granted = {"Max address space": str(MANY.memory), "Max cpu time": str(MANY.seconds), "Max core file size": "0"}
    await until(lambda: granted.items() <= limits_of(processes()[0]).items())
    task.cancel()
    await asyncio.wait([task])
    assert not processes()


async def test_one_that_would_take_more_memory_than_is_granted() -> None:
    readers = Readers(many=Allowance(160 * MB, 60))
    with pytest.raises(Invalid, match="more memory"):
        await read(readers, squares(60_000))


async def test_one_that_would_take_more_time_than_is_granted() -> None:
    readers = Readers(many=Allowance(MANY.memory, 2))
    with pytest.raises(Invalid, match="more than 2 s"):
        await read(readers, squares(60_000))


async def test_one_that_is_ended_by_others_may_be_tried_again() -> None:
    (task,) = await reading(Readers(), 1)
    os.kill(processes()[0], signal.SIGKILL)
    with pytest.raises(ReaderDied):
        await task


async def test_there_are_so_many_at_once_and_they_end_with_who_asked() -> None:
    readers = Readers(wait=0.1)
    tasks = await reading(readers, MOST)
    with pytest.raises(TooMany):
        await read(readers, squares(1))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not processes()
    assert len((await read(readers, squares(1))).drafts) == 1
