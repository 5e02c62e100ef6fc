"""Location histories as Google gives them out: three shapes, told apart by what is in them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tracker.errors import Invalid, Malformed
from tracker.model.moment import parse
from tracker.simulator.recording import read_recording, survey

AT = "2026-11-20T08:00:00.000+02:00"
FIRST, SECOND = parse("2026-11-20T08:14:00+02:00"), parse("2026-11-20T08:16:00+02:00")
HERE, THERE = (249_000_000, 601_600_000), (249_100_000, 601_700_000)

ANDROID = {
    "semanticSegments": [
        {
            "startTime": AT,
            "endTime": "2026-11-20T10:00:00.000+02:00",
            "timelinePath": [
                {"point": "60.1700000°, 24.9100000°", "time": "2026-11-20T08:16:00.000+02:00"},
                {"point": "60.1600000°, 24.9000000°", "time": "2026-11-20T08:14:00.000+02:00"},
            ],
        },
        {"startTime": AT, "visit": {"topCandidate": {"placeLocation": {"latLng": "60.17°, 24.91°"}}}},
    ],
    "rawSignals": [{"wifiScan": {"deliveryTime": AT}}, {"activityRecord": {}}],
    "userLocationProfile": {"frequentPlaces": []},
}
IOS = [
    {
        "startTime": AT,
        "timelinePath": [
            {"point": "geo:60.160000,24.900000", "durationMinutesOffsetFromStartTime": "14"},
            {"point": "geo:60.170000,24.910000", "durationMinutesOffsetFromStartTime": 16},
        ],
    },
    {"startTime": AT, "visit": {"probability": "0.6", "topCandidate": {"placeLocation": "geo:60.17,24.91"}}},
]
RECORDS = {
    "locations": [
        {"timestampMs": str(FIRST), "latitudeE7": 601_600_000, "longitudeE7": 249_000_000, "accuracy": 17},
        {"timestamp": "2026-11-20T06:15:00.123Z", "accuracy": 30, "source": "UNKNOWN"},
        {"timestamp": "2026-11-20T06:16:00Z", "latitudeE7": 601_700_000, "longitudeE7": 249_100_000},
    ]
}


def read(folder: Path, history: Any) -> tuple[list[tuple[int, int, int]], Counter[str]]:
    file, unreadable = folder / "history.json", Counter[str]()
    text = history if isinstance(history, bytes) else json.dumps(history, ensure_ascii=False).encode()
    file.write_bytes(text)
    found = [fix for _, fix in read_recording(file, unreadable)]
    return [(fix.at, fix.lon_e7, fix.lat_e7) for fix in found], unreadable


@pytest.mark.parametrize(
    ("history", "odd"), [(ANDROID, {}), (IOS, {}), (RECORDS, {"bad_place": 1})], ids=["Android", "iOS", "Records"]
)
def test_each_shape_is_known_by_what_is_in_it(tmp_path: Path, history: Any, odd: dict[str, int]) -> None:
    for text in (json.dumps(history), "\ufeff" + json.dumps(history, ensure_ascii=False, indent=1)):
        found, unreadable = read(tmp_path, text.encode())
        assert found == [(FIRST, *HERE), (SECOND, *THERE)], "latitude comes first, and the earlier one"
        assert unreadable == odd


def test_what_is_measured_is_kept(tmp_path: Path) -> None:
    place = {"LatLng": "60.1600000°, 24.9000000°", "accuracyMeters": 14, "altitudeMeters": -23.0, "source": "WIFI"}
    signal = {"position": place | {"timestamp": "2026-11-20T08:14:00+02:00", "speedMetersPerSecond": 0.5}}
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"rawSignals": [signal, {"position": {"LatLng": "1°, 2°"}}]}))
    unreadable = Counter[str]()
    ((device, fix),) = read_recording(file, unreadable)
    assert (device, fix.speed, fix.accuracy, fix.altitude) == ("x", 0.5, 14, -23.0)
    assert unreadable == {"no_time": 1}
    assert survey(file).fixes == 1


HOLES: list[tuple[dict[str, Any], tuple[int, int] | str]] = [
    ({"latitudeE7": 424_000_000, "longitudeE7": 3_437_000_000}, (3_437_000_000 - 2**32, 424_000_000)),
    ({"latitudeE7": 4_294_967_295, "longitudeE7": 0}, (0, -1)),
    ({"longitudeE7": 1}, "bad_place"),
    ({"latitudeE7": None, "longitudeE7": 1}, "bad_place"),
    ({"latitudeE7": 1, "longitudeE7": 1, "timestampMs": None}, "bad_time"),
    ({"latitudeE7": 1, "longitudeE7": 1, "timestamp": "yesterday"}, "bad_time"),
]


@pytest.mark.parametrize(("record", "expected"), HOLES, ids=[str(hole[0]) for hole in HOLES])
def test_a_hole_costs_no_neighbour(tmp_path: Path, record: dict[str, Any], expected: tuple[int, int] | str) -> None:
    history = {"locations": [RECORDS["locations"][0], {"timestampMs": str(SECOND)} | record]}
    found, unreadable = read(tmp_path, history)
    assert found[0] == (FIRST, *HERE)
    assert unreadable == ({expected: 1} if isinstance(expected, str) else {})
    assert found[1:] == ([] if isinstance(expected, str) else [(SECOND, *expected)])


def test_other_json_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no location history"):
        read(tmp_path, {"type": "FeatureCollection", "features": []})
    with pytest.raises(Malformed):
        read(tmp_path, b'{"locations": [')
