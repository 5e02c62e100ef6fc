"""Recorded tracks through a real server, and what must be in the database after, counted here from the file itself.

Nothing of the program is used to read the files or to decide: only this file's few lines and the contract's words.
"""

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from tests.running import ADMIN_TOKEN, RunningServer
from tracker.simulator.replay import Tempo, replay

TRACKS = Path(__file__).parents[3] / "shared" / "data" / "tracks"
pytestmark = pytest.mark.skipif(not TRACKS.is_dir(), reason="the shared recordings are not here")

Place = tuple[int, int]  # 1e-7 degrees


class Expected(NamedTuple):
    stored: dict[tuple[str, datetime], Place]
    quarantined: Counter[tuple[str, str]]  # by device and reason
    repeated: int


def expect(file: Path) -> Expected:
    """Out of range or before 2000: quarantined. Else the first place of a device at a millisecond stays; the same again
    is nothing new, another is in conflict."""
    stored, quarantined, repeated = dict[tuple[str, datetime], Place](), Counter[tuple[str, str]](), 0
    with gzip.open(file, "rt", newline="") as rows:
        for row in csv.DictReader(rows):
            device, time, lon, lat = row["device"], row["t"], Decimal(row["lon"]), Decimal(row["lat"])
            if abs(lat) > 90 or abs(lon) > 180:
                quarantined[device, "out_of_range"] += 1
                continue
            if time < "2000":
                quarantined[device, "too_old"] += 1
                continue
            key = device, datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
            place = int(((lon + 180) % 360 - 180).scaleb(7).to_integral_value()), int(lat.scaleb(7).to_integral_value())
            if key not in stored:
                stored[key] = place
            elif stored[key] == place:
                repeated += 1
            else:
                quarantined[device, "conflict"] += 1
    return Expected(stored, quarantined, repeated)


@pytest.fixture
def database_url(lodging: RunningServer) -> str:
    return lodging.database_url


@pytest.fixture
def server(lodging: RunningServer) -> RunningServer:
    """One for all recordings: no two of them have a device in common."""
    return lodging


@pytest.fixture
async def newest(conn: asyncpg.Connection) -> int:
    """The key of the newest device before the test."""
    return int(await conn.fetchval("select coalesce(max(key), 0) from device"))


async def found(conn: asyncpg.Connection, newest: int) -> Expected:
    """Of the devices that are newer."""
    fixes = await conn.fetch(
        "select d.id, f.at, f.lon_e7, f.lat_e7 from fix f join device d on d.key = f.device where d.key > $1", newest
    )
    bad = await conn.fetch(
        """select d.id, q.reason, count(*) from quarantine q join device d on d.key = q.device
           where d.key > $1 group by 1, 2""",
        newest,
    )
    stored = {(id, at): (lon, lat) for id, at, lon, lat in fixes}
    assert len(stored) == len(fixes)
    return Expected(stored, Counter({(id, reason): count for id, reason, count in bad}), 0)


@pytest.mark.parametrize(
    ("name", "rows", "devices", "binary"),
    [
        ("ais_denmark_2026-04-26", 19_999, 2005, False),
        ("geolife_beijing_10users", 164_531, 11, False),
        ("icebergs_antimeridian_polar", 36_556, 25, True),
        ("aircraft_time_issue", 8_294, 1, False),
        ("aircraft_gps_spoofing", 8_670, 1, True),
    ],
)
async def test_after_a_replay_the_database_holds_what_the_file_says(
    name: str, rows: int, devices: int, binary: bool, server: RunningServer, conn: asyncpg.Connection, newest: int
) -> None:
    file = TRACKS / f"{name}.csv.gz"
    expected = expect(file)
    tally = await replay(file, server.url, ADMIN_TOKEN, Tempo(None), binary=binary)
    stored, quarantined, _ = await found(conn, newest)
    assert len({device for device, _ in expected.stored} | {device for device, _ in expected.quarantined}) == devices
    assert stored == expected.stored
    assert set(quarantined) == set(expected.quarantined)
    assert tally.answered == tally.put == rows
    if not tally.lost:  # what is sent again after a cut connection is a repeat, or quarantined again
        assert quarantined == expected.quarantined
        assert (tally.stored, tally.duplicate) == (len(expected.stored), expected.repeated)


async def test_a_second_replay_changes_nothing(server: RunningServer, conn: asyncpg.Connection, newest: int) -> None:
    file = TRACKS / "aircraft_noisy_ground.csv.gz"
    first = await replay(file, server.url, ADMIN_TOKEN, Tempo(None))
    before = await found(conn, newest)
    again = await replay(file, server.url, ADMIN_TOKEN, Tempo(None))
    assert (first.stored, again.stored, again.duplicate) == (924, 0, 924)
    assert await found(conn, newest) == before
