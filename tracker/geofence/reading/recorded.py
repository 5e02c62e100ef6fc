"""Places of a recording. Programs write a point for each beside the line itself, hundreds of them: nobody means a
geofence by any, and with a radius for points that have none each would become one."""

from typing import Final

from tracker.geofence.reading.geojson import Feature, Point

ROWS: Final = frozenset({"track_seg_point_id", "route_point_id"})  # columns of GDAL's layers of such points


def is_recorded(feature: Feature, *, is_timed: bool) -> bool:
    """`is_timed`: its place has a moment, as GPSBabel's and Google Earth's KML gives each. One that has a radius of its
    own is meant as a geofence."""
    if not isinstance(feature.geometry, Point) or feature.properties.get("radius") not in (None, ""):
        return False
    return is_timed or not ROWS.isdisjoint(feature.properties)


def tell_recorded(count: int) -> str:
    if count == 1:
        return "a point of a recording is passed over; one with a radius of its own is a geofence"
    return f"{count:,} points of a recording are passed over; one with a radius of its own is a geofence"
