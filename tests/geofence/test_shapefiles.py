"""Shapefiles as they come: in a zip, in another system, in an old encoding, broken."""

import io
import json
import zipfile
from typing import Any

import pytest
import shapefile
from pyproj import CRS, Transformer

from tests.geofence.shapes import box
from tracker.errors import Invalid, Malformed, TooLarge
from tracker.geofence.reading import packed
from tracker.geofence.reading.collection import Collection, Defaults, collect, read_features
from tracker.geofence.reading.kml import placemarks
from tracker.geofence.reading.shapefiles import layers

WGS84 = CRS.from_epsg(4326).to_wkt("WKT1_ESRI")
TM35FIN = CRS.from_epsg(3067).to_wkt("WKT1_ESRI")
SQUARE = box(24.9, 60.1, 25.0, 60.2)


def written(areas: dict[str, Any], encoding: str = "utf-8", turn: Any = lambda place: place) -> dict[str, bytes]:
    """The parts of a Shapefile of areas by their names."""
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=shapefile.POLYGON, encoding=encoding) as writer:
        writer.field("NAME", "C", 40)
        writer.field("dwell", "N", 10, 0)
        for name, ring in areas.items():
            writer.record(name, 300)
            if ring is None:
                writer.null()
            else:
                writer.poly([[turn(place) for place in reversed(ring)]])
    return {".shp": shp.getvalue(), ".dbf": dbf.getvalue()}


def zipped(parts: dict[str, bytes], stem: str = "data/zones") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for ending, text in parts.items():
            made.writestr(stem + ending, text)
            made.writestr(f"__MACOSX/data/._zones{ending}", b"\0\5\26\7")
    return file.getvalue()


def read(parts: dict[str, bytes], defaults: Defaults = Defaults()) -> Collection:  # noqa: B008
    return collect(layers(zipped(parts)), defaults)


def features(found: Collection) -> list[dict[str, Any]]:
    return [json.loads(draft.feature) for draft in found.drafts]


def test_areas_come_in_with_their_columns_and_what_has_no_shape_is_refused_by_its_number() -> None:
    found = read(written({"Östra": SQUARE, "nowhere": None, "Yard": box(10, 10, 11, 11)}) | {".prj": WGS84.encode()})
    east, yard = features(found)
    assert (east["properties"]["name"], east["properties"]["dwell"], yard["properties"]["name"]) == (
        "Östra",
        300,
        "Yard",
    )
    assert sorted(east["geometry"]["coordinates"][0])[0] == [24.9, 60.1] and found.indices == [0, 2]
    assert [(each.index, each.name, each.reason) for each in found.bad] == [(1, "nowhere", "geometry: there is none")]


def test_another_system_is_turned_into_degrees_and_says_so() -> None:
    turn = Transformer.from_crs(4326, 3067, always_xy=True).transform
    parts = written({"A": SQUARE}, turn=lambda place: turn(*place))
    found = read(parts | {".prj": TM35FIN.encode()})
    (area,) = features(found)
    assert sorted(area["geometry"]["coordinates"][0])[0] == pytest.approx([24.9, 60.1], abs=1e-7)
    assert "TM35FIN" in found.said[0].note
    without = read(parts)
    assert not without.drafts and "no .prj" in without.said[0].note, "metres are no degrees"


@pytest.mark.parametrize("prj", [b'PROJCS["Mars 2000",GEOGCS[', b"\xff\xfe\0", b'LOCAL_CS["Site grid"]'])
def test_a_system_that_is_not_known_is_refused_by_its_name(prj: bytes) -> None:
    with pytest.raises(Invalid, match=r"zones\.prj: .* cannot be turned"):
        read(written({"A": SQUARE}) | {".prj": prj})


@pytest.mark.parametrize(
    ("encoding", "cpg", "name"),
    [
        ("cp1251", b"1251", "Москва"),
        ("cp1252", b"ISO-8859-1", "Zürich"),
        ("cp1252", None, "Zürich"),
        ("cp1252", b"klingon", "Zürich"),
        ("utf-8", None, "حيفا"),
        ("utf-8", b"65001", "حيفا"),
        ("cp932", b"ANSI 932\n", "横浜"),
    ],
)
def test_texts_are_read_in_their_encoding(encoding: str, cpg: bytes | None, name: str) -> None:
    parts = written({name: SQUARE}, encoding) | {".prj": WGS84.encode()}
    found = read(parts | ({} if cpg is None else {".cpg": cpg}))
    assert features(found)[0]["properties"]["name"] == name
    assert any("klingon" in each.note for each in found.said) == (cpg == b"klingon")


def test_of_a_broken_one_what_came_before_is_kept() -> None:
    parts = written(dict.fromkeys("abc", SQUARE)) | {".prj": WGS84.encode()}
    cut = parts | {".shp": parts[".shp"][:-60]}
    found = read(cut)
    assert len(found.drafts) == 2 and "from here on" in found.bad[0].reason
    huge = bytearray(parts[".shp"])
    huge[144:152] = b"\xff\xff\xff\x7f" * 2  # so many parts and places says the first
    assert read(parts | {".shp": parts[".shp"][:100]}).total == 0
    for broken in (b"\xff" * 5000, bytes(huge), b"\0" * 40):
        with pytest.raises((Malformed, Invalid), match=r"zones\.shp"):
            read(parts | {".shp": broken})


def test_rings_the_wrong_way_round_are_areas_and_nothing_is_written_of_each(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    parts = written({"A": [*reversed(SQUARE)], "B": [*reversed(box(10, 10, 11, 11))]}) | {".prj": WGS84.encode()}
    assert len(read(parts).drafts) == 2
    assert (capfd.readouterr().err, caplog.messages) == ("", [])


def test_what_is_no_area_costs_only_itself_whatever_its_name_is() -> None:
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=shapefile.MULTIPATCH) as writer:
        writer.field("NAME", "N", 10, 0)
        for number in range(3):
            writer.record(number)
            writer.multipatch([[(*place, 0) for place in SQUARE]], partTypes=[shapefile.RING])
    found = read({".shp": shp.getvalue(), ".dbf": dbf.getvalue(), ".prj": WGS84.encode()})
    assert [(each.index, each.name) for each in found.bad] == [(0, "0"), (1, "1"), (2, "2")]
    assert all("is no area, line or point" in each.reason for each in found.bad)


def test_without_a_table_there_are_only_shapes() -> None:
    parts = written({"A": SQUARE})
    (area,) = features(read({".shp": parts[".shp"], ".prj": WGS84.encode()}))
    assert area["geometry"]["type"] == "Polygon"


def test_a_zip_is_bounded_and_a_kml_in_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "<Placemark><name>A</name><Point><coordinates>24,60</coordinates></Point></Placemark>"
    kml = f'<kml xmlns="http://www.opengis.net/kml/2.2">{place}</kml>'
    assert len(collect(layers(zipped({".kml": kml.encode()})), Defaults(radius=10.0)).drafts) == 1
    with pytest.raises(Invalid, match=r"neither \.kml nor \.shp"):
        collect(layers(zipped({".dbf": b""})), Defaults())
    with pytest.raises(Invalid, match="format=shapefile"):  # said to be a KMZ, or to be GeoJSON
        collect(placemarks(zipped({".shp": b""})), Defaults())
    with pytest.raises(Invalid, match="format=shapefile"):
        collect(read_features(zipped({".shp": b""})), Defaults())
    monkeypatch.setattr(packed, "LARGEST", 1000)
    with pytest.raises(TooLarge):
        read({".shp": bytes(2000)})
