"""Thousands of geofences at once: all that can be one, and out again as they went in."""

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest
import shapely
from quart import Response

from tests.geofence.shapes import box, shared
from tests.integration.conftest import Caller
from tracker.geofence.reading.feature import parse
from tracker.ingest.refresh import Drawn, begin, read_fences
from tracker.store.geofences import select_geofence_revision

IMPORT = "/api/geofences/import"
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


def square(number: int, **properties: Any) -> dict[str, Any]:
    west, south = number % 100 - 50.0, number // 100 % 100 - 50.0
    geometry = {"type": "Polygon", "coordinates": [[list(place) for place in box(west, south, west + 1, south + 1)]]}
    return {"type": "Feature", "id": f"f{number}", "geometry": geometry, "properties": {"name": "F"} | properties}


def point(id: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": id,
        "geometry": {"type": "Point", "coordinates": [7.4, 43.7]},
        "properties": properties,
    }


def collection(*features: Any) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "EPSG:4326"}},
        "features": features,
    }


async def refused(response: Response, status: int) -> dict[str, Any]:
    problem: dict[str, Any] = await response.get_json()
    assert response.status_code == status and response.mimetype == "application/problem+json", problem
    return problem


async def count(conn: asyncpg.Connection) -> int:
    number: int = await conn.fetchval("select count(*) from geofence")
    return number


async def test_all_come_in_with_a_revision_each_and_the_writer_sees_them(
    admin: Caller, conn: asyncpg.Connection
) -> None:
    before = await read_fences(conn, await select_geofence_revision(conn), [], Drawn())
    given = collection(*(square(number) for number in range(1200)), point("circle", radius=50, devices=["van-1"]))
    response = await admin.post(IMPORT, given)
    assert response.status_code == 201
    answer = await response.get_json()
    assert (answer["created"], answer["replaced"]) == (1201, 0)
    assert answer["ids"] == [each["id"] for each in given["features"]]
    rows = await conn.fetch("select id, revision, st_isvalid(shape) as valid from geofence order by revision")
    assert [row["revision"] for row in rows] == list(range(1, 1202)) and all(row["valid"] for row in rows)
    assert [row["id"] for row in rows] == answer["ids"]
    after = await (await begin(conn, before, await select_geofence_revision(conn)))
    assert (after.revision, len(after.ids)) == (1201, 1201)


async def test_what_can_be_none_is_told_and_keeps_all_out_only_where_that_is_asked(
    admin: Caller, conn: asyncpg.Connection
) -> None:
    too_many = [[index / 1000, 0] for index in range(11_000)]
    given = collection(
        square(0),
        {"type": "Feature", "id": "tie", "geometry": BOW_TIE, "properties": None},
        7,
        point("no-radius"),
        {"type": "Feature", "id": 5, "geometry": {"type": "Sphere"}},
        square(0),
        point("a b", radius=5),
        {
            "type": "Feature",
            "id": "long",
            "geometry": {"type": "LineString", "coordinates": too_many},
            "properties": {"width": 5},
        },
        point("limit", radius=5, speed_limit=-1),
        {},
    )
    problem = await refused(await admin.post(f"{IMPORT}?strict=true", given), 422)
    assert problem["detail"] == "7 of 10 features cannot be geofences, so nothing is stored"
    told = [(each["index"], each["id"], each["field"]) for each in problem["errors"]]
    assert told == [
        (1, "tie", "geometry"),
        (2, None, None),
        (3, "no-radius", "properties.radius"),
        (4, "5", "geometry.type"),
        (5, "f0", "id"),
        (7, "long", "geometry"),
        (9, None, "type"),
    ]
    reasons = [each["reason"] for each in problem["errors"]]
    assert "self-intersection at 0.5, 0.5" in reasons[0] and "simplified to" in reasons[5]
    assert "number 0" in reasons[4]
    assert (await count(conn), await select_geofence_revision(conn)) == (0, 0)
    answer = await (await admin.post(IMPORT, given)).get_json()
    assert answer["refused"] == problem["errors"] and answer["refused_count"] == 7
    assert (answer["created"], answer["ids"][0], answer["ids"][2]) == (3, "f0", "limit")
    assert [said["index"] for said in answer["said"]] == [None, 6, 8]  # the axes of the crs, an id, a limit


async def test_of_very_many_wrong_ones_the_first_are_told(admin: Caller) -> None:
    """Without a radius, and too far apart to be a recording."""
    apart = [point("x") | {"geometry": {"type": "Point", "coordinates": [n / 10, 43]}} for n in range(500)]
    problem = await refused(await admin.post(IMPORT, collection(*apart)), 422)
    assert len(problem["errors"]) == 100 and problem["detail"].startswith("500 of 500 ")


