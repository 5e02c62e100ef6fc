"""Names: what people call the devices and geofences that events know by their ids."""

from collections.abc import Mapping

import msgspec


class Names(msgspec.Struct, frozen=True):
    """By id. One without a name, or that is gone by now, is called by its id."""

    devices: Mapping[str, str] = msgspec.field(default_factory=dict)
    geofences: Mapping[str, str] = msgspec.field(default_factory=dict)

    def device(self, id: str) -> str:
        return self.devices.get(id) or id

    def geofence(self, id: str) -> str:
        return self.geofences.get(id) or id
