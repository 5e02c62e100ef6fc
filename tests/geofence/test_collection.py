"""A collection is cut without being read: that must give what reading it gives."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import Malformed, TooLarge, TrackerError
from tracker.geofence.reading.collection import Defaults, collect, read_features
from tracker.geofence.reading.found import Found
from tracker.geofence.reading.geojson import MAX_FEATURES, Feature
from tracker.geofence.reading.gpx import waypoints_and_lines
from tracker.geofence.reading.notes import FeatureNote
from tracker.geofence.reading.split import WINDOW, split

texts = st.text(alphabet=st.sampled_from('{}[]":,\\ \n\u00e4\U0001f600ab'), max_size=12)
values: st.SearchStrategy[Any] = st.recursive(
    texts | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
collections = st.tuples(st.dictionaries(texts, values, max_size=3), st.lists(values, max_size=5), st.booleans()).map(
    lambda parts: (
        {"type": "FeatureCollection", "features": parts[1]} | parts[0]
        if parts[2]
        else parts[0] | {"type": "FeatureCollection", "features": parts[1]}
    )
)


@given(collections, st.sampled_from((None, 1)), st.booleans())
def test_what_is_cut_is_what_is_read(collection: dict[str, Any], indent: int | None, ascii: bool) -> None:
    body = json.dumps(collection, indent=indent, ensure_ascii=ascii).encode()
    expected = [each if type(each) is dict else None for each in collection["features"]]
    if any(isinstance(each, list) and objects(each) for each in collection["features"]):
        with pytest.raises(TrackerError, match="of features, once"):
            split(body)
    else:
        assert [span and json.loads(body[span[0] : span[1]]) for span in split(body).spans] == expected


def objects(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(objects, value)))


@given(st.text(alphabet='{}[]":,\\ a1').map(lambda text: '{"type":"FeatureCollection","features":[' + text))
def test_nothing_else_than_a_refusal_comes_of_nonsense(text: str) -> None:
    for body in (text.encode(), (text + "]}").encode()):
        with suppress(TrackerError):
            collect(read_features(body), Defaults())


@pytest.mark.parametrize("length", [WINDOW - 60, WINDOW - 42, WINDOW - 2, WINDOW])
@pytest.mark.parametrize("end", ["", '\\"', "\\\\"])
def test_texts_at_the_end_of_a_window(length: int, end: str) -> None:
    text = "x" * (length - len(end)) + end
    body = '{"type":"FeatureCollection","features":[{"a":1}],"name":"' + text + '","features2":{"b":2}}'
    if length >= WINDOW:
        with pytest.raises(Malformed, match="longer"):
            split(body.encode())
    else:
        assert split(body.encode()).spans == [(40, 47)]


def test_more_than_a_collection_may_have() -> None:
    with pytest.raises(TooLarge, match="100,000 features"):
        collect(waypoints_and_lines(b"<gpx>" + b"<wpt/>" * (MAX_FEATURES + 1) + b"</gpx>"), Defaults())


SQUARE = (
    '{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[24,60],[25,60],[25,61],[24,60]]]},"properties":%s}'
)
MENDED = {
    "a number that is none": ('{"name":"A","height":NaN,"b":-Infinity}', {"name": "A", "height": None, "b": None}),
    "a text with the same letters": ('{"name":"NaN \\" NaN","height":NaN}', {"name": 'NaN " NaN', "height": None}),
    "half of a character": ('{"name":"A \\ud83d"}', {"name": "A \ufffd"}),
    "the other half": ('{"name":"\\uDE00 A","b":"\\ud83d\\ude00"}', {"name": "\ufffd A", "b": "\U0001f600"}),
}


@pytest.mark.parametrize("case", MENDED)
@pytest.mark.parametrize(
    "frame", ['{"type":"FeatureCollection","bbox":[NaN],"features":[%s]}', "%s", "[%s]", "%s\n%s\n"]
)
def test_what_others_write_that_is_no_json_is_read_as_what_it_means(case: str, frame: str) -> None:
    text, meant = MENDED[case]
    feature = SQUARE % text
    found = list(read_features((frame % ((feature,) * frame.count("%s"))).encode()))
    features = [each.feature for each in found if isinstance(each, Found)]
    assert len(features) == frame.count("%s")
    assert all(isinstance(each, Feature) and each.properties == meant for each in features)
    assert [each.index for each in found if isinstance(each, FeatureNote)] == list(range(len(features)))


def test_a_place_that_is_no_number_and_a_text_in_latin_1_are_refused_by_number() -> None:
    texts = '{"name":"A"}', '{"name":"B"}', '{"name":"K\u00f6ln"}'
    right, nowhere, latin = (SQUARE % text for text in texts)
    features = right.encode(), nowhere.replace("25,60", "NaN,60").encode(), latin.encode("latin-1")
    body = b'{"type":"FeatureCollection","features":[' + b",".join(features) + b"]}"
    found = collect(read_features(body), Defaults())
    assert len(found.drafts) == 1
    assert [(each.index, "UTF-8" in each.reason or "null" in each.reason) for each in found.bad] == [
        (1, True),
        (2, True),
    ]
