"""A draft meets the geofence that has its id already: is it the same, and what would be lost of it?"""

from collections.abc import Collection as Columns
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import shapely

from tracker.geofence.reading.collection import Collection, Draft
from tracker.geofence.reading.columns import READERS
from tracker.geofence.reading.notes import FeatureNote, ReadingNotes
from tracker.model.geofence import AlreadyInside
from tracker.model.moment import parse

CUT: Final = 10  # letters of a column's name that a Shapefile has room for
ROUNDED: Final = 1.5e-7  # degrees: map programs write seven decimals
RULES: Final = tuple(name for name in READERS if name not in ("preset", "repair"))
DRAWN: Final = ("Point", "LineString")  # what is stored as an area is drawn as these
NEVER_KEPT: Final = frozenset({"name", "preset", "revision", "repaired"})


class Stored(msgspec.Struct, frozen=True):
    """Of a geofence: its GeoJSON, its shape as WKB."""

    feature: bytes
    shape: bytes


class Settled(msgspec.Struct, frozen=True):
    """`changed` are the drafts to be written, `replaced` the ids of those that take the place of another, `unchanged`
    of those that are there as they are, `foreign` of those that are somebody else's."""

    changed: list[Draft]
    replaced: frozenset[str]
    unchanged: frozenset[str]
    said: list[FeatureNote]
    foreign: frozenset[str] = frozenset()


def settle(
    found: Collection,
    stored: Mapping[str, Stored],
    mine: frozenset[str] | None,
    already_inside: AlreadyInside | None = None,
) -> Settled:
    """`mine`: the ids that may be told of and replaced; None for all. `already_inside`: for those that are written and
    do not say it; what is there as it is stays as it is."""
    changed, replaced, unchanged, told = list[Draft](), set[str](), set[str](), ReadingNotes()
    foreign = frozenset[str]() if mine is None else frozenset(stored.keys() - mine)
    for index, draft in zip(found.indices, found.drafts, strict=True):
        if draft.id in foreign:
            continue
        there = stored.get(draft.id)
        if there is None:
            changed.append(_lend(draft, already_inside))
            continue
        merged, notes = _merged(_keep_already(draft, there, already_inside), there, found.columns)
        if merged is None:
            unchanged.add(draft.id)
            continue
        replaced.add(draft.id)
        changed.append(_lend(merged, already_inside))
        for note in notes:
            told.say(index, note)
    return Settled(changed, frozenset(replaced), frozenset(unchanged), told.said(), foreign)


def _keep_already(draft: Draft, stored: Stored, already_inside: AlreadyInside | None) -> Draft:
    """What a file that does not say it was given by an import before is no edit of it."""
    before = _written.decode(stored.feature).properties.get("already_inside")
    return draft if already_inside is None or before is None else _lend(draft, before)


def _lend(draft: Draft, already_inside: AlreadyInside | None) -> Draft:
    if already_inside is None:
        return draft
    written = _written.decode(draft.feature)
    written.properties.setdefault("already_inside", already_inside)
    return msgspec.structs.replace(draft, feature=_put(draft.feature, written))


class _Written(msgspec.Struct):
    """A feature with its geometry as it is written: to make values of a megabyte of it would hold up the event loop,
    whichever thread does it."""

    geometry: msgspec.Raw
    properties: dict[str, Any]


class _Kind(msgspec.Struct):
    type: str


_written: Final = msgspec.json.Decoder(_Written)
_kind: Final = msgspec.json.Decoder(_Kind)


def _merged(draft: Draft, stored: Stored, columns: Columns[str]) -> tuple[Draft | None, list[str]]:
    """None where it is the same."""
    old, new = _written.decode(stored.feature), _written.decode(draft.feature)
    notes = list[str]()
    if draft.tabular:
        _keep(old.properties, new.properties, columns, notes)
    _keep_moment(old.properties, new.properties, draft.tabular)
    shape = draft.shape
    is_there = _same_place(old.geometry, new.geometry, stored.shape, draft.shape, ROUNDED if draft.tabular else 0.0)
    if is_there:
        if _kept(old.properties) == _kept(new.properties):
            return None, []
        new.geometry = old.geometry
        if old.properties.get("radius") == new.properties.get("radius"):
            shape = stored.shape if old.properties.get("width") == new.properties.get("width") else shape
    if lost := [name for name in RULES if name in old.properties and name not in new.properties]:
        notes.append(f"{', '.join(lost)} of before: the file does not have it any more, and it is gone")
    before = old.properties.get("name")
    if before != new.properties.get("name"):
        notes.append(f"id: {draft.id} was {before}, which it replaces")
    return Draft(draft.id, _put(draft.feature, new), shape, draft.tabular), notes


def _put(feature: bytes, new: _Written) -> bytes:
    """The feature with this geometry and these properties."""
    members = msgspec.json.decode(feature, type=dict[str, msgspec.Raw])
    return msgspec.json.encode(members | {"geometry": new.geometry, "properties": new.properties})


def _kept(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "revision"}


def _keep(old: dict[str, Any], new: dict[str, Any], columns: Columns[str], notes: list[str]) -> None:
    """What a table has no column for was not edited there; it goes on as it was."""
    for name, value in old.items():
        if name in new or name in columns or name in NEVER_KEPT:
            continue
        cut = name[:CUT]
        if cut != name and cut in new and cut not in old:
            new[name] = new.pop(cut)
        elif cut == name or cut not in columns:
            new[name] = value
            notes.append(f"{name} is kept as it was: the file has no such column")


def _keep_moment(old: dict[str, Any], new: dict[str, Any], tabular: bool) -> None:
    """A moment written otherwise is the same; and of a table the day alone, which is all that a Shapefile can hold."""
    before, after = old.get("expires"), new.get("expires")
    if isinstance(before, str) and isinstance(after, str):
        midnight = tabular and after == f"{before[:10]}T00:00:00Z"
        if midnight or parse(before) == parse(after):
            new["expires"] = before


def _same_place(old: msgspec.Raw, new: msgspec.Raw, before: bytes, after: bytes, tolerance: float) -> bool:
    """Whether only the way of writing differs: heights, where a ring begins, which way it turns, digits."""
    kinds = [_kind.decode(each).type for each in (old, new)]
    if kinds[0] in DRAWN or kinds[1] in DRAWN:
        if kinds[0] != kinds[1]:
            return False
        one, other = (shapely.from_geojson(bytes(each)) for each in (old, new))
    else:
        one, other = shapely.from_wkb(before), shapely.from_wkb(after)
    return bool(
        shapely.equals_exact(
            shapely.normalize(shapely.force_2d(one)), shapely.normalize(shapely.force_2d(other)), tolerance
        )
    )
