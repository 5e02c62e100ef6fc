"""KML and GPX of other programs: nothing of them is lost without a word."""

import json

import pytest

from tracker.geofence.reading.collection import Collection, Defaults, collect
from tracker.geofence.reading.gpx import waypoints_and_lines
from tracker.geofence.reading.kml import placemarks
from tracker.geofence.reading.recorded import tell_recorded
from tracker.xml import AMPERSANDS, LETTERS, NO_UTF_8, mend


def placed(text: str) -> bytes:
    return f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{text}</Document></kml>'.encode()


LOST = "24,60,0 25,60,0,25,61,0 24,61,0 24,60,0"


def test_a_space_that_was_lost_in_kml_costs_no_corner() -> None:
    def area(places: str) -> Collection:
        ring = f"<outerBoundaryIs><LinearRing><coordinates>{places}</coordinates></LinearRing></outerBoundaryIs>"
        return collect(
            placemarks(placed(f"<Placemark><name>A</name><Polygon>{ring}</Polygon></Placemark>")), Defaults()
        )

    found = area(LOST)
    assert json.loads(found.drafts[0].feature)["geometry"]["coordinates"][0] == [
        [24, 60],
        [25, 60],
        [25, 61],
        [24, 61],
        [24, 60],
    ]
    assert "a space is missing in 25,60,0,25,61,0" in found.said[0].note
    assert len(area("24,60 25,60,25,61 24,61 24,60").drafts) == 1
    for lost in (
        "24,60,0 25,60,025,61,0 24,61,0 24,60,0",
        "24,60 25,60,0 25,61,0,24,61 24,60",
        "24,60,25,60,25,61,24,60",
    ):
        (bad,) = area(lost).bad
        assert bad.name == "A" and "space between two places is missing" in bad.reason
    assert json.loads(area("24, 60,7 25, 60,7 25, 61,7").drafts[0].feature)["geometry"]["coordinates"][0][1] == [25, 60]
    assert [said.note for said in area("24,60,7 25,60,7 25,61,7").said] == ["geometry: its heights are left out"]


def test_a_number_without_an_end_costs_no_neighbour() -> None:
    line = f"<LineString><coordinates>1,{'9' * 5000},1,2 1,2,1,2</coordinates></LineString>"
    good = "<Placemark><Point><coordinates>1,2</coordinates></Point></Placemark>"
    found = collect(placemarks(placed(f"<Placemark>{line}</Placemark>{good}")), Defaults(radius=5, width=9))
    assert len(found.drafts) + len(found.bad) == 2


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-16"?><kml>\xc3\xa4</kml>',  # as .NET writes what was in memory
        '<?xml version="1.0" encoding="Shift_JIS"?><kml>①</kml>'.encode("cp932"),
        '<?xml version="1.0" encoding="EUC-KR"?><kml>똠</kml>'.encode("cp949"),
        '<?xml version="1.0" encoding="Big5"?><kml>裏</kml>'.encode("cp950"),
        '<?xml version="1.0" encoding="gb2312"?><kml>镕</kml>'.encode("gbk"),
    ],
)
def test_an_encoding_is_what_programs_mean_by_its_name(body: bytes) -> None:
    text, notes = mend(body)
    assert text.decode().removeprefix("<kml>").removesuffix("</kml>") in "ä①똠裏镕" and notes == []


def test_what_xml_has_itself_is_left_as_it_is() -> None:
    body = b"<kml>&lt;td&gt; &amp;nbsp; &quot;&apos;<![CDATA[a & b]]><!-- & --></kml>"
    assert mend(body) == (body, [])


def test_empty_placemarks_are_listed_and_cost_no_neighbour() -> None:
    area = "<Polygon><outerBoundaryIs><LinearRing><coordinates/></LinearRing></outerBoundaryIs></Polygon>"
    inside = {"Point": "<Point><coordinates> </coordinates></Point>", "Note": "", "Area": area}
    empty = "".join(f"<Placemark><name>{name}</name>{geometry}</Placemark>" for name, geometry in inside.items())
    point = "<Point><coordinates>1,2</coordinates></Point>"
    good = f"<Placemark><name>Here</name><MultiGeometry>{point}<LineString/></MultiGeometry></Placemark>"
    found = collect(placemarks(placed(good + empty)), Defaults(radius=5))
    assert len(found.drafts) == 1 and found.said[0].note == "a LineString without coordinates is passed over"
    assert [(bad.index, bad.name) for bad in found.bad] == [(1, "Point"), (2, "Note"), (3, "Area")]


