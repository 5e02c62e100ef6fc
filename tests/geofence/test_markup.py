"""KML and GPX: what becomes a geofence, and what strangers put into XML."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile

import pytest

from tests.geofence.shapes import SHARED
from tracker.errors import Invalid, Malformed, TooLarge, TrackerError
from tracker.geofence.reading.collection import Collection, Defaults, collect
from tracker.geofence.reading.found import Found
from tracker.geofence.reading.gpx import waypoints_and_lines
from tracker.geofence.reading.kml import placemarks
from tracker.geofence.reading.notes import FeatureNote
from tracker.geofence.reading.packed import LARGEST

Reader = Callable[[bytes], Iterator[Found | FeatureNote]]
RING = "24,60 25,60,17 25,61\n24,61 24,60"
HOLE = "24.2,60.2 24.4,60.2 24.4,60.4 24.2,60.2"


def kml(*inside: str) -> bytes:
    text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>{"".join(inside)}</Folder></Document></kml>'
    return text.encode()


def gpx(*inside: str) -> bytes:
    return f'<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{"".join(inside)}</gpx>'.encode()


def kmz(files: dict[str, bytes], method: int = ZIP_DEFLATED) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", method) as files_in:
        for name, text in files.items():
            files_in.writestr(name, text)
    return packed.getvalue()


def placemark(geometry: str, more: str = "") -> str:
    return f'<Placemark id="place"><name>Place</name>{more}{geometry}</Placemark>'


def polygon(outer: str, *inner: str) -> str:
    holes = "".join(
        f"<innerBoundaryIs><LinearRing><coordinates>{hole}</coordinates></LinearRing></innerBoundaryIs>"
        for hole in inner
    )
    ring = f"<outerBoundaryIs><LinearRing><coordinates>{outer}</coordinates></LinearRing></outerBoundaryIs>"
    return f"<Polygon><tessellate>1</tessellate>{ring}{holes}</Polygon>"


def data(**values: Any) -> str:
    pairs = "".join(f'<Data name="{name}"><value>{value}</value></Data>' for name, value in values.items())
    return f"<ExtendedData>{pairs}</ExtendedData>"


def taken(reader: Reader, body: bytes, **defaults: Any) -> list[dict[str, Any]]:
    collection = collect(reader(body), Defaults(**defaults))
    assert not collection.bad
    return [json.loads(draft.feature) for draft in collection.drafts]


def test_a_polygon_with_a_hole() -> None:
    (found,) = taken(placemarks, kml(placemark(polygon(RING, HOLE), "<description><![CDATA[<b>]]></description>")))
    assert found["id"] == "place"
    assert found["properties"] == {"name": "Place", "description": "<b>", "preset": "balanced"}
    outer, inner = found["geometry"]["coordinates"]
    assert outer == [[24, 60], [25, 60], [25, 61], [24, 61], [24, 60]] and inner[1] == [24.4, 60.2]


@pytest.mark.parametrize(
    ("id", "layer", "read"),
    [
        ("export.2", "export", None),  # GDAL 3.6 numbers every Placemark of the layer
        ("zone.1", "export", "zone.1"),  # GDAL 3.10 writes the ids that there are
        ("a.b.3", "a.b", None),
        ("central", "export", "central"),
        ("zone.1", None, None),  # without fields there is no schema, and no telling
    ],
)
def test_a_number_of_the_layer_is_no_id(id: str, layer: str | None, read: str | None) -> None:
    schema = f'<SchemaData schemaUrl="#{layer}.schema"><SimpleData name="preset">calm</SimpleData></SchemaData>'
    fields = f"<ExtendedData>{schema}</ExtendedData>" if layer else ""
    point = "<Point><coordinates>24.9,60.1</coordinates></Point>"
    body = f'<kml><Document><Placemark id="{id}">{fields}{point}</Placemark></Document></kml>'
    assert [found.id for found in placemarks(body.encode()) if isinstance(found, Found)] == [read]


def test_a_point_and_a_line_with_their_own_radius_and_width_and_with_lent_ones() -> None:
    point, line = (
        "<Point><coordinates>24.9,60.1,0</coordinates></Point>",
        "<LineString><coordinates> 24,60 24.1,60 </coordinates></LineString>",
    )
    schema = (
        '<ExtendedData><SchemaData schemaUrl="#s"><SimpleData name="width">8.5</SimpleData></SchemaData></ExtendedData>'
    )
    given = kml(
        placemark(point, data(radius=50, devices='["van-1"]', enabled="false", note="5")),
        placemark(line, schema).replace("place", "line"),
    )
    circle, corridor = taken(placemarks, given)
    assert circle["geometry"] == {"type": "Point", "coordinates": [24.9, 60.1]}
    properties = circle["properties"]
    assert [properties[name] for name in ("radius", "devices", "enabled", "note")] == [50, ["van-1"], False, "5"]
    assert corridor["properties"]["width"] == 8.5 and len(corridor["geometry"]["coordinates"]) == 2
    lent = taken(placemarks, kml(placemark(point)), radius=20)
    assert lent[0]["properties"]["radius"] == 20


def test_polygons_together_are_one_and_each_line_is_one_and_a_point_beside_them_is_a_label() -> None:
    point = "<Point><coordinates>24.9,60.1</coordinates></Point>"
    lines = "".join(f"<LineString><coordinates>24,{lat} 25,{lat}</coordinates></LineString>" for lat in (10, 20))
    inner = f"<MultiGeometry>{polygon('30,60 31,60 31,61')}{lines}</MultiGeometry>"
    body = kml(placemark(f"<MultiGeometry>{polygon(RING)}{point}{inner}</MultiGeometry>"))
    found = taken(placemarks, body, radius=5, width=5)
    assert [each["geometry"]["type"] for each in found] == ["MultiPolygon", "LineString", "LineString"]
    assert [each["id"] for each in found] == ["place", "place-2", "place-3"]
    assert {each["properties"]["name"] for each in found} == {"Place"}
    heights, label, parts = collect(placemarks(body), Defaults(width=5)).said
    assert (
        "heights" in heights.note
        and label.index == 0
        and "place of its label" in label.note
        and "3 parts" in parts.note
    )


WRONG = {
    "no geometry": (placemark(""), "geometry", "there is none"),
    "a ring": (placemark("<LinearRing><coordinates>1,1 2,2</coordinates></LinearRing>"), "geometry", "LinearRing"),
    "a track": (placemark("<gx:Track xmlns:gx='g'/>"), "geometry", "Track"),
    "no numbers": (placemark(polygon("24;60 25;60")), "geometry", r"LinearRing\[0\] is no longitude"),
    "1_0": (placemark(polygon("1_0,60 25,60")), "geometry", "no longitude"),
    "nan": (placemark(polygon("nan,60 25,60 25,61")), "geometry", "no longitude"),
    "two points": (placemark(polygon("24,60 25,60")), "geometry", "at least 3"),
    "a hole and no area": (placemark(polygon("", HOLE)), "geometry", "at least 3"),
    "no radius": (placemark("<Point><coordinates>1,2</coordinates></Point>"), "properties.radius", "needed"),
    "radius in words": (
        placemark("<Point><coordinates>1,2</coordinates></Point>", data(radius="five")),
        "properties.radius",
        "needed.*five does not count.*source_radius: is no number",
    ),
    "no outer ring": (placemark(polygon(RING).replace("outer", "inner")), "geometry", "one outerBoundaryIs"),
    "no point": (placemark("<Point><coordinates>1,2 3,4</coordinates></Point>"), "geometry", "needs one"),
    "bow-tie": (placemark(polygon("0,0 1,1 1,0 0,1 0,0")), "geometry", "self-intersection at 0.5, 0.5"),
    "the same id": (placemark(polygon(RING)) * 2, "id", "number 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_placemarks_are_told(case: str) -> None:
    text, field, reason = WRONG[case]
    collection: Collection = collect(placemarks(kml(text)), Defaults())
    (bad,) = collection.bad
    assert (bad.id, bad.field) == ("place", field)
    assert re.search(reason, bad.reason)


def test_waypoints_routes_and_tracks() -> None:
    def points(tag: str, count: int) -> str:
        return "".join(
            f'<{tag} lat="60.{n}" lon="24"><ele>5</ele><time>x</time><extensions><y/></extensions></{tag}>'
            for n in range(count)
        )

    segments = f"<trkseg>{points('trkpt', 3)}</trkseg><trkseg/><trkseg>{points('trkpt', 2)}</trkseg>"
    given = gpx(
        '<wpt lat="-60.5" lon="-24.25"><name>Here</name><desc>D</desc></wpt>',
        f"<rte><name>Route</name>{points('rtept', 4)}</rte>",
        "<trk><name>Empty</name></trk>",
        f"<trk><name>Way</name>{segments}</trk>",
    )
    found = taken(waypoints_and_lines, given, radius=7, width=9)
    assert [each["properties"]["name"] for each in found] == ["Here", "Route", "Way", "Way"]
    assert found[0]["geometry"] == {"type": "Point", "coordinates": [-24.25, -60.5]}
    assert found[0]["properties"] == {"name": "Here", "description": "D", "preset": "balanced", "radius": 7}
    assert [len(each["geometry"]["coordinates"]) for each in found[1:]] == [4, 3, 2]
    assert {each["properties"]["width"] for each in found[1:]} == {9}
    assert [bad.field for bad in collect(waypoints_and_lines(given), Defaults()).bad] == [
        "properties.radius",
        "properties.width",
        "properties.width",
        "properties.width",
    ]


def test_a_place_that_is_none_in_gpx() -> None:
    found = collect(waypoints_and_lines(gpx('<wpt lat="60"/>', '<wpt lat="95" lon="1"/>')), Defaults(radius=5))
    assert [(bad.index, bad.field) for bad in found.bad] == [(0, "geometry"), (1, "geometry")]


@pytest.mark.parametrize("path", sorted((SHARED / "data/gpx").glob("*.gpx")), ids=lambda path: path.stem)
def test_recorded_files(path: Path) -> None:
    """Every waypoint, route and segment with two places or more comes in; of a single place it is said."""
    found = collect(waypoints_and_lines(path.read_bytes()), Defaults(radius=20, width=30))
    assert found.total + len(found.said) > 0 and not found.bad


LAUGHS = """<!DOCTYPE kml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;">]>
<kml><Placemark><name>&c;</name></Placemark></kml>"""
FILES = '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Placemark><name>&x;</name></Placemark></kml>'
REFUSED: dict[str, tuple[bytes, type[TrackerError]]] = {
    "billion laughs": (LAUGHS.encode(), Invalid),
    "a file": (FILES.encode(), Invalid),
    "a DTD elsewhere": (b'<!DOCTYPE kml SYSTEM "http://127.0.0.1/x.dtd"><kml/>', Invalid),
    "another root": (gpx(), Invalid),
    "not closed": (b"<kml><Document>", Malformed),
    "nothing": (b"", Malformed),
    "no XML": (b'{"type":"FeatureCollection"}', Malformed),
    "two roots": (b"<kml/><kml/>", Malformed),
    "an unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><kml/>', Malformed),
    "an encoding that it is not in": (b'<?xml version="1.0" encoding="euc-jp"?><kml>\xff\xff</kml>', Malformed),
    "deep": (kml("<Placemark>" + "<MultiGeometry>" * 5_000), Malformed),
    "a long text": (kml("<Placemark><name>" + "x" * 5_000_000), TooLarge),
    "many elements": (kml("<Placemark>" + "<a/>" * 500_001), TooLarge),
    "a tag of many attributes": (kml("<Placemark " + " ".join(f'a{n}=""' for n in range(60_000)) + "/>"), TooLarge),
    "one that does not end": (b"<kml><Placemark " + b'a="" ' * 200_000, TooLarge),
    "a long comment": (kml("<!--" + "x" * 1_000_000 + "-->"), TooLarge),
    "a long instruction": (kml("<?x " + "x" * 1_000_000 + "?>"), TooLarge),
    "a long name": (kml("<" + "x" * 1_000_000 + "/>"), TooLarge),
    "half a zip": (b"PK\x03\x04" + bytes(50), Malformed),
    "a zip without any": (kmz({"zones.shp": b"x"}), Invalid),
    "a zip of very many files": (kmz({f"{number}.png": b"" for number in range(10_001)}), TooLarge),
    "a zip that grows": (kmz({"doc.kml": bytes(LARGEST + 1)}), TooLarge),
    "a zip that is wrong inside": (kmz({"doc.kml": b"abc"}, ZIP_STORED).replace(b"abc", b"abd"), Malformed),
    "a zip by LZMA": (kmz({"doc.kml": kml("")}, ZIP_LZMA), Malformed),
    "a zip by bzip2 that is wrong inside": (kmz({"doc.kml": kml("")}, ZIP_BZIP2).replace(b"BZh9", b"BZx9"), Malformed),
    "a gzip": (gzip.compress(kml("")), Invalid),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    body, error = REFUSED[case]
    with pytest.raises(error):
        list(placemarks(body))


def test_of_a_kmz_the_first_kml_outside_all_folders_is_read() -> None:
    main, other = (kml(placemark(polygon(RING)).replace("<name>Place", f"<name>{name}")) for name in ("Main", "Other"))
    packed = kmz({"files/layer.kml": other, "images/a.png": b"x", "doc.kml": main})
    assert [each["properties"]["name"] for each in taken(placemarks, packed)] == ["Main"]
    assert [each["properties"]["name"] for each in taken(placemarks, kmz({"a/b/Zone.KML": other}))] == ["Other"]
    beside = kmz({"__MACOSX/a/._zone.kml": b"\0\5\x16\7", "a/zone.kml": other})
    assert [each["properties"]["name"] for each in taken(placemarks, beside)] == ["Other"]


TEXT = kml(placemark(polygon(RING))).decode()
UNTIDY = {
    "blanks before it": f"\n \t<?xml version='1.0'?>{TEXT}",
    "a mark of its encoding, and blanks behind it": f"\ufeff\r\n <?xml version='1.0'?>{TEXT}",
    "a prefix nobody declared": TEXT.replace("<name>", '<gx:balloon gx:x="1">1</gx:balloon><name>'),
    "marks that cannot be seen": TEXT.replace("<coordinates>", "<coordinates>\ufeff").replace("25,61", "\u200b25,61"),
}


@pytest.mark.parametrize("case", UNTIDY)
def test_what_is_untidy_is_read_as_what_it_means(case: str) -> None:
    assert taken(placemarks, UNTIDY[case].encode()) == taken(placemarks, TEXT.encode())


def test_other_encodings_are_read() -> None:
    text = kml(placemark(polygon(RING)).replace("<name>Place", "<name>Älvängen")).decode()
    for encoding in ("utf-16", "iso-8859-1", "windows-1252"):
        body = f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)
        assert taken(placemarks, body)[0]["properties"]["name"] == "Älvängen"


def test_long_texts_and_many_comments_are_no_long_tokens() -> None:
    comments = "<!--" + "x" * 200_000 + "-->"
    spaced = placemark(polygon(RING)).replace("<name>Place", f"<name>{' ' * 1_000_000}<![CDATA[{' ' * 500_000}]]>Place")
    body = kml(comments * 5 + spaced + comments * 5)
    assert taken(placemarks, body)[0]["properties"]["name"] == "Place"
