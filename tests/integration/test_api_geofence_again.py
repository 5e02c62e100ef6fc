"""A file that comes again: what is there as it is, what takes the place of another, what a table had no column for."""

import asyncpg

from tests.integration.conftest import Caller
from tests.integration.test_api_geofence_import import IMPORT, collection, point, refused, square
from tracker.store.geofences import select_geofence_revision


async def test_what_is_there_as_it_is_stays_and_has_no_new_revision(admin: Caller, conn: asyncpg.Connection) -> None:
    given = collection(square(1), square(2), point("c", radius=5))
    await admin.post(IMPORT, given)
    for query in ("", "?on_conflict=replace"):
        answer = await (await admin.post(IMPORT + query, given)).get_json()
        assert (answer["created"], answer["replaced"], answer["unchanged"]) == (0, 0, 3)
    assert await select_geofence_revision(conn) == 3


async def test_ids_that_are_taken_are_left_out_where_that_is_asked(admin: Caller) -> None:
    await admin.post("/api/geofences", square(3))
    answer = await (
        await admin.post(f"{IMPORT}?on_conflict=skip", collection(square(3, name="n"), square(4)))
    ).get_json()
    assert (answer["created"], answer["replaced"], answer["ids"], answer["refused_count"]) == (1, 0, ["f4"], 1)
    assert answer["refused"][0]["reason"] == "id: there is a geofence f3 already"
    assert (await (await admin.get("/api/geofences/f3")).get_json())["properties"]["name"] == "F"


async def test_a_file_of_nothing_is_not_taken_in_silence(admin: Caller) -> None:
    answer = await (await admin.post(IMPORT, {"type": "FeatureCollection", "features": []})).get_json()
    assert (answer["created"], answer["said"][0]["note"]) == (0, "there is no feature in it")
    link = b'<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link/></NetworkLink></kml>'
    for format, body, word in (("kml", link, "link"), ("kml", b"<kml/>", "neither"), ("gpx", b"<gpx/>", "neither")):
        response = await admin.call(
            "POST", f"{IMPORT}?format={format}", data=body, headers={"Content-Type": "text/xml"}
        )
        assert word in (await refused(response, 422))["detail"]


async def test_a_file_through_a_table_keeps_what_the_table_had_no_column_for(admin: Caller) -> None:
    await admin.post(IMPORT, collection(square(1, devices=["a"], dwell=60, description_of_it="x"), square(2, dwell=5)))
    rows = [square(number) for number in (1, 2)]
    for row, dwell in zip(rows, (None, 70), strict=True):
        row["properties"] |= {"id": row.pop("id"), "dwell": dwell, "descriptio": None}
        row["geometry"]["coordinates"][0].reverse()
    answer = await (await admin.post(f"{IMPORT}?on_conflict=replace", collection(*rows))).get_json()
    assert (answer["created"], answer["replaced"], answer["unchanged"]) == (0, 2, 0)
    first, second = [await (await admin.get(f"/api/geofences/f{number}")).get_json() for number in (1, 2)]
    assert first["properties"]["devices"] == ["a"] and "dwell" not in first["properties"]
    assert second["properties"]["dwell"] == 70 and first["geometry"] == square(1)["geometry"]
    assert any(said["note"].startswith("devices is kept as it was") for said in answer["said"])


async def test_a_file_that_does_not_note_any_more_who_is_inside_says_so(admin: Caller) -> None:
    await admin.post(IMPORT, collection(square(1, already_inside="noted"), square(2, already_inside="noted")))
    given = collection(square(1, name="n"), square(2, name="n", already_inside="noted"))
    answer = await (await admin.post(f"{IMPORT}?on_conflict=replace", given)).get_json()
    lost = [said for said in answer["said"] if said["note"].startswith("already_inside of before")]
    assert [each["index"] for each in lost] == [0]
    answer = await (await admin.post(f"{IMPORT}?on_conflict=replace&already_inside=noted", given)).get_json()
    assert not [said for said in answer["said"] if "already_inside" in said["note"]]