def test_links_of_kml_are_said_and_not_fetched() -> None:
    link = "<NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink>"
    found = collect(placemarks(placed(link * 2)), Defaults())
    assert found.total == 0 and found.said[0].note == "2 links to other files are passed over; nothing is fetched"


@pytest.mark.parametrize("number", ["export.1", ".1", "_.1", "Layer__0.12", "a.b.1", "_____.2"])
def test_row_numbers_of_libkml_are_no_ids(number: str) -> None:
    """What GDAL 3.6 writes for layers called `export`, nothing, a space, `Layer #0`, `a.b` and in other letters."""

    def row(data: str = "") -> str:
        return f'<Placemark id="{number}"><name>A</name>{data}<Point><coordinates>1,2</coordinates></Point></Placemark>'

    plain = collect(placemarks(placed(row())), Defaults(radius=5)).drafts[0]
    assert plain.id.startswith("fence-")
    column = '<ExtendedData><SchemaData><SimpleData name="id">zone.1</SimpleData></SchemaData></ExtendedData>'
    named = collect(placemarks(placed(row(column))), Defaults(radius=5)).drafts[0]
    assert (named.id, named.tabular) == ("zone.1", True)


def test_segments_of_one_point_are_passed_over_and_said() -> None:
    def track(*counts: int) -> bytes:
        points = [f'<trkpt lat="60.{n}" lon="24"/>' for n in range(max(counts, default=0))]
        segments = "".join(f"<trkseg>{''.join(points[:count])}</trkseg>" for count in counts)
        return f"<gpx><trk><name>Way</name>{segments}</trk></gpx>".encode()

    found = collect(waypoints_and_lines(track(1, 3, 0)), Defaults(width=9))
    assert len(found.drafts) == 1 and not found.bad
    assert [said.note for said in found.said] == [
        "Way: a line of one place is passed over",
        "Way: a line without a place is passed over",
    ]
    found = collect(waypoints_and_lines(track(*[1] * 20)), Defaults(width=9))
    assert [said.note for said in found.said] == ["Way: 20 lines of one place each are passed over"]


def recorded(
    number: int, data: str = "", stamp: str = "<TimeStamp><when>2026-01-01T00:00:00Z</when></TimeStamp>"
) -> str:
    place = f"<Point><coordinates>24.{number},60</coordinates></Point>"
    return f"<Placemark><name>T-{number}</name>{stamp}{data}{place}</Placemark>"


def test_the_points_of_a_recording_are_no_geofences() -> None:
    """GPSBabel's KML has one for each place of a track, beside the line."""
    path = "<Placemark><name>Path</name><LineString><coordinates>24,60 25,60</coordinates></LineString></Placemark>"
    lent = Defaults(radius=20, width=9)
    points = "".join(map(recorded, range(9)))
    found = collect(placemarks(placed(points + path)), lent)
    assert [json.loads(draft.feature)["properties"]["name"] for draft in found.drafts] == ["Path"]
    assert [said.note for said in found.said] == [tell_recorded(9)] and not found.bad
    alone = collect(placemarks(placed(recorded(1))), lent)
    assert alone.total == 0 and alone.said[0].note.startswith("a point of a recording is passed over")
    own = '<ExtendedData><Data name="radius"><value>30</value></Data></ExtendedData>'
    assert len(collect(placemarks(placed(recorded(1, own) + recorded(2, stamp=""))), lent).drafts) == 2


def test_heights_of_kml_may_be_anything() -> None:
    for height in ("", "NaN", "-", "null", "7"):
        text = f"<Placemark><Point><coordinates>24,60,{height}</coordinates></Point></Placemark>"
        assert len(collect(placemarks(placed(text)), Defaults(radius=5)).drafts) == 1, height


def name_of(found: Collection) -> str:
    name: str = json.loads(found.drafts[0].feature)["properties"]["name"]
    return name


def named(name: bytes, head: bytes = b"") -> Collection:
    """Of a KML that is no text yet."""
    inside = b"<name>" + name + b"</name><Point><coordinates>1,2</coordinates></Point>"
    text = b"<kml><!-- a & b --><Placemark>" + inside + b"</Placemark></kml>"
    return collect(placemarks(head + text), Defaults(radius=5))


