"""What an import does to the geofences that are there, by its terms, and what a change keeps of a geofence that its
writer does not see."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec
import pytest

from tests.integration.people import make_group
from tests.integration.player import draw
from tracker.errors import Invalid
from tracker.geofence.reading.collection import Collection, Draft
from tracker.geofence.reading.scope import MOST_DEVICES
from tracker.model.sight import Sight, Things
from tracker.store import geofences
from tracker.store.geofences import (
    OnConflict,
    Terms,
    insert_geofence,
    insert_geofences,
    select_geofence_revision,
    update_geofence,
)
from tracker.store.holders import select_holders

SIGHT: Final = Sight(devices=Things(frozenset((1, 2)), frozenset(("mine", "ours"))), fences=None)
EARLY: Final = {"by": "08:15", "zone": "Europe/Berlin"}
LATE: Final = {"by": "09:15", "zone": "Europe/Berlin"}


def read(*drafts: Draft) -> Collection:
    return Collection(list(drafts), list(range(len(drafts))), [], 0, [], frozenset(("name", "preset")))


def make_draft(id: str, place: int = 0, **properties: Any) -> Draft:
    return Draft(id, *draw(id, place, properties))


async def stored(conn: asyncpg.Connection, property: str, id: str = "a") -> Any:
    """None: it has no such property."""
    found = await conn.fetchval("select feature #> $1 from geofence where id = $2", ["properties", property], id)
    return None if found is None else msgspec.json.decode(found)


async def revisions(conn: asyncpg.Connection) -> dict[str, int]:
    return dict(await conn.fetch("select id, revision from geofence"))


@pytest.mark.parametrize(
    ("on_conflict", "expected"),
    [("fail", {"taken": 1}), ("skip", {"taken": 1, "new": 2}), ("replace", {"taken": 3, "new": 2})],
)
async def test_where_an_id_is_taken_the_terms_decide(
    conn: asyncpg.Connection, on_conflict: OnConflict, expected: dict[str, int]
) -> None:
    taken = await insert_geofence(conn, "taken", *draw("taken", 0, {}))
    settled = await insert_geofences(conn, read(make_draft("new"), make_draft("taken", 1)), Terms(on_conflict))
    assert settled.replaced == {"taken"} and not settled.foreign
    assert await revisions(conn) == expected
    assert await select_geofence_revision(conn) == len(expected) + (on_conflict == "replace")
    assert await conn.fetchval("select key from geofence where id = 'taken'") == taken.key


@pytest.mark.parametrize(("on_conflict", "written"), [("fail", set()), ("skip", {"new"}), ("replace", {"new"})])
async def test_what_is_somebody_elses_is_never_replaced(
    conn: asyncpg.Connection, on_conflict: OnConflict, written: set[str]
) -> None:
    await insert_geofence(conn, "theirs", *draw("theirs", 0, {}))
    terms = Terms(on_conflict, mine=frozenset())
    settled = await insert_geofences(conn, read(make_draft("new"), make_draft("theirs", 1)), terms)
    assert settled.foreign == {"theirs"} and not settled.replaced
    assert (await revisions(conn)).keys() - {"theirs"} == written
    assert (await revisions(conn))["theirs"] == 1


async def test_each_has_a_revision_of_its_own_however_many_are_written_at_once(
    conn: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geofences, "SLICE_BYTES", 1)
    await insert_geofence(conn, "before", *draw("before", 0, {}))
    await insert_geofences(conn, read(*(make_draft(id) for id in "abc")), Terms("fail"))
    assert await revisions(conn) == {"before": 1, "a": 2, "b": 3, "c": 4}
    assert await select_geofence_revision(conn) == 4


async def test_new_ones_are_put_into_the_group_and_what_was_there_is_not(conn: asyncpg.Connection) -> None:
    group, old = await make_group(conn, "north"), await insert_geofence(conn, "old", *draw("old", 0, {}))
    await insert_geofences(conn, read(make_draft("new"), make_draft("old", 1)), Terms("replace", group=group))
    new = await conn.fetchval("select key from geofence where id = 'new'")
    assert [await select_holders(conn, "geofence", key) for key in (new, old.key)] == [[group], []]


async def name_again(conn: asyncpg.Connection, before: dict[str, Any], after: dict[str, Any]) -> tuple[Any, Any]:
    """What is stored of who it applies to, and of who is expected, after a change by who sees some devices only."""
    await insert_geofence(conn, "a", *draw("a", 0, before))
    await update_geofence(conn, "a", *draw("a", 0, after), sight=SIGHT)
    return await stored(conn, "devices"), await stored(conn, "expect")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["mine", "theirs", "hers"], ["ours"], ["ours", "theirs", "hers"]),
        (["theirs"], ["ours", "theirs"], ["ours", "theirs"]),
        (["mine", "theirs"], None, None),
        (None, ["ours"], ["ours"]),
    ],
    ids=["others are kept", "each once", "for all", "no more for all"],
)
async def test_devices_that_the_writer_does_not_see_are_kept(
    conn: asyncpg.Connection, before: Sequence[str] | None, after: Sequence[str] | None, expected: Sequence[str] | None
) -> None:
    given = [{} if ids is None else {"devices": ids} for ids in (before, after)]
    assert await name_again(conn, given[0], given[1]) == (expected, None)


async def test_who_is_expected_and_not_seen_is_so_beside_whom_the_writer_names_in_its_order(
    conn: asyncpg.Connection,
) -> None:
    before = [EARLY | {"devices": ["mine", "theirs"]}]
    after = [EARLY | {"devices": ["ours"]}, LATE | {"devices": ["mine"]}]
    expected = [EARLY | {"devices": ["ours", "theirs"]}, LATE | {"devices": ["mine"]}]
    assert await name_again(conn, {"expect": before}, {"expect": after}) == (None, expected)


async def test_an_import_names_no_more_devices_than_one_may_with_those_its_writer_does_not_see(
    conn: asyncpg.Connection,
) -> None:
    theirs = [f"theirs-{number}" for number in range(MOST_DEVICES)]
    await insert_geofence(conn, "a", *draw("a", 0, {"devices": theirs}))
    with pytest.raises(Invalid) as refused:
        await insert_geofences(conn, read(make_draft("a", devices=["mine"])), Terms("replace"), SIGHT)
    assert refused.value.field == "properties.devices"
    assert (await revisions(conn), await stored(conn, "devices")) == ({"a": 1}, theirs)
