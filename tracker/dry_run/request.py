"""What is asked of the process, a line of JSON on its standard input: there nobody sees the database's password."""

import msgspec

from tracker.geofence.reading.feature import parse
from tracker.model.geofence import Geofence, Preset

KEY = 1  # of the geofence: there is no other


class Request(msgspec.Struct, frozen=True):
    """`since` and `until` in ms, both included. `feature` as it would be stored. `devices`: ids, None for
    all but the `hidden` ones. `veiled`: keys of those of which nothing is looked at that was kept from others."""

    database_url: str
    feature: msgspec.Raw
    since: int
    until: int
    preset: Preset | None = None
    devices: frozenset[str] | None = None
    hidden: frozenset[str] = frozenset()
    veiled: frozenset[int] = frozenset()

    def make_fence(self) -> Geofence:
        fence = parse(bytes(self.feature), key=KEY)
        return msgspec.structs.replace(fence, preset=self.preset) if self.preset else fence
