"""Tracks: what is stored comes back, as a line to draw and as files to take away."""

import asyncio
import csv
import io
import shutil
import subprocess
from collections.abc import Sequence
from datetime import timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree

import asyncpg
import pytest

from tests.integration.conftest import Caller
from tests.moments import MONDAY
from tracker.model.device import Device
from tracker.model.fix import E7, Flag
from tracker.model.moment import DAY_MS, format_ms, now_ms, to_datetime

AT = MONDAY
GPX = {"": "http://www.topografix.com/GPX/1/1"}
DAY = f"from={format_ms(AT - 1)}&to={format_ms(AT + 80_000_000)}"


@pytest.fixture
async def partition(conn: asyncpg.Connection) -> None:
    await conn.execute("create table fix_all partition of fix default")


async def store(conn: asyncpg.Connection, device: Device, places: Sequence[tuple[float, float]]) -> None:
    """One fix a second."""
    await conn.executemany(
        "insert into fix (at, received_at, device, lon_e7, lat_e7) values ($1, $1, $2, $3, $4)",
        [
            (to_datetime(AT + n * 1000), device.key, round(lon * E7), round(lat * E7))
            for n, (lon, lat) in enumerate(places)
        ],
    )


@pytest.mark.usefixtures("partition")
async def test_a_track_is_a_line_with_times_beside_it(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    await store(conn, device, [(7.4246, 43.7384), (7.4250, 43.7384), (7.4250, 43.7390)])
    response = await viewer.get(f"/api/devices/van-12/track?{DAY}")
    assert response.mimetype == "application/geo+json"
    assert await response.get_json() == {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[7.4246, 43.7384], [7.425, 43.7384], [7.425, 43.739]]},
        "properties": {
            "device": "van-12",
            "name": "Van 12",
            "fixes": 3,
            "at": [format_ms(AT + n * 1000) for n in range(3)],
        },
    }