async def test_ids_that_are_taken_are_refused_or_replaced(admin: Caller, conn: asyncpg.Connection) -> None:
    await admin.post("/api/geofences", square(3))
    keys = await conn.fetch("select key from geofence")
    given = collection(square(2), square(3, name="new"))
    problem = await refused(await admin.post(IMPORT, given), 409)
    assert [(each["index"], each["id"], each["field"]) for each in problem["errors"]] == [(1, "f3", "id")]
    assert (await count(conn), await select_geofence_revision(conn)) == (1, 1)
    answer = await (await admin.post(f"{IMPORT}?on_conflict=replace", given)).get_json()
    assert (answer["created"], answer["replaced"], answer["ids"]) == (1, 1, ["f2", "f3"])
    assert {"index": 1, "note": "id: f3 was F, which it replaces", "times": 1} in answer["said"]
    changed = await (await admin.get("/api/geofences/f3")).get_json()
    assert changed["properties"] == {"name": "new", "preset": "balanced", "revision": 3}
    assert await conn.fetch("select key from geofence where id = 'f3'") == keys  # who is inside stays inside


async def test_what_a_feature_lacks_comes_from_the_query(admin: Caller) -> None:
    line = {"type": "Feature", "id": "line", "geometry": {"type": "LineString", "coordinates": [[1, 1], [1, 2]]}}
    tie = {"type": "Feature", "id": "tie", "geometry": BOW_TIE}
    given = collection(point("own", radius=7), point("lent"), point("null", radius=None), line, tie, square(1))
    response = await admin.post(f"{IMPORT}?radius=50&width=20&repair=true", given)
    assert response.status_code == 201, await response.get_json()
    found = (await (await admin.get("/api/geofences")).get_json())["features"]
    properties = {each["id"]: each["properties"] for each in found}
    assert [properties[id].get("radius") for id in ("own", "lent", "null", "line", "f1")] == [7, 50, 50, None, None]
    assert properties["line"]["width"] == 20 and "repaired" in properties["tie"] and "repaired" not in properties["f1"]


MALFORMED = {
    "no JSON": (b"{", 400),
    "half": (b'{"type":"FeatureCollection","features":[{}', 400),
    "empty": (b"", 400),
    "a text without end": (b'{"type":"FeatureCollection","features":["' + b"x" * 600_000, 400),
    "no feature's end": (b'{"type":"FeatureCollection","features":[{"type":"Feature"]}', 400),
    "a wrong feature": (b'{"type":"FeatureCollection","features":[{"type" "Feature"}]}', 400),
    "one brace too many": (b'{"type":"FeatureCollection","features":[]}}', 400),
    "deep": (b'{"type":"FeatureCollection","features":' + b"[" * 100_000, 400),
    "no type": (b'{"features":[]}', 422),
    "a list of nothing": (b"[]", 422),
    "a list of no features": (b"[7]", 422),
    "no features": (b'{"type":"FeatureCollection"}', 422),
    "features is an object": (b'{"type":"FeatureCollection","features":{"a":{}}}', 422),
    "features twice": (b'{"type":"FeatureCollection","features":[{}],"features":[{},{}]}', 422),
    "lists": (b'{"type":"FeatureCollection","features":[[{}],[{}]]}', 422),
    "so many": (b'{"type":"FeatureCollection","features":[' + b"{}," * 100_001 + b"{}]}", 413),
    "much else": (b'{"type":"FeatureCollection","bbox":[' + b"0," * 1_100_000 + b'0],"features":[]}', 413),
}


async def test_what_is_no_collection_is_refused(
    admin: Caller, conn: asyncpg.Connection, subtests: pytest.Subtests
) -> None:
    for case, (body, status) in MALFORMED.items():
        with subtests.test(case):
            response = await admin.call("POST", IMPORT, data=body, headers={"Content-Type": "application/json"})
            await refused(response, status)
    assert await count(conn) == 0


async def test_formats_are_named(admin: Caller) -> None:
    body = msgspec.json.encode(collection())
    for query, kind, status in (
        ("", "application/geo+json", 201),
        ("?format=geojson", "text/plain", 201),
        ("", "text/plain", 415),
        ("?format=shp", "application/json", 422),
        ("?radius=0", "application/json", 422),
        ("?on_conflict=merge", "application/json", 422),
    ):
        response = await admin.call("POST", IMPORT + query, data=body, headers={"Content-Type": kind})
        assert response.status_code == status, (query, kind)


