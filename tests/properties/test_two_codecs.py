"""The same fix by two ways is one fix: a recording that two apps say, each in its words, in any order and more than
once, leaves one row for each of its fixes, and the decisions that either leaves alone."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.nmea import read_bus
from tests.phone_samples import AT, OWN, colota, encode, forwarded, gpslogger, overland, owntracks, traccar_query
from tests.phone_samples import traccar_json as traccar_9
from tests.properties.test_twins import Server
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import format_ms
from tracker.phones.decode import decode_post
from tracker.phones.judge import judge
from tracker.phones.mqtt import decode_message
from tracker.phones.post import Post

Write = Callable[[int, float, float], Frame]


def post(body: Any = b"", query: str = "") -> Frame:
    data = body if isinstance(body, bytes) else encode(body)
    return make(decode_post(Post(data, query, "", AT + 86_400_000)))


def make(report: Any) -> Frame:
    fixes = [judge(reading, index, AT + 86_400_000) for index, reading in enumerate(report.readings)]
    assert fixes and all(isinstance(fix, Fix) for fix in fixes), fixes
    return Frame(1, 1, AT * 1000, fixes, app=report.app)


CODECS: Final[dict[str, Write]] = {
    "Traccar Client 8": lambda at, lon, lat: post(query=traccar_query(at, lon, lat)),
    "Traccar Client 10": lambda at, lon, lat: post(traccar_query(at, lon, lat).encode()),
    "Traccar Client 9": lambda at, lon, lat: post(traccar_9(at, lon, lat)),
    "OsmAnd": lambda at, lon, lat: post(query=f"lat={lat}&lon={lon}&timestamp={at}&hdop=3.0&speed=1.0&bearing=2.0"),
    "OwnTracks": lambda at, lon, lat: post(owntracks(at, lon, lat)),
    "OwnTracks by MQTT": lambda at, lon, lat: make(
        decode_message("owntracks/jane/phone", encode(owntracks(at, lon, lat)), None, AT)
    ),
    "Overland": lambda at, lon, lat: post({"locations": [overland(at, lon, lat)]}),
    "Colota": lambda at, lon, lat: post(colota(at, lon, lat)),
    "GPSLogger": lambda at, lon, lat: post(query=gpslogger(at, lon, lat)),
    "Traccar server": lambda at, lon, lat: post(forwarded(at, lon, lat)),
    "our own words": lambda at, lon, lat: post(OWN | {"at": format_ms(at), "lon": lon, "lat": lat}),
}
READ: Final = read_bus(300)
# Driven where the geofences of that property lie.
BUS: Final = [(round(7.425 + fix.lon - READ[150].lon, 6), round(43.735 + fix.lat - READ[150].lat, 6)) for fix in READ]
pairs = st.lists(st.sampled_from(sorted(CODECS)), min_size=2, max_size=2, unique=True)


@settings(max_examples=examples(25))
@given(pairs, st.integers(0, len(BUS) - 12), st.data())
def test_two_codecs_in_any_order_leave_one_recording(names: list[str], begin: int, data: st.DataObject) -> None:
    recording = [(AT + n * 1000, *place) for n, place in enumerate(BUS[begin : begin + 12])]
    sent = data.draw(st.permutations([CODECS[name](*fix) for name in names for fix in recording]))
    both, alone = Server(), Server()
    for frame in [*sent, *data.draw(st.lists(st.sampled_from(sent), max_size=5))]:
        both.take(frame)
        if data.draw(st.booleans()):
            both.fold_in()
    both.fold_in()
    for fix in recording:
        alone.take(CODECS[names[0]](*fix))
    assert sorted(both.rows) == sorted(alone.rows) == [at for at, _, _ in recording]
    assert both.stored == len(recording)
    assert both.told.keys() == alone.told.keys() and both.states[1].inside == alone.states[1].inside
