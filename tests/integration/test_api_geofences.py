import json

import asyncpg
import pytest

from tests.integration.conftest import Caller
from tracker.geofence.reading.feature import parse
from tracker.model.sight import EVERYTHING
from tracker.store.geofences import select_geofence_revision, select_geofences

SQUARE = {"type": "Polygon", "coordinates": [[[24.9, 60.1], [25.0, 60.1], [25.0, 60.2], [24.9, 60.2], [24.9, 60.1]]]}
PORT = {"type": "Feature", "id": "port", "geometry": SQUARE, "properties": {"name": "Port", "colour": "blue"}}


async def test_a_geofence_is_made_shown_changed_and_deleted(admin: Caller, conn: asyncpg.Connection) -> None:
    made = await admin.post("/api/geofences", PORT)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/geofences/port")
    assert made.mimetype == "application/geo+json"
    body = await made.get_json()
    assert body == PORT | {"properties": {"name": "Port", "colour": "blue", "preset": "balanced", "revision": 1}}
    assert await (await admin.get("/api/geofences/port")).get_json() == body

    point = {"type": "Point", "coordinates": [24.9, 60.1]}
    circle = {"type": "Feature", "geometry": point, "properties": {"radius": 50}}
    changed = await (await admin.put("/api/geofences/port", circle)).get_json()
    assert (changed["id"], changed["properties"]["revision"], changed["geometry"]["type"]) == ("port", 2, "Point")
    listed = await (await admin.get("/api/geofences")).get_json()
    assert listed == {"type": "FeatureCollection", "features": [changed], "next": None}
    assert await conn.fetchval("select st_area(shape::geography) from geofence") == pytest.approx(7850, rel=0.05)

    assert (await admin.delete("/api/geofences/port")).status_code == 204
    assert (await admin.get("/api/geofences/port")).status_code == 404
    assert await select_geofence_revision(conn) == 3


async def test_a_geofence_is_shown_as_it_was_by_a_revision_also_when_it_is_gone(admin: Caller) -> None:
    first = await (await admin.post("/api/geofences", PORT)).get_json()
    other = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [24.9, 60.1]}, "properties": {"radius": 5}}
    second = await (await admin.put("/api/geofences/port", other)).get_json()
    assert (await admin.delete("/api/geofences/port")).status_code == 204
    for then in (first, second):
        found = await admin.get(f"/api/geofences/port?revision={then['properties']['revision']}")
        assert await found.get_json() == then
    assert (await admin.get("/api/geofences/port?revision=3")).status_code == 404, "by this one it was deleted"
    assert (await admin.get("/api/geofences/port?revision=9")).status_code == 404
    assert (await admin.get("/api/geofences/port?revision=-1")).status_code == 422


async def test_a_refused_change_moves_no_revision(admin: Caller, conn: asyncpg.Connection) -> None:
    await admin.post("/api/geofences", PORT)
    assert (await admin.post("/api/geofences", PORT)).status_code == 409
    assert (await admin.put("/api/geofences/nowhere", PORT)).status_code == 404
    assert (await admin.delete("/api/geofences/nowhere")).status_code == 404
    assert await select_geofence_revision(conn) == 1


async def test_a_changed_geofence_keeps_its_key(admin: Caller, conn: asyncpg.Connection) -> None:
    """So that a device inside is still inside, and no event is made of an edit that changes nothing for it."""
    await admin.post("/api/geofences", PORT)
    before = await conn.fetchval("select key from geofence")
    await admin.put("/api/geofences/port", PORT)
    assert await conn.fetchval("select key from geofence") == before


async def test_pages_of_geofences_follow_each_other(admin: Caller) -> None:
    for id in "cab":
        await admin.post("/api/geofences", PORT | {"id": id})
    page = await (await admin.get("/api/geofences?limit=2")).get_json()
    rest = await (await admin.get(f"/api/geofences?limit=2&after={page['next']}")).get_json()
    assert [f["id"] for f in page["features"] + rest["features"]] == ["a", "b", "c"] and rest["next"] is None


async def test_a_page_of_large_geofences_ends_early(admin: Caller, conn: asyncpg.Connection) -> None:
    for id in "Bacd":
        await admin.post("/api/geofences", PORT | {"id": id})
    size = await conn.fetchval("select length(feature::text) from geofence where id = 'a'")
    for largest, expected in ((1, "B"), (size + 200, "Ba"), (100_000, "Bacd")):
        found, more = await select_geofences(conn, EVERYTHING, limit=10, largest=largest)
        assert ("".join(each.id for each in found), more) == (expected, expected != "Bacd")
    assert await select_geofences(conn, EVERYTHING, after="d", limit=10) == ([], False)


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
REFUSED = {
    "bow tie": (PORT | {"geometry": BOW_TIE}, 422),
    "no radius": (PORT | {"geometry": {"type": "Point", "coordinates": [0, 0]}}, 422),
    "another kind": (PORT | {"geometry": {"type": "GeometryCollection", "geometries": []}}, 422),
    "bad preset": (PORT | {"properties": {"preset": "wild"}}, 422),
    "bad id": (PORT | {"id": "a b"}, 422),
    "latitude 91": (PORT | {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 91], [1, 0], [0, 0]]]}}, 422),
    "NUL": (PORT | {"properties": {"note": "\0"}}, 422),
    "too many vertices": (
        PORT
        | {
            "geometry": {"type": "LineString", "coordinates": [[i / 1000, 0] for i in range(11_000)]},
            "properties": {"width": 10},
        },
        413,
    ),
}


