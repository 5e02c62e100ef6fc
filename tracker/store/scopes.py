"""Scopes: a geofence names the devices it applies to; its reader is told of those it sees, and drops none of the
others by a change."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from tracker.errors import Invalid
from tracker.geofence.reading.feature import MOST_EXPECTED
from tracker.geofence.reading.scope import MOST_DEVICES
from tracker.model.device import ERASED
from tracker.model.sight import Sight
from tracker.store.seen import Args, seen_device_ids

DEVICES: Final = "'{properties,devices}'"
EXPECT: Final = "'{properties,expect}'"
WHOLE: Final = "jsonb_set(feature, '{properties,revision}', to_jsonb(revision))"


def show_feature(sight: Sight, args: Args) -> str:
    """The GeoJSON of a geofence with its revision, as its reader may have it. Where nothing of the list of devices is
    left a word stands in it: left out, or empty, it would mean all there are. Of who is expected the others are left
    out."""
    seen = seen_device_ids(sight, "each.id", args)
    if not seen:
        return WHOLE
    shown = f"""case when jsonb_typeof(feature #> {DEVICES}) = 'array' then jsonb_set({WHOLE}, {DEVICES}, (
                    select coalesce(jsonb_agg(each.id order by each.place), '["{ERASED}"]')
                    from jsonb_array_elements_text(feature #> {DEVICES}) with ordinality as each (id, place)
                    where true{seen})) else {WHOLE} end"""
    return f"""case when jsonb_typeof(feature #> {EXPECT}) = 'array' then coalesce(jsonb_set({shown}, {EXPECT}, (
                   select jsonb_agg(jsonb_set(entry.value, '{{devices}}', kept.ids) order by entry.place)
                   from jsonb_array_elements(feature #> {EXPECT}) with ordinality as entry (value, place)
                   cross join lateral (
                       select jsonb_agg(each.id order by each.place) as ids
                       from jsonb_array_elements_text(entry.value -> 'devices') with ordinality as each (id, place)
                       where true{seen}) kept
                   where kept.ids is not null)), ({shown}) #- {EXPECT}) else {shown} end"""


def keep_unseen(new: str, old: str, sight: Sight, args: Args) -> str:
    """The new GeoJSON of a geofence, with those devices of the old one that its writer does not see and so could not
    name. Who takes the list of devices away means all of them, and these are among them."""
    seen = seen_device_ids(sight, "each.id", args)
    if not seen:
        return new
    kept = f"""case when jsonb_typeof({new} #> {DEVICES}) = 'array' and jsonb_typeof({old} #> {DEVICES}) = 'array'
                   then jsonb_set({new}, {DEVICES}, ({new} #> {DEVICES}) || (
                       select coalesce(jsonb_agg(each.id order by each.place), '[]')
                       from jsonb_array_elements_text({old} #> {DEVICES}) with ordinality as each (id, place)
                       where not (true{seen}) and not ({new} #> {DEVICES}) ? each.id))
                   else {new} end"""
    unseen = f"{_expected(old)} where not (true{seen})"
    return f"""case when exists (select {unseen}) then jsonb_set({kept}, {EXPECT}, (
                   select jsonb_agg(joined.rest || jsonb_build_object('devices', joined.ids) order by joined.place)
                   from (select rest, jsonb_agg(distinct id) as ids, min(place) as place
                         from (select entry.value - 'devices' as rest, each.id, entry.place {_expected(new)}
                               union all
                               select entry.value - 'devices', each.id, 1000 + entry.place {unseen}) named
                         group by rest) joined)) else {kept} end"""


def _expected(feature: str) -> str:
    """Each device that is expected, with what it is expected by."""
    entries = f"case when jsonb_typeof({feature} #> {EXPECT}) = 'array' then {feature} #> {EXPECT} else '[]' end"
    return f"""from jsonb_array_elements({entries}) with ordinality as entry (value, place)
               cross join jsonb_array_elements_text(entry.value -> 'devices') as each (id)"""


async def check_scopes(conn: asyncpg.Connection, ids: Sequence[str]) -> None:
    """Invalid where one of these geofences names more than one may, with what its writer does not see."""
    for path, most in ((DEVICES, MOST_DEVICES), (EXPECT, MOST_EXPECTED)):
        if await conn.fetchval(
            f"""select exists (select from geofence where id = any($1) and jsonb_typeof(feature #> {path}) = 'array'
                               and jsonb_array_length(feature #> {path}) > $2)""",
            ids,
            most,
        ):
            field = path.strip("'{}").replace(",", ".")
            raise Invalid(f"{field}: {most} at most", field=field)
