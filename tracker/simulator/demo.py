"""Demo: something to look at. Vehicles in the centre of Helsinki, and geofences in their way."""

from tracker.simulator.register import open_api, put_geofence

Corner = tuple[float, float]  # longitude first

POLYGONS: dict[str, tuple[Corner, ...]] = {
    "Central Station": ((24.9386, 60.1702), (24.9436, 60.1699), (24.9449, 60.1722), (24.9404, 60.1729)),
    "Esplanadi": ((24.9432, 60.1677), (24.9527, 60.1669), (24.9530, 60.1682), (24.9434, 60.1691)),
    "Punavuori": ((24.9355, 60.1643), (24.9402, 60.1641), (24.9421, 60.1661), (24.9398, 60.1670), (24.9357, 60.1667)),
    "Kruununhaka": ((24.9506, 60.1713), (24.9533, 60.1712), (24.9534, 60.1745), (24.9493, 60.1751), (24.9490, 60.1733)),
    "Hakaniemi": ((24.9476, 60.1770), (24.9534, 60.1769), (24.9535, 60.1791), (24.9472, 60.1790)),
}
CIRCLES: dict[str, tuple[Corner, float]] = {
    "Senate Square": ((24.9521, 60.1695), 130.0),
    "Kaisaniemi": ((24.9448, 60.1757), 110.0),
}
MORE: dict[str, dict[str, float]] = {  # properties that make something happen: seconds, m/s
    "Central Station": {"dwell": 60},
    "Kaisaniemi": {"dwell": 60},
    "Esplanadi": {"speed_limit": 30 / 3.6},
    "Hakaniemi": {"speed_limit": 30 / 3.6},
}


async def furnish(url: str, admin_token: str) -> None:
    """Create the demo's geofences, or put them back as they were."""
    async with open_api(url, admin_token) as api:
        for name, corners in POLYGONS.items():
            ring = [*corners, corners[0]]
            await put_geofence(api, _slug(name), _feature(name, {"type": "Polygon", "coordinates": [ring]}))
        for name, (centre, radius) in CIRCLES.items():
            circle = _feature(name, {"type": "Point", "coordinates": centre}, radius=radius)
            await put_geofence(api, _slug(name), circle)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _feature(name: str, geometry: dict[str, object], **properties: float) -> dict[str, object]:
    return {"type": "Feature", "geometry": geometry, "properties": {"name": name, **MORE.get(name, {}), **properties}}
