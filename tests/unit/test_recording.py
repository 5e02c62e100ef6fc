"""What recordings become: the traps of CSV and of GPX, ours and real ones."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from tracker.errors import Invalid, Malformed, TrackerError
from tracker.model.device import is_slug
from tracker.model.fix import Fix
from tracker.model.moment import format_ms
from tracker.simulator.recorded import RecordedFix, slug
from tracker.simulator.recording import read_recording, survey

ROOT = Path(__file__).parents[2]
GPX = ROOT.parent / "shared" / "data" / "gpx"
needs_gpx = pytest.mark.skipif(not GPX.is_dir(), reason="the shared GPX files are not here")


def read(path: Path) -> tuple[list[RecordedFix], Counter[str]]:
    unreadable = Counter[str]()
    return list(read_recording(path, unreadable)), unreadable


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


GOOD_ROW = "2026-01-02T03:04:05.678+01:00,52.5,13.25"


@pytest.mark.parametrize(
    ("rows", "fixes", "unreadable"),
    [
        ([GOOD_ROW], 1, {}),
        ([GOOD_ROW, "", GOOD_ROW], 2, {}),
        (["2026-01-02T03:04:05,52.5,13.25"], 0, {"bad_time": 1}),  # no offset
        (["2026-02-30T03:04:05Z,52.5,13.25"], 0, {"bad_time": 1}),
        (["1767322800,52.5,13.25"], 0, {"bad_time": 1}),
        (["2026-01-02T03:04:05Z,,13.25"], 0, {"bad_place": 1}),
        (["2026-01-02T03:04:05Z,nan,13.25", "2026-01-02T03:04:05Z,52.5,1e305"], 0, {"bad_place": 2}),
        (["2026-01-02T03:04:05Z,91,500"], 1, {}),  # the server shall see it
        (["2026-01-02T03:04:05Z,52.5"], 0, {"bad_place": 1}),  # a short row
    ],
)
def test_rows_of_a_csv(tmp_path: Path, rows: list[str], fixes: int, unreadable: dict[str, int]) -> None:
    found, left_out = read(written(tmp_path, "a.csv", "\n".join(["t,lat,lon", *rows])))
    assert (len(found), left_out) == (fixes, unreadable)


def test_every_column_whatever_the_order(tmp_path: Path) -> None:
    header = "extra,course,accuracy_m,device,lon,lat,t,alt_m,speed_mps,unknown\r\n"
    row = 'Class "A",271.5,5,Van 12,7.4246,43.7384,2026-01-02T03:04:05.678Z,-777,inf,x\r\n'
    path = written(tmp_path, "a.csv.gz", gzip.compress(b"\xef\xbb\xbf" + (header + row).encode()))
    [(device, fix)], _ = read(path)
    assert device.startswith("Van-12-") and is_slug(device)
    assert fix == Fix(
        at=1767323045678,
        lon_e7=74246000,
        lat_e7=437384000,
        heading=271.5,
        accuracy=5,
        altitude=-777,
        attributes=b'{"extra":"Class \\"A\\""}',
    )


@pytest.mark.parametrize(
    "text",
    [
        "timestamp;latitude;longitude;speed\n2026-01-02T03:04:05Z;52,5;13,25;1,5\n",
        "Time\tLat\tLng\tSpeed\r\n2026-01-02T03:04:05Z\t52.5\t13,25\t1.5\r\n",
        't,lat,lon,speed\n2026-01-02T03:04:05Z,"52,5","13,25",1.5\n',
        '"t";"lat";"lon";"speed";"a, b"\n"2026-01-02T03:04:05Z";"52,5";"13.25";"1,5";""\n',
    ],
)
def test_tables_of_systems_whose_decimal_sign_is_the_comma(tmp_path: Path, text: str) -> None:
    found, unreadable = read(written(tmp_path, "a.csv", text))
    assert not unreadable
    assert found == [RecordedFix("a", Fix(1767323045000, 132500000, 525000000, 1.5))]


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_beside_places_with_points_a_comma_is_no_decimal_sign(tmp_path: Path, mark: str) -> None:
    rows = (("t", "lat", "lon", "alt_m"), ("2026-01-02T03:04:05Z", "52.5", "13.25", "1,234"))
    found, _ = read(written(tmp_path, "a.csv", "\n".join(map(mark.join, rows))))
    assert found[0].fix.altitude != 1.234


def test_the_export_of_the_server_can_be_played_again(tmp_path: Path) -> None:
    text = (
        "at,lon,lat,accuracy,altitude,speed,heading,battery,received_at,flags\n"
        "2026-01-02T03:04:05.678Z,7.4246,43.7384,8.0,41.2,12.4,271.0,0.83,2026-01-02T03:04:06.000Z,late\n"
    )
    [(device, fix)], _ = read(written(tmp_path, "van-12.csv", text))
    assert device == "van-12"
    assert (fix.accuracy, fix.altitude, fix.speed, fix.heading, fix.battery) == (8.0, 41.2, 12.4, 271.0, 0.83)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.csv", b"", "no column at and no lat and no lon"),
        ("a.csv", b"t,lat\n", "no column lon"),
        ("a.csv", b"t,lat,lon\n\xff\xfe,1,2\n", "can't decode"),
        ("a.csv", b't,lat,lon\n"' + b"x" * 200_000 + b'",1,2\n', "field larger"),
        ("a.csv.gz", b"no gzip", "gzip"),
        ("a.csv.gz", gzip.compress(b"t,lat,lon\n" * 1000)[:30], "end"),
        ("a.kml", b"", "a recording is"),
        ("a.gpx", b"<gpx><trk>", "no element found"),
        ("a.gpx", b'<!DOCTYPE gpx [<!ENTITY a "aaaaaaaa">]><gpx>&a;</gpx>', "a DOCTYPE is not allowed"),
        ("a.gpx", b'<!DOCTYPE gpx SYSTEM "http://127.0.0.1/x.dtd"><gpx/>', "a DOCTYPE is not allowed"),
    ],
)
def test_files_that_are_none_say_why(tmp_path: Path, name: str, content: bytes, error: str) -> None:
    with pytest.raises((Invalid, Malformed), match=error):
        read(written(tmp_path, name, content))


def test_a_recording_without_a_fix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackerError, match="nothing in it"):
        survey(written(tmp_path, "a.gpx", "<gpx/>"))


def test_tracks_of_a_gpx(tmp_path: Path) -> None:
    """Default namespace, prefix or none; comments, CDATA, empty segments; each track a device; UTC where unsaid."""
    text = """<?xml version="1.0"?>
    <g:gpx xmlns:g="http://www.topografix.com/GPX/1/1" xmlns:t="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
      <g:wpt lat="1" lon="2"><g:time>2020-01-01T00:00:00Z</g:time></g:wpt>
      <g:rte><g:rtept lat="1" lon="2"><g:time>2020-01-01T00:00:00Z</g:time></g:rtept></g:rte>
      <g:trk><g:trkseg/><g:trkseg>
        <g:trkpt lat="52.1" lon="-0.5"><!-- x --><g:ele>81</g:ele><g:time>2020-01-01T00:00:00<!-- y -->.250Z</g:time>
          <g:extensions><t:TrackPointExtension><t:speed>3.5</t:speed><t:course>90</t:course></t:TrackPointExtension>
          </g:extensions></g:trkpt>
        <g:trkpt lat="52.1" lon="-0.5"/>
        <g:trkpt lat="52.1" lon="-0.5"><g:time>yesterday</g:time></g:trkpt>
        <g:trkpt lat="north" lon="-0.5"><g:time>2020-01-01T00:00:00Z</g:time></g:trkpt>
      </g:trkseg></g:trk>
      <g:trk><g:trkseg><g:trkpt lat="0.000091697" lon="180"><g:time><![CDATA[2020-01-01T00:00:01]]></g:time></g:trkpt>
      </g:trkseg></g:trk>
    </g:gpx>"""
    found, unreadable = read(written(tmp_path, "walk.gpx", text))
    assert found == [
        RecordedFix("walk", Fix(1577836800250, -5000000, 521000000, 3.5, 90.0, altitude=81.0)),
        RecordedFix("walk-2", Fix(1577836801000, 1800000000, 917)),
    ]
    assert unreadable == {"no_time": 1, "bad_time": 1, "bad_place": 1}


@pytest.mark.parametrize(
    ("name", "head", "encoding"),
    [
        ("A & B", "", "utf-8"),
        ("a&#1;\x0b\0", "\n ", "utf-8"),
        ("Käse", "", "latin-1"),
        ("Käse", '<?xml version="1.0" encoding="ISO-8859-1"?>', "latin-1"),
        ("東京", '<?xml version="1.0" encoding="Shift_JIS"?>', "shift_jis"),
        ("Käse", '<?xml version="1.0" encoding="utf-16"?>', "utf-8"),
        ("Käse", '<?xml version="1.0" encoding="utf-16"?>', "utf-16"),
    ],
)
def test_a_gpx_whose_letters_are_not_as_xml_wants_them(tmp_path: Path, name: str, head: str, encoding: str) -> None:
    """As the import of geofences reads it, and piece by piece."""
    point = f'<trkpt lat="1" lon="2"><time>2020-01-01T00:00:00Z</time><name>{name}</name></trkpt>'
    text = f"{head}<gpx><trk><name>{name}</name><trkseg>{point * 2500}</trkseg></trk></gpx>"
    found, unreadable = read(written(tmp_path, "a.gpx", text.encode(encoding)))
    assert len(found) == 2500 and not unreadable


def test_a_large_gpx_is_read_as_a_stream(tmp_path: Path) -> None:
    point = '<trkpt lat="1" lon="2"><time>2020-01-01T00:00:00Z</time></trkpt>'
    path = written(tmp_path, "a.gpx", f"<gpx><trk><trkseg>{point * 5000}</trkseg></trk>")  # cut off at the end
    found, unreadable = read(path)
    assert len(found) == 5000 and unreadable == {"cut_off": 1}
    found, unreadable = read(written(tmp_path, "b.gpx", f"<gpx><trk><trkseg>{point * 3}{point[:40]}"))
    assert len(found) == 3 and unreadable == {"cut_off": 1}
    with pytest.raises(Malformed):
        read(written(tmp_path, "c.gpx", f"<gpx><trk><trkseg>{point[:40]}"))


@needs_gpx
@pytest.mark.parametrize(
    ("name", "fixes", "unreadable", "first"),
    [
        ("korita-zbevnica.gpx", 513, {"no_time": 358}, "2010-10-03T09:36:30.000Z"),
        ("cerknicko-without-times.gpx", 5, {"no_time": 291}, "2010-08-05T16:22:52.000Z"),
        ("track-with-empty-segment.gpx", 9, {}, "2013-07-06T17:26:26.000Z"),
        ("track-with-less-sec-time.gpx", 2, {}, "2015-12-11T14:43:13.000Z"),
        ("track_with_speed.gpx", 3, {}, "2009-03-02T14:05:52.000Z"),
        ("gpx-with-node-with-comments.gpx", 1, {}, "2014-05-06T12:29:33.000Z"),
        ("track-with-extremes.gpx", 0, {"no_time": 25}, None),
        ("gpx_with_garmin_extension.gpx", 0, {}, None),  # a waypoint only
        ("unicode.gpx", 0, {}, None),
    ],
)
def test_real_gpx_files(name: str, fixes: int, unreadable: dict[str, int], first: str | None) -> None:
    found, left_out = read(GPX / name)
    assert (len(found), left_out) == (fixes, unreadable)
    assert first == (format_ms(found[0].fix.at) if found else None)


@needs_gpx
def test_all_points_of_all_gpx_files_are_accounted_for() -> None:
    for path in sorted(GPX.glob("*.gpx")):
        found, unreadable = read(path)
        assert len(found) + unreadable.total() == path.read_bytes().count(b"<trkpt"), path.name


def test_the_samples_can_be_read() -> None:
    limerick = survey(ROOT / "samples" / "bus_limerick_304_2019-02-18.csv.gz")
    liverpool = survey(ROOT / "samples" / "bus_liverpool_route14_2026-01-26.csv.gz")
    assert (len(limerick.devices), limerick.fixes) == (1, 2144)
    assert (len(liverpool.devices), liverpool.fixes) == (16, 1533)


def test_names_become_ids_and_never_another_ones() -> None:
    names = ["van-12", "Van 12", "Van  12", "van/12", "", "é", "_", "x" * 65, "x" * 66]
    ids = [slug(name) for name in names]
    assert all(map(is_slug, ids)) and len(set(ids)) == len(ids)
    assert ids[0] == "van-12"