async def test_a_bad_geofence_is_refused_with_what_and_where(admin: Caller, subtests: pytest.Subtests) -> None:
    for case, (feature, status) in REFUSED.items():
        with subtests.test(case):
            response = await admin.post("/api/geofences", feature)
            problem = await response.get_json()
            assert response.status_code == status and response.mimetype == "application/problem+json", problem
            assert len(problem["detail"]) > 10 and "field" in problem


async def test_a_name_that_nobody_sees_is_refused_and_one_of_before_still_decides(
    admin: Caller, conn: asyncpg.Connection
) -> None:
    for name in (" ", "\u3164", "a\nb"):
        response = await admin.post("/api/geofences", PORT | {"properties": {"name": name}})
        assert (response.status_code, (await response.get_json())["field"]) == (422, "properties.name")
    await admin.post("/api/geofences", PORT)
    stored = await conn.fetchval("select feature from geofence")
    assert parse(stored.replace(b'"name": "', b'"name": "a\\n'), id="port").name.startswith("a\n")


async def test_geojson_by_rfc_7946_where_it_is_asked_for(admin: Caller) -> None:
    ring = [[170, 10], [190, 10], [190, -10], [170, -10]]  # past 180, clockwise, not closed
    await admin.post("/api/geofences", PORT | {"geometry": {"type": "Polygon", "coordinates": [ring]}})
    for path in ("/api/geofences", "/api/geofences/export", "/api/geofences/port"):
        plain, cut = [await (await admin.get(path + query)).get_json() for query in ("", "?rfc7946=true")]
        given, made = [(each["features"][0] if "features" in each else each)["geometry"] for each in (plain, cut)]
        whole = [ring] if "export" not in path else [[*ring, ring[0]][::-1]]  # a file is at least closed
        assert given["coordinates"] == whole
        assert made["type"] == "MultiPolygon"
        assert {part[0][0] == part[0][-1] and len(part[0]) == 5 for part in made["coordinates"]} == {True}


async def test_a_byte_order_mark_and_small_letters_in_a_time(admin: Caller) -> None:
    given = PORT | {"properties": {"expires": "2027-01-01t00:00:00z"}}
    body = json.dumps(given).encode("utf-8-sig")
    response = await admin.call("POST", "/api/geofences", data=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 201


async def test_a_million_vertices_are_refused_unread(admin: Caller) -> None:
    body = b'{"type":"Feature","geometry":{"type":"LineString","coordinates":[' + b"[24.5,60.5]," * 1_000_000
    response = await admin.call("POST", "/api/geofences", data=body, headers={"Content-Type": "application/geo+json"})
    problem = await response.get_json()
    assert (response.status_code, problem["field"]) == (413, "geometry") and "simplify" in problem["detail"]


async def test_to_whom_it_applies_is_kept_as_it_was_given(admin: Caller) -> None:
    given = {
        "name": "Port",
        "preset": "calm",
        "enabled": False,
        "expires": "2027-01-01T00:00:00+02:00",
        "devices": ["van-12"],
        "active": {"zone": "Europe/Helsinki", "windows": [{"days": ["mon"], "from": "22:00", "to": "06:00"}]},
        "categories": ["van"],
        "speed_limit": 13.9,
    }
    made = await (await admin.post("/api/geofences", PORT | {"properties": given})).get_json()
    assert made["properties"] == given | {"revision": 1}
    wrong = given | {"active": {"zone": "Europe/Helsingfors", "windows": given["active"]["windows"]}}  # type: ignore[index]
    response = await admin.put("/api/geofences/port", PORT | {"properties": wrong})
    assert (response.status_code, (await response.get_json())["field"]) == (422, "properties.active.zone")
    assert (await (await admin.get("/api/geofences/port")).get_json()) == made


async def test_the_reference_names_the_properties(admin: Caller) -> None:
    schemas = (await (await admin.get("/openapi.json")).get_json())["components"]["schemas"]
    assert {"speed_limit", "active", "expires", "devices", "radius"} <= set(schemas["GeofenceProperties"]["properties"])


async def test_deep_nesting_is_malformed(admin: Caller) -> None:
    body = b'{"type":"Feature","geometry":' + b'{"a":' * 200_000
    response = await admin.call("POST", "/api/geofences", data=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)


async def test_a_viewer_sees_geofences_and_changes_none(viewer: Caller, admin: Caller) -> None:
    await admin.post("/api/geofences", PORT)
    assert (await viewer.get("/api/geofences/port")).status_code == 200
    assert (await viewer.put("/api/geofences/port", PORT)).status_code == 403
    assert (await viewer.delete("/api/geofences/port")).status_code == 403


async def test_a_change_meant_for_another_revision_is_refused_and_loses_nothing(admin: Caller) -> None:
    await admin.post("/api/geofences", PORT)
    theirs = PORT | {"properties": {"name": "Theirs"}}
    first = await admin.call("PUT", "/api/geofences/port", json=theirs, headers={"If-Match": '"1"'})
    assert (await first.get_json())["properties"]["revision"] == 2
    for method, body in (("PUT", PORT), ("DELETE", None)):
        late = await admin.call(method, "/api/geofences/port", json=body, headers={"If-Match": '"1"'})
        assert (late.status_code, "revision 2 by now, not at 1" in (await late.get_json())["detail"]) == (409, True)
        wrong = await admin.call(method, "/api/geofences/port", json=body, headers={"If-Match": '"yesterday"'})
        assert wrong.status_code == 422
    assert (await (await admin.get("/api/geofences/port")).get_json())["properties"]["name"] == "Theirs"
    assert (await admin.call("DELETE", "/api/geofences/port", headers={"If-Match": '"2"'})).status_code == 204
    gone = await admin.call("PUT", "/api/geofences/port", json=PORT, headers={"If-Match": '"2"'})
    assert gone.status_code == 404
