"""Many features at once become drafts of geofences: all of them, or none and what is wrong with which."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import shapely

from tracker.errors import Invalid, Malformed, TooLarge, TrackerError
from tracker.geofence.reading.feature import read
from tracker.geofence.reading.geojson import MAX_FEATURES, Feature, LineString, Point, decode
from tracker.geofence.reading.split import split

MOST_TOLD: Final = 100  # of the features that are wrong
LARGEST_FEATURE: Final = 4 * 1024 * 1024  # bytes


class Defaults(msgspec.Struct, frozen=True):
    """Properties for the features that have none of their own. Metres."""

    radius: float | None = None
    width: float | None = None
    repair: bool = False


class Draft(msgspec.Struct, frozen=True):
    """A geofence that is not stored yet: its id, its GeoJSON, its shape as WKB."""

    id: str
    feature: bytes
    shape: bytes


class BadFeature(msgspec.Struct, frozen=True):
    """One that cannot be a geofence: its number in the collection from 0, its id where it has one, what is wrong."""

    index: int
    id: str | None
    field: str | None
    reason: str


class Collection(msgspec.Struct, frozen=True):
    """`bad` are the first of the `wrong` ones. `indices`: of the drafts in what was sent."""

    drafts: list[Draft]
    indices: list[int]
    bad: list[BadFeature]
    wrong: int

    @property
    def total(self) -> int:
        return len(self.drafts) + self.wrong


class Found(msgspec.Struct, frozen=True):
    """A feature of a collection, or what is wrong with it."""

    index: int
    id: str | None
    feature: Feature | TrackerError


class Identified(msgspec.Struct, frozen=True):
    id: str | int | None = None


def features(body: bytes) -> Iterator[Found]:
    """Of a GeoJSON FeatureCollection. Raises as `split` does, and Malformed for a feature that is no JSON."""
    for index, span in enumerate(split(body)):
        text = b"null" if span is None else body[span[0] : span[1]]
        try:
            if len(text) > LARGEST_FEATURE:
                raise TooLarge(f"a feature may have {LARGEST_FEATURE:,} bytes")
            feature = decode(text)
        except (Invalid, TooLarge) as error:
            yield Found(index, _id_in(text), error)
        except Malformed as error:
            raise Malformed(f"features[{index}]: {error}") from None
        else:
            yield Found(index, None if feature.id is None else str(feature.id), feature)


def _id_in(text: bytes) -> str | None:
    try:
        found = msgspec.json.decode(text, type=Identified).id
    except msgspec.ValidationError:
        return None
    return None if found is None else str(found)[:64]


def collect(found: Iterable[Found], defaults: Defaults) -> Collection:
    """A tenth of a millisecond for each, or more: for a thread. TooLarge for too many; and as `found` raises."""
    drafts, indices, bad, wrong = list[Draft](), list[int](), list[BadFeature](), 0
    seen: dict[str, int] = {}
    for each in found:
        if each.index >= MAX_FEATURES:
            raise TooLarge(f"more than {MAX_FEATURES:,} features; send them in parts")
        try:
            draft = _draft(each.feature, defaults)
            if draft.id in seen:
                raise Invalid(f"id: the feature with the number {seen[draft.id]} has it too", field="id")
        except (Invalid, TooLarge) as error:
            wrong += 1
            if len(bad) < MOST_TOLD:
                bad.append(BadFeature(each.index, each.id, error.field, str(error)))
        else:
            seen[draft.id] = each.index
            drafts.append(draft)
            indices.append(each.index)
    return Collection(drafts, indices, bad, wrong)


def _draft(feature: Feature | TrackerError, defaults: Defaults) -> Draft:
    if isinstance(feature, TrackerError):
        raise feature
    return draft_of(msgspec.structs.replace(feature, properties=_completed(feature, defaults)))


def draft_of(feature: Feature, id: str | None = None) -> Draft:
    """Raises as feature.read does."""
    fence = read(feature, id)
    return Draft(fence.id, fence.feature, shapely.to_wkb(fence.shape))


def _completed(feature: Feature, defaults: Defaults) -> dict[str, Any]:
    missing: dict[str, Any] = {"repair": defaults.repair}
    if isinstance(feature.geometry, Point):
        missing["radius"] = defaults.radius
    if isinstance(feature.geometry, LineString):
        missing["width"] = defaults.width
    given = {name: value for name, value in feature.properties.items() if value is not None or name not in missing}
    return {name: value for name, value in missing.items() if value is not None} | given