async def test_larger_than_the_limit_is_not_read(admin: Caller) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": str(65 * 1024 * 1024)}
    await refused(await admin.call("POST", IMPORT, data=b"{}", headers=headers), 413)


async def test_what_is_exported_can_be_imported_again(admin: Caller, viewer: Caller, conn: asyncpg.Connection) -> None:
    assert await (await viewer.get("/api/geofences/export")).get_json() == {
        "type": "FeatureCollection",
        "revision": 0,
        "features": [],
    }
    active = {"zone": "Europe/Helsinki", "windows": [{"from": "22:00", "to": "06:00", "days": ["sun"]}]}
    line = {"type": "LineString", "coordinates": [[179, 1], [-179, 2]]}
    given = collection(
        *(square(number) for number in range(250)),
        point("circle", radius=50.5, enabled=False, active=active, expires="2027-01-01T00:00:00+02:00", note={"a": []}),
        {"type": "Feature", "id": "line", "geometry": line, "properties": {"width": 5, "speed_limit": 13.9}},
        {"type": "Feature", "id": "tie", "geometry": BOW_TIE, "properties": {"repair": True}},
    )
    assert (await admin.post(IMPORT, given)).status_code == 201
    response = await viewer.get("/api/geofences/export")
    assert (
        response.mimetype == "application/geo+json" and "geofences.geojson" in response.headers["Content-Disposition"]
    )
    exported = await response.get_json()
    assert exported["revision"] == 253 and len(exported["features"]) == 253
    shapes = await conn.fetch("select id, st_normalize(shape) as shape from geofence order by id")
    await conn.execute("delete from geofence")
    assert (await admin.post(IMPORT, exported)).status_code == 201
    again = await (await viewer.get("/api/geofences/export")).get_json()
    assert [without_revision(each) for each in again["features"]] == list(map(without_revision, exported["features"]))
    assert await conn.fetch("select id, st_normalize(shape) as shape from geofence order by id") == shapes


def without_revision(feature: dict[str, Any]) -> dict[str, Any]:
    assert feature["properties"].pop("revision") > 0
    return feature


@pytest.mark.parametrize("name", ["real_invalid", "real_antimeridian", "districts_portland"])
async def test_what_is_stored_is_what_is_decided_by(name: str, admin: Caller, conn: asyncpg.Connection) -> None:
    """Of mended and of cut shapes too: PostGIS, the feature that is shown and the writer have the same."""
    kinds = ("Polygon", "MultiPolygon")
    known = [each for each in shared(f"data/geofences/{name}.geojson")["features"] if each["geometry"]["type"] in kinds]
    given = collection(*({"type": "Feature", "geometry": each["geometry"]} for each in known))
    answer = await (await admin.post(f"{IMPORT}?repair=true", given)).get_json()  # some cover no area, also mended
    rows = await conn.fetch("select id, feature, st_asbinary(shape) as shape from geofence")
    assert len(rows) == answer["created"] == len(given["features"]) - answer["refused_count"] > 0
    for row in rows:
        assert shapely.equals_exact(parse(bytes(row["feature"]), id=row["id"]).shape, shapely.from_wkb(row["shape"]))


async def test_real_urban_areas(admin: Caller, conn: asyncpg.Connection) -> None:
    given = shared("data/geofences/ne_50m_urban_areas.geojson")
    answer = await (await admin.post(IMPORT, given)).get_json()
    assert answer["created"] == len(given["features"]) == await count(conn) == 2143


async def test_real_shapes_that_are_wrong_are_told_by_their_numbers(admin: Caller, conn: asyncpg.Connection) -> None:
    given = shared("data/geofences/real_invalid.geojson")
    parted = {
        i for i, each in enumerate(given["features"]) if each["geometry"]["type"] not in ("Polygon", "MultiPolygon")
    }
    problem = await refused(await admin.post(f"{IMPORT}?strict=true", given), 422)
    assert {each["index"] for each in problem["errors"]} >= set(range(len(given["features"]))) - parted
    assert await count(conn) == 0


async def test_a_word_with_an_address_of_its_own_is_no_id(admin: Caller) -> None:
    for id, methods in {"export": "GET, HEAD, OPTIONS", "import": "OPTIONS, POST", "dry-run": "OPTIONS, POST"}.items():
        problem = await refused(await admin.post("/api/geofences", square(1) | {"id": id}), 422)
        assert problem["field"] == "id"
        answer = await admin.call("OPTIONS", f"/api/geofences/{id}")
        assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == methods
        assert (await admin.delete(f"/api/geofences/{id}")).status_code == 405
    for id in ("imported", "export.1", "dry-run-2"):
        assert (await admin.post("/api/geofences", square(1) | {"id": id})).status_code == 201
        assert (await admin.get(f"/api/geofences/{id}")).status_code == 200