@pytest.mark.parametrize(
    ("name", "read", "note"),
    [
        (b"Fish & Chips", "Fish & Chips", AMPERSANDS),
        (b"Fish &amp; Chips", "Fish & Chips", None),
        (b"a&eacute;b &Auml; &lt; &foo; &AMP; &LT;", "aéb Ä < &foo; & <", AMPERSANDS),
        (b"<![CDATA[Fish & Chips &nbsp;]]>", "Fish & Chips &nbsp;", None),
        (b"a&#xFFFF;&#1;&#x41;\x0bb\x00", "aAb", LETTERS),
        (b"a\xef\xbf\xbfb", "ab", LETTERS),
        (b"K\xe4se \x96 K\xc3\xa4se", "Käse – Käse", NO_UTF_8),
    ],
)
def test_a_name_that_xml_cannot_hold_costs_no_file(name: bytes, read: str, note: str | None) -> None:
    found = named(name)
    assert (name_of(found), [said.note for said in found.said]) == (read, [note] if note else [])


def test_an_encoding_that_is_said_wrongly_or_that_expat_does_not_know() -> None:
    found = named("Zürich".encode(), b'<?xml version="1.0" encoding="utf-16"?>')
    assert name_of(found) == "Zürich"
    assert "says that it is in utf-16" in found.said[0].note
    for encoding, name in (("GBK", "测试"), ("Shift_JIS", "東京"), ("EUC-KR", "서울"), ("us-ascii", "Oulu")):
        head = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
        assert name_of(named(name.encode(encoding), head)) == name


def test_the_letters_of_gpx_are_mended_too() -> None:
    found = collect(
        waypoints_and_lines(b'<gpx><wpt lat="1" lon="2"><name>A & B</name></wpt></gpx>\0'), Defaults(radius=5)
    )
    assert (name_of(found), [said.note for said in found.said]) == ("A & B", [AMPERSANDS, LETTERS])


def test_what_begins_and_never_ends_is_looked_at_once() -> None:
    for begin in (b"<![CDATA[", b"<!--", b"&#x"):
        mend(b"<kml>" + begin * 200_000)


@pytest.mark.parametrize(
    ("coordinates", "places"),
    [
        ("21,118,52,085 21,128,52,085 21,128,52,095", [[21.118, 52.085], [21.128, 52.085], [21.128, 52.095]]),
        ("-71,942607,45,378918,174,00 -71,942605,45,378917,174,00", [[-71.942607, 45.378918], [-71.942605, 45.378917]]),
        ("21,118,52,085,0 21,128,52,085,0", [[21.118, 52.085], [21.128, 52.085]]),
        ("1,2,0 3,4,0</coordinates><coordinates>5,6", [[1, 2], [3, 4], [5, 6]]),
    ],
)
def test_decimal_commas_and_parted_coordinates_of_kml(coordinates: str, places: list[list[float]]) -> None:
    line = f"<LineString><coordinates>{coordinates}</coordinates></LineString>"
    found = collect(placemarks(placed(f"<Placemark><name>A</name>{line}</Placemark>")), Defaults(width=5))
    assert json.loads(found.drafts[0].feature)["geometry"] == {"type": "LineString", "coordinates": places}


def squares(*wests: float) -> str:
    return "".join(
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{west},0 {west + 2},0 {west + 2},2 {west},2 {west},0"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon>"
        for west in wests
    )


@pytest.mark.parametrize(
    ("wests", "kind", "joined"),
    [
        ((0, 1), "Polygon", True),
        ((0, 2), "Polygon", True),
        ((0, 0, 6), "MultiPolygon", True),
        ((0, 5), "MultiPolygon", False),
    ],
)
def test_areas_of_a_placemark_may_lie_over_each_other(wests: tuple[float, ...], kind: str, joined: bool) -> None:
    """A MultiGeometry is no MultiPolygon, whose areas may not."""
    inside = f"<Placemark><name>A</name><MultiGeometry>{squares(*wests)}</MultiGeometry></Placemark>"
    found = collect(placemarks(placed(inside)), Defaults())
    assert json.loads(found.drafts[0].feature)["geometry"]["type"] == kind
    assert [said.note for said in found.said] == (
        ["geometry: areas that lie over each other or share an edge are joined"] if joined else []
    )


@pytest.mark.parametrize("ring", ["0,0 1,1 1,0 0,1 0,0", "1,0 2,0", "179,0 181,0 181,1 179,0"])
def test_areas_that_are_wrong_themselves_or_run_past_180_are_told_as_any_other(ring: str) -> None:
    inside = squares(5, 6) + squares(9).replace("9,0 11,0 11,2 9,2 9,0", ring)
    found = collect(
        placemarks(placed(f"<Placemark><name>A</name><MultiGeometry>{inside}</MultiGeometry></Placemark>")), Defaults()
    )
    assert (len(found.drafts), found.bad[0].name, found.bad[0].field) == (0, "A", "geometry")
