"""Many features at once become drafts of geofences, one by one: what can be none is told with the reason, and so is
whatever was read otherwise than it stands there."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec
import shapely

from tracker.errors import Invalid, Malformed, TooLarge, TrackerError
from tracker.geofence.reading.claims import Claims, drop_nul, find_own_name
from tracker.geofence.reading.crs import check_crs
from tracker.geofence.reading.feature import read
from tracker.geofence.reading.found import Found
from tracker.geofence.reading.geojson import (
    MAX_FEATURES,
    Feature,
    LineString,
    Point,
    check_geometry,
    check_properties,
    decode_as,
)
from tracker.geofence.reading.ids import SOURCE, identify, numbered, text_of
from tracker.geofence.reading.mended import mend
from tracker.geofence.reading.notes import BadFeature, FeatureNote, ReadingNotes
from tracker.geofence.reading.packed import refuse_other
from tracker.geofence.reading.parts import read_geometries
from tracker.geofence.reading.recorded import is_recorded, tell_recorded
from tracker.geofence.reading.split import split
from tracker.geofence.reading.trails import LEAST, mark_trails, tell_trail
from tracker.geofence.reading.wrapped import wrap
from tracker.model.encoding import make_plain
from tracker.model.names import LONGEST_NAME, fault_of_name

LARGEST_FEATURE: Final = 4 * 1024 * 1024  # bytes


class Defaults(msgspec.Struct, frozen=True):
    """Properties for the features that have none of their own. Metres."""

    radius: float | None = None
    width: float | None = None
    repair: bool = False


class Draft(msgspec.Struct, frozen=True):
    """A geofence that is not stored yet: its id, its GeoJSON, its shape as WKB. `tabular`: its id was a column."""

    id: str
    feature: bytes
    shape: bytes
    tabular: bool = False


class Collection(msgspec.Struct, frozen=True):
    """`bad` are the first of the `wrong` ones, `said` the first of what else is to be told. `indices`: of the drafts in
    what was sent. `columns`: the names of all properties there."""

    drafts: list[Draft]
    indices: list[int]
    bad: list[BadFeature]
    wrong: int
    said: list[FeatureNote]
    columns: frozenset[str]

    @property
    def total(self) -> int:
        return len(self.drafts) + self.wrong


class Loose(msgspec.Struct, frozen=True):
    """A Feature of strangers."""

    geometry: msgspec.Raw = msgspec.Raw(b"null")
    properties: msgspec.Raw = msgspec.Raw(b"null")
    id: Any = None
    type: Any = None
    crs: Any = None


def read_features(body: bytes) -> Iterator[Found | FeatureNote]:
    """Of a GeoJSON FeatureCollection, or what means one. Raises as `split` and `check_crs` do."""
    try:
        body = wrap(make_plain(body))
    except ValueError as error:
        raise Malformed(f"the collection is no text: {error}") from None
    refuse_other(body)
    cut = split(body)
    if (note := check_crs(cut.crs)) is not None:
        yield FeatureNote(None, note)
    for index, span in enumerate(cut.spans):
        yield from _read_feature(index, b"null" if span is None else body[span[0] : span[1]])


def _read_feature(index: int, text: bytes) -> Iterator[Found | FeatureNote]:
    """One that is no JSON is read again where it can be mended."""
    found = list(_read_feature_as_it_is(index, text))
    if isinstance(found[0], Found) and isinstance(found[0].feature, Malformed):
        mended, notes = mend(text)
        if notes:
            found = [*(FeatureNote(index, note) for note in notes), *_read_feature_as_it_is(index, mended)]
    yield from found


def _read_feature_as_it_is(index: int, text: bytes) -> Iterator[Found | FeatureNote]:
    own = None
    properties: dict[str, Any] = {}
    try:
        if len(text) > LARGEST_FEATURE:
            raise TooLarge(f"a feature may have {LARGEST_FEATURE:,} bytes")
        loose = decode_as(text, Loose, "")
        own = loose.id
        if loose.type != "Feature":
            raise Invalid("type: is not Feature", field="type")
        check_crs(loose.crs)
        given = decode_as(check_properties(loose.properties), Any, "properties")
        properties = given if isinstance(given, dict) else {}
        parts, notes = read_geometries(check_geometry(loose.geometry))
    except (Invalid, TooLarge, Malformed) as error:
        yield Found(index, own, error, name=find_told_name(properties))
        return
    if given and not properties:
        notes = [*notes, "properties: is no object, and is left out"]
    yield from (FeatureNote(index, note) for note in notes)
    for part, geometry in enumerate(parts):
        yield Found(index, own, Feature(geometry, properties), part)


def collect(found: Iterable[Found | FeatureNote], defaults: Defaults) -> Collection:
    """A tenth of a millisecond for each, or more: for a thread. TooLarge for too many; and as `found` raises."""
    drafts, indices, told = list[Draft](), list[int](), ReadingNotes()
    numbers, alike, columns = dict[str, int](), dict[bytes, int](), set[str]()
    passed, lent = Counter[Callable[[int], str]](), 0
    for each in mark_trails(found, defaults.radius):
        if isinstance(each, FeatureNote):
            told.say(each.index, each.note)
            continue
        if each.index >= MAX_FEATURES:
            raise TooLarge(f"more than {MAX_FEATURES:,} features; send them in parts")
        if (tell := find_recording(each)) is not None:
            passed[tell] += 1
            continue
        try:
            draft, notes = _make_draft(each, defaults, alike)
            if draft.id in numbers:
                raise Invalid(f"id: the feature with the number {numbers[draft.id]} has it too", field="id")
        except (Invalid, TooLarge, Malformed) as error:
            told.refuse(
                BadFeature(each.index, text_of(each.id), each.name or find_name(each.feature), error.field, str(error)),
                error,
            )
            continue
        assert isinstance(each.feature, Feature)
        columns.update(find_own_name(name) or name for name in each.feature.properties)
        numbers[draft.id] = each.index
        lent += isinstance(each.feature.geometry, Point) and each.feature.properties.get("radius") is None
        drafts.append(draft)
        indices.append(each.index)
        for note in notes:
            told.say(each.index, note)
    for tell, count in passed.items():
        told.say(None, tell(count))
    if lent >= LEAST:
        told.say(None, f"{lent:,} points have no radius of their own: each is a circle of {defaults.radius:g} m")
    if not drafts and told.malformed is not None:
        raise told.malformed
    return Collection(drafts, indices, told.bad, told.wrong, told.said(), frozenset(columns))


def find_recording(found: Found) -> Callable[[int], str] | None:
    """What says of how many such that they are passed over; None for one that is meant as a geofence."""
    if isinstance(found.feature, Feature) and is_recorded(found.feature, is_timed=found.is_timed):
        return tell_recorded
    return tell_trail if found.is_in_trail else None


def find_name(feature: Feature | TrackerError) -> str | None:
    return None if isinstance(feature, TrackerError) else find_told_name(feature.properties)


def find_told_name(properties: dict[str, Any]) -> str | None:
    name = properties.get("name")
    return name[:LONGEST_NAME] if isinstance(name, str) else None


def _make_draft(found: Found, defaults: Defaults, alike: dict[bytes, int]) -> tuple[Draft, list[str]]:
    if isinstance(found.feature, TrackerError):
        raise found.feature
    geometry, properties = found.feature.geometry, found.feature.properties.copy()
    notes = list[str]()
    if b"\\u0000" in msgspec.json.encode(properties):
        properties = drop_nul(properties)
        notes.append("properties: the character 0 is left out")
    column = properties.pop("id", None)
    identity = identify(found.id, column, Feature(geometry, properties), alike)
    if identity.source is not None:
        properties.setdefault(SOURCE, identity.source)
        notes.append(f"id: {identity.source[:100]} is kept as {SOURCE}; its id is {identity.id}")
    elif not identity.tabular and text_of(column) not in (None, text_of(found.id)):
        properties.setdefault(SOURCE, column)
        notes.append(f"properties.id is kept as {SOURCE}: the feature has an id of its own")
    claims = Claims(properties, geometry)
    kept = claims.properties
    if identity.tabular:  # a table has a cell for each property of any other feature
        kept = {name: value for name, value in kept.items() if value is not None}
    try:
        draft = make_draft(Feature(geometry, _complete(geometry, kept, defaults)), numbered(identity.id, found.part))
    except Invalid as error:
        raise _explain(error, claims.notes) from None
    return (
        msgspec.structs.replace(draft, tabular=identity.tabular),
        [*notes, *claims.notes, *_tell_repair(draft, kept)],
    )


def make_draft(feature: Feature, id: str | None = None) -> Draft:
    """Raises as feature.read does, and Invalid for a name that can be none. What is stored already is read without
    that, or a geofence of old would decide nothing more."""
    fence = read(feature, id)
    if (fault := fault_of_name(fence.name)) is not None:
        raise Invalid(f"properties.name: {fault}", field="properties.name")
    return Draft(fence.id, fence.feature, shapely.to_wkb(fence.shape))


def _complete(geometry: Any, properties: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    missing: dict[str, Any] = {"repair": defaults.repair}
    if isinstance(geometry, Point):
        missing["radius"] = defaults.radius
    if isinstance(geometry, LineString):
        missing["width"] = defaults.width
    given = {name: value for name, value in properties.items() if value is not None or name not in missing}
    return {name: value for name, value in missing.items() if value is not None} | given


def _explain(error: Invalid, notes: list[str]) -> Invalid:
    """With what was said of the property that is missing now."""
    name = (error.field or "").removeprefix("properties.")
    why = next((note for note in notes if note.startswith(f"{name}: ")), None)
    return error if why is None else Invalid(f"{error} ({why})", field=error.field)


def _tell_repair(draft: Draft, before: dict[str, Any]) -> list[str]:
    if b'"repaired"' not in draft.feature:
        return []
    note = msgspec.json.decode(draft.feature)["properties"].get("repaired")
    if not isinstance(note, dict) or note == before.get("repaired"):
        return []
    return [f"geometry: repaired, from {note['area_before']:,.0f} to {note['area_after']:,.0f} m2: {note['reason']}"]