async def test_one_import_at_a_time(admin: Caller) -> None:
    given = collection(*(square(number) for number in range(2000)))
    answers = await asyncio.gather(*(admin.post(f"{IMPORT}?on_conflict=replace", given) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [201, 429, 429]
    assert all("Retry-After" in each.headers for each in answers if each.status_code == 429)


KML = b"""<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark id="here"><name>Here</name>
<Point><coordinates>24.9,60.1</coordinates></Point></Placemark></kml>"""
GPX = b"""<gpx version="1.1"><trk><trkseg><trkpt lat="60" lon="24"/><trkpt lat="60.1" lon="24"/></trkseg>
<trkseg><trkpt lat="61" lon="24"/><trkpt lat="61.1" lon="24"/></trkseg></trk></gpx>"""
ENTITY = b'<!DOCTYPE kml [<!ENTITY a "b">]><kml/>'
XML = {
    "kml": (KML, "?radius=50", "application/vnd.google-earth.kml+xml", 201),
    "gpx": (GPX, "?width=50", "application/gpx+xml", 201),
    "by its format": (GPX, "?width=50&format=gpx", "application/xml", 201),
    "no radius": (KML, "", "application/vnd.google-earth.kml+xml", 422),
    "some XML": (KML, "?radius=50", "application/xml", 201),
    "some XML of another": (b"\xef\xbb\xbf<?xml version='1.0'?><!-- x -->" + GPX, "?width=50", "text/xml", 201),
    "XML of something else": (b"<html/>", "", "text/xml", 415),
    "an entity": (ENTITY, "?format=kml", "application/xml", 422),
    "no XML": (b"{}", "?format=kml", "application/xml", 400),
    "half a KMZ": (b"PK\x03\x04", "", "application/vnd.google-earth.kmz", 400),
    "a KMZ sent as GeoJSON": (b"PK\x03\x04", "", "application/geo+json", 422),
    "XML sent as GeoJSON": (KML, "?radius=50", "application/geo+json", 422),
}


async def test_kml_and_gpx_come_in_too(admin: Caller, conn: asyncpg.Connection, subtests: pytest.Subtests) -> None:
    for case, (body, query, kind, status) in XML.items():
        with subtests.test(case):
            await conn.execute("delete from geofence")
            response = await admin.call("POST", IMPORT + query, data=body, headers={"Content-Type": kind})
            assert response.status_code == status, await response.get_json()
            assert await count(conn) == (0 if status != 201 else 1 if body == KML else 2), case


async def test_a_refused_placemark_has_its_reason(admin: Caller) -> None:
    response = await admin.call("POST", f"{IMPORT}?format=kml", data=KML, headers={"Content-Type": "text/xml"})
    problem = await refused(response, 422)
    assert problem["errors"] == [
        {
            "index": 0,
            "id": "here",
            "name": "Here",
            "field": "properties.radius",
            "reason": "properties.radius: is needed, in metres",
        }
    ]


async def test_a_dry_run_stores_nothing_and_answers_what_the_import_answers(
    admin: Caller, conn: asyncpg.Connection
) -> None:
    first = collection(square(1), point("old", radius=50))
    await admin.post(IMPORT, first)
    revision = await select_geofence_revision(conn)
    second = collection(square(1), point("old", radius=80), point("new", radius=30), {**square(4), "geometry": BOW_TIE})
    options = "?on_conflict=replace&already_inside=noted"
    response = await admin.post(f"{IMPORT}{options}&dry_run=true", second)
    report = await response.get_json()
    assert response.status_code == 200
    proposed = report.pop("features")
    assert [(each["index"], each["becomes"]) for each in proposed] == [
        (0, "unchanged"),
        (1, "replaced"),
        (2, "created"),
    ]
    assert [each["feature"]["properties"].get("already_inside") for each in proposed] == [None, "noted", "noted"]
    assert [each["index"] for each in report["refused"]] == [3]
    assert await count(conn) == 2 and await select_geofence_revision(conn) == revision
    done = await (await admin.post(f"{IMPORT}{options}", second)).get_json()
    assert done == report and await count(conn) == 3
    again = await (await admin.post(f"{IMPORT}{options}", second)).get_json()
    assert again["unchanged"] == 3, "what is noted by the import is no edit"
    await refused(await admin.post(f"{IMPORT}?dry_run=true", second | {"features": [point("old", radius=9)]}), 409)