@pytest.mark.usefixtures("partition")
async def test_both_ends_of_the_span_belong_to_it(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    await store(conn, device, [(n / 10, 0) for n in range(5)])
    later = f"{to_datetime(AT + 3000).astimezone(timezone(timedelta(hours=2))):%Y-%m-%dT%H:%M:%S}%2B02:00"
    span = f"from={format_ms(AT + 1000)}&to={later}"
    track = await (await viewer.get(f"/api/devices/van-12/track?{span}")).get_json()
    assert [lon for lon, _ in track["geometry"]["coordinates"]] == [0.1, 0.2, 0.3]
    same = await (await viewer.get(f"/api/devices/van-12/track?{span.replace('%2B', '+')}")).get_json()
    assert same == track


@pytest.mark.usefixtures("partition")
async def test_a_line_crosses_180_the_short_way(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    await store(conn, device, [(179.5, 60), (-179.5, 60), (-178, 60), (179, 60)])
    track = await (await viewer.get(f"/api/devices/van-12/track?{DAY}")).get_json()
    assert [lon for lon, _ in track["geometry"]["coordinates"]] == [179.5, 180.5, 182.0, 179.0]


@pytest.mark.usefixtures("partition")
async def test_a_long_track_is_thinned_to_what_can_be_seen(
    viewer: Caller, device: Device, conn: asyncpg.Connection
) -> None:
    corner = [(n / 10_000, 0.0) for n in range(500)] + [(0.05, n / 10_000) for n in range(500)]
    await store(conn, device, corner)
    track = await (await viewer.get(f"/api/devices/van-12/track?{DAY}&max_points=3")).get_json()
    assert track["geometry"]["coordinates"] == [[0.0, 0.0], [0.05, 0.0], [0.05, 0.0499]]
    assert track["properties"]["fixes"] == 1000
    assert track["properties"]["at"] == [format_ms(AT + n * 1000) for n in (0, 500, 999)]


@pytest.mark.usefixtures("partition")
async def test_where_it_was_not_is_not_on_the_line(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    await store(conn, device, [(1.0, 1.0), (2.0, 2.0)])
    for n, flag in enumerate((Flag.NULL_ISLAND, Flag.LOW_ACCURACY, Flag.IMPOSSIBLE_JUMP)):
        await conn.execute(
            "insert into fix (at, received_at, device, lon_e7, lat_e7, flags) values ($1, $1, $2, 0, 0, $3)",
            to_datetime(AT + 10_000 + n),
            device.key,
            int(flag),
        )
    track = await (await viewer.get(f"/api/devices/van-12/track?{DAY}")).get_json()
    assert len(track["geometry"]["coordinates"]) == 2
    points = ElementTree.fromstring(await viewer.text(f"/api/devices/van-12/track?{DAY}&format=gpx"))
    assert len(points.findall(".//trkpt", GPX)) == 2
    rows = await viewer.text(f"/api/devices/van-12/track?{DAY}&format=csv")
    assert len(rows.splitlines()) == 6


@pytest.mark.usefixtures("partition")
async def test_one_place_and_none_are_lines_too(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    none = await (await viewer.get(f"/api/devices/van-12/track?{DAY}")).get_json()
    assert (none["geometry"], none["properties"]["at"]) == (None, [])
    await store(conn, device, [(1.0, 2.0)])
    one = await (await viewer.get(f"/api/devices/van-12/track?{DAY}")).get_json()
    assert one["geometry"]["coordinates"] == [[1.0, 2.0]] * 2 and one["properties"]["fixes"] == 1


@pytest.mark.usefixtures("partition")
async def test_csv_has_every_stored_fix(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    await conn.execute(
        """insert into fix values ($1, $2, $3, -74246001, 437384000, 12.4, 271.25, 8.1, -3.5, 8300, 9),
                                  ($4, $2, $3, 5, 0, null, null, null, null, null, 0)""",
        to_datetime(AT + 123),
        to_datetime(AT + 500),
        device.key,
        to_datetime(AT + 1000),
    )
    response = await viewer.get(f"/api/devices/van-12/track?{DAY}&format=csv")
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="van-12.csv"'
    rows = list(csv.reader(io.StringIO(await response.get_data(as_text=True), newline="")))
    at, later = format_ms(AT + 123), format_ms(AT + 500)
    assert rows == [
        ["at", "lon", "lat", "accuracy", "altitude", "speed", "heading", "battery", "received_at", "flags"],
        [at, "-7.4246001", "43.7384000", "8.1", "-3.5", "12.4", "271.25", "0.83", later, "late|impossible_jump"],
        [format_ms(AT + 1000), "0.0000005", "0.0000000", "", "", "", "", "", later, ""],
    ]


@pytest.mark.skipif(shutil.which("gpsbabel") is None, reason="gpsbabel is not installed")
@pytest.mark.usefixtures("partition")
async def test_gpsbabel_reads_the_speeds_and_the_courses(
    viewer: Caller, device: Device, conn: asyncpg.Connection, tmp_path: Path
) -> None:
    await store(conn, device, [(7.4, 43.7), (7.401, 43.7)])
    await conn.execute("update fix set speed = 12.5, heading = 271.5")
    file = tmp_path / "track.gpx"
    file.write_text(await viewer.text(f"/api/devices/van-12/track?{DAY}&format=gpx&version=1.0"))
    command = ["gpsbabel", "-t", "-i", "gpx", "-f", str(file), "-o", "unicsv", "-F", "-"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True, timeout=60)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(float(row["Speed"]), float(row["Course"])) for row in rows] == [(12.5, 271.5)] * 2


@pytest.mark.usefixtures("partition")
@pytest.mark.parametrize("format", ["csv", "gpx", "json"])
async def test_what_is_stored_ahead_of_us_is_shown(
    format: str, viewer: Caller, device: Device, conn: asyncpg.Connection
) -> None:
    """A clock of ours that was ahead for a while let them in."""
    for days in (0, 2, 400):
        await conn.execute(
            "insert into fix (at, received_at, device, lon_e7, lat_e7) values ($1, $1, $2, 5, 5)",
            to_datetime(now_ms() + days * DAY_MS),
            device.key,
        )
    for span in ("", "&to=2999-01-01T00:00:00Z&from=2000-01-01T00:00:00Z"):
        text = await viewer.text(f"/api/devices/van-12/track?format={format}{span}")
        assert (
            text.count({"csv": "0.0000005", "gpx": "<trkpt", "json": "5e-7"}[format])
            == {"csv": 6, "gpx": 3, "json": 6}[format]
        )


@pytest.mark.usefixtures("partition")
async def test_gpx_leaves_out_what_is_not_known(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    await store(conn, device, [(-179.5, -33.25)])
    points = await viewer.text(f"/api/devices/van-12/track?{DAY}&format=gpx")
    assert f'<trkpt lat="-33.2500000" lon="-179.5000000"><time>{format_ms(AT)}</time></trkpt>' in points


@pytest.mark.usefixtures("partition")
async def test_a_file_goes_out_page_by_page(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    await conn.execute(
        """insert into fix (at, received_at, device, lon_e7, lat_e7)
           select $1::timestamptz + n * interval '1 second', $1::timestamptz + interval '1 day', $2, n, n
           from generate_series(0, 12345) n""",
        to_datetime(AT),
        device.key,
    )
    rows = (await viewer.text(f"/api/devices/van-12/track?{DAY}&format=csv")).splitlines()
    assert len(rows) == 1 + 12346
    assert [row.split(",")[0] for row in rows[1:]] == [format_ms(AT + n * 1000) for n in range(12346)]
    line = await (await viewer.get(f"/api/devices/van-12/track?{DAY}&max_points=99999")).get_json()
    assert line["properties"]["fixes"] == 12346
    assert (line["properties"]["at"][0], line["properties"]["at"][-1]) == (format_ms(AT), format_ms(AT + 12_345_000))


@pytest.mark.usefixtures("partition")
async def test_a_name_cannot_break_out_of_gpx(admin: Caller, device: Device, conn: asyncpg.Connection) -> None:
    name = "</name><script>alert(1)</script> & Co ]]>"
    await admin.patch("/api/devices/van-12", {"name": name})
    await conn.execute(
        "insert into fix values ($1, $1, $2, 74246000, 437384000, 12.5, 270, null, 41.25)", to_datetime(AT), device.key
    )
    response = await admin.get(f"/api/devices/van-12/track?{DAY}&format=gpx")
    assert response.mimetype == "application/gpx+xml"
    root = ElementTree.fromstring(await response.get_data(as_text=True))
    assert root.findtext("trk/name", namespaces=GPX) == name
    point = root.find("trk/trkseg/trkpt", GPX)
    assert point is not None and point.attrib == {"lat": "43.7384000", "lon": "7.4246000"}
    assert point.findtext("time", namespaces=GPX) == format_ms(AT)
    assert point.findtext("ele", namespaces=GPX) == "41.25"
    assert [each.text for each in point.iter() if each.tag.endswith(("}speed", "}course"))] == ["12.5", "270"]


BAD = {
    "from=yesterday": "from",
    "from=2026-11-23T10:00:00": "from",
    "to=2026-13-01T00:00:00Z": "to",
    "from=2026-11-23T10:00:01Z&to=2026-11-23T10:00:00Z": "from",
    "max_points=1": "max_points",
    "max_points=many": "max_points",
    "format=xlsx": "format",
}


async def test_a_bad_question_is_refused(viewer: Caller, device: Device, subtests: pytest.Subtests) -> None:
    for query, field in BAD.items():
        with subtests.test(query):
            response = await viewer.get(f"/api/devices/van-12/track?{query}")
            assert (response.status_code, (await response.get_json())["field"]) == (422, field)


@pytest.mark.parametrize("span", ["", "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", "to=1970-01-01T00:00:00Z"])
async def test_any_date_may_be_asked_for(viewer: Caller, device: Device, span: str) -> None:
    assert (await viewer.get(f"/api/devices/van-12/track?{span}")).status_code == 200


async def test_there_is_no_track_of_nobody(viewer: Caller, van: Caller) -> None:
    for format in ("json", "gpx", "csv"):
        assert (await viewer.get(f"/api/devices/nobody/track?format={format}")).status_code == 404
        assert (await van.get(f"/api/devices/van-12/track?format={format}")).status_code == 403
