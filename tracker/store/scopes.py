"""Scopes: a geofence names the devices it applies to; its reader is told of those it sees, and drops none of the
others by a change."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from tracker.errors import Invalid
from tracker.geofence.reading.scope import MOST_DEVICES
from tracker.model.device import ERASED
from tracker.model.sight import Sight
from tracker.store.seen import Args, seen_device_ids

DEVICES: Final = "'{properties,devices}'"
WHOLE: Final = "jsonb_set(feature, '{properties,revision}', to_jsonb(revision))"


def show_feature(sight: Sight, args: Args) -> str:
    """The GeoJSON of a geofence with its revision, as its reader may have it. Where nothing of a list is left a word
    stands in it: left out, or empty, it would mean all devices there are."""
    seen = seen_device_ids(sight, "each.id", args)
    if not seen:
        return WHOLE
    return f"""case when jsonb_typeof(feature #> {DEVICES}) = 'array' then jsonb_set({WHOLE}, {DEVICES}, (
                   select coalesce(jsonb_agg(each.id order by each.place), '["{ERASED}"]')
                   from jsonb_array_elements_text(feature #> {DEVICES}) with ordinality as each (id, place)
                   where true{seen})) else {WHOLE} end"""


def keep_unseen(new: str, old: str, sight: Sight, args: Args) -> str:
    """The new GeoJSON of a geofence, with those devices of the old one that its writer does not see and so could not
    name. Who takes the list away means all devices, and these are among them."""
    seen = seen_device_ids(sight, "each.id", args)
    if not seen:
        return new
    return f"""case when jsonb_typeof({new} #> {DEVICES}) = 'array' and jsonb_typeof({old} #> {DEVICES}) = 'array'
                   then jsonb_set({new}, {DEVICES}, ({new} #> {DEVICES}) || (
                       select coalesce(jsonb_agg(each.id order by each.place), '[]')
                       from jsonb_array_elements_text({old} #> {DEVICES}) with ordinality as each (id, place)
                       where not (true{seen}) and not ({new} #> {DEVICES}) ? each.id))
                   else {new} end"""


async def check_scopes(conn: asyncpg.Connection, ids: Sequence[str]) -> None:
    """Invalid where one of these geofences names more devices than one may, with those its writer does not see."""
    if await conn.fetchval(
        f"""select exists (select from geofence where id = any($1) and jsonb_typeof(feature #> {DEVICES}) = 'array'
                           and jsonb_array_length(feature #> {DEVICES}) > $2)""",
        ids,
        MOST_DEVICES,
    ):
        raise Invalid(f"properties.devices: {MOST_DEVICES} at most", field="properties.devices")
