"""The same sample in other clothes: packed, nested, misnamed, by another method. Each says what the plain one says."""

import gzip
import zlib
from time import process_time
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.phone_samples import AT, LAT, LON, OWN, SAMPLES, SECOND, SECRET, Sample, encode, overland, owntracks
from tests.phone_samples import colota as make_colota
from tests.unit.test_phones import judged, only, said
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix
from tracker.model.moment import format_ms
from tracker.phones.body import may_be_packed, read_text
from tracker.phones.decode import decode_post
from tracker.phones.post import Post
from tracker.phones.values import moment, number

BODIES = [each for each in SAMPLES if each.body[:1] in (b"{", b"[")]
FORMS = [each for each in SAMPLES if each not in BODIES]


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def check(sample: Sample, body: bytes, query: str = "") -> None:
    report = decode_post(Post(body, query, sample.agent, AT, SECRET))
    assert report.faults == () and report.app.dialect == sample.dialect
    for fix in judged(report):
        assert isinstance(fix, Fix)
        assert (fix.at, fix.lon, fix.lat) == (AT, LON, LAT)
        assert fix.speed == pytest.approx(sample.speed, abs=0.01)


@pytest.mark.parametrize("sample", BODIES, ids=lambda each: each.name)
def test_json_in_other_clothes(sample: Sample) -> None:
    body = sample.body
    for packed in (gzip.compress(body), zlib.compress(body), deflated(body), gzip.compress(b"\xef\xbb\xbf" + body)):
        check(sample, packed)
    for several in (body + body, body + b"\n" + body + b"\n", b"\r\n" + body + b" \r\n"):
        check(sample, several)
    check(sample, b"[" + body + b"]")
    check(sample, b"[[" + body + b"], [" + body + b"]]")
    check(sample, b"", quote(body))
    check(sample, b"", "payload=" + quote(body))
    check(sample, b'--x\r\nContent-Disposition: form-data; name="data"\r\n\r\n' + body + b"\r\n--x--\r\n")


@pytest.mark.parametrize("sample", FORMS, ids=lambda each: each.name)
def test_fields_in_other_clothes(sample: Sample) -> None:
    fields = sample.query or sample.body.decode()
    is_form = sample.dialect == Dialect.TRACCAR_10
    upper = "&".join(
        f"{name.upper()}={value}" for name, _, value in (each.partition("=") for each in fields.split("&"))
    )
    commas = "&".join(
        each.replace(".", ",") if each.partition("=")[0] in ("lat", "lon", "speed", "spd") else each
        for each in fields.split("&")
    )
    for given in (upper, commas, f"lat=&lon=&{fields}", f"{fields}&lat=1&lon=2&speed=99", f"&{fields}&&"):
        check(sample, given.encode() if is_form else b"", "" if is_form else given)
    if is_form:
        lines = (each.partition("=") for each in fields.split("&"))
        parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{a}"\r\n\r\n{b}\r\n' for a, _, b in lines)
        check(sample, f"{parts}--x--\r\n".encode())
        check(sample, gzip.compress(fields.encode()))


@pytest.mark.parametrize(
    "sample", [each for each in BODIES if "encrypted" not in each.name], ids=lambda each: each.name
)
def test_numbers_may_be_texts_everywhere(sample: Sample) -> None:
    for point in (".", ","):
        check(sample, encode(texts(msgspec.json.decode(sample.body), point)))


def texts(value: Any, point: str) -> Any:
    if isinstance(value, dict):
        return {name: texts(each, point) for name, each in value.items()}
    if isinstance(value, list):
        return [texts(each, point) for each in value]
    return str(value).replace(".", point) if isinstance(value, int | float) and not isinstance(value, bool) else value


def test_a_value_that_is_no_number_costs_no_neighbour() -> None:
    body = encode({"locations": [overland(), overland(AT + 1000)]}).replace(b'"course":271', b'"course":NaN', 1)
    first, second = judged(decode_post(Post(body, "", "", AT + 1000)))
    assert isinstance(first, Fix) and isinstance(second, Fix)
    assert (first.heading, second.heading) == (None, 271.0)
    fix = only(said(encode(owntracks()).replace(b'"alt":41', b'"alt":-Infinity')))
    assert fix.altitude is None


@pytest.mark.parametrize(
    "message",
    [
        {"type": "FeatureCollection", "features": [overland()]},
        overland(),
        [overland()],
        {"locations": [], "current": overland()},
    ],
)
def test_features_without_their_envelope(message: object) -> None:
    report = said(message)
    assert report.app.dialect == Dialect.OVERLAND and only(report).lat == LAT


@pytest.mark.parametrize(
    "message",
    [
        OWN | {"at": SECOND},
        OWN | {"at": str(AT)},
        {"latitude": LAT, "longitude": LON, "timestamp": AT * 1000, "speed": 12.5},
        {"Lat": str(LAT), "Lng": str(LON), "Time": format_ms(AT), "Speed": "12,5"},
        {"lat": LAT, "long": LON, "time": f"{format_ms(AT)[:19].replace('T', ' ')}", "speed": 12.5},
        {name.upper(): value for name, value in make_colota().items()},
    ],
)
def test_flat_objects_of_scripts(message: dict[str, Any]) -> None:
    fix = only(said(message))
    assert (fix.at, fix.lon, fix.lat, fix.speed) == (AT, LON, LAT, 12.5)


def test_many_of_our_own_words_at_once() -> None:
    report = said([OWN | {"at": format_ms(AT - 1000 * ago)} for ago in range(3)])
    assert [fix.at for fix in judged(report) if isinstance(fix, Fix)] == [AT, AT - 1000, AT - 2000]
    assert report.reply == "object"


def test_a_template_of_home_assistant_may_write_the_place_as_text() -> None:
    for gps in (f"{LAT},{LON}", f"[{LAT}, {LON}]", [str(LAT), str(LON)]):
        fix = only(said({"type": "update_location", "data": {"gps": gps}}))
        assert (fix.lat, fix.lon) == (LAT, LON)


@pytest.mark.parametrize(
    "written",
    [
        *(SECOND, str(SECOND), float(SECOND), f"{SECOND}.000", AT, str(AT), AT * 1000, AT * 1_000_000, f" {SECOND} "),
        *(f"{SECOND:.9e}",),
    ],
)
def test_counts_of_every_size(written: object) -> None:
    assert moment(written) == AT


def test_written_times() -> None:
    day, clock = format_ms(AT)[:10], format_ms(AT)[11:19]
    for text in (
        *(f"{day}T{clock}Z", f"{day} {clock}", f"{day}T{clock}+0000", f"{day}T{clock} 0000", f"{day}t{clock}z"),
        *(f"{day} {clock} UTC", f"{day}T{clock},000Z", f"{day.replace('-', '')}T{clock.replace(':', '')}Z"),
        *(f"{day}T{clock}.000000000Z", f"{day}T{clock}-00:00"),
    ):
        assert moment(text) == AT, text
    assert moment(f"{day} {clock[:5]}") == AT - AT % 60_000 and moment(f"{day}T{clock[:5]}Z") == AT - AT % 60_000
    assert moment("Fri, 27 Nov 2026 20:34:20 GMT") == moment("27 Nov 2026 20:34:20 +0000") == 1_795_811_660_000
    for text in ("", "yesterday", "2026-11-27", "12:00", "27/11/2026 12:00", "0000-00-00T00:00:00Z", "9" * 400):
        assert moment(text) is None or abs(moment(text) or 0) < 10**15, text


def test_numbers_as_people_write_them() -> None:
    assert number("\u22121,5") == -1.5 and number(" +1.5 ") == 1.5
    odds = ("1_0", "1,000,000", "1.000,5", "", " ", "0x10", "nan", "inf", True, None, [None], "1" * 5000)
    for odd in odds:
        assert number(odd) is None, odd


def test_what_unpacks_without_end_is_cut() -> None:
    report = decode_post(Post(gzip.compress(b"[" + b" " * 30_000_000 + b"]"), "", "", AT))
    assert report.readings == () and report.faults
    for body in (gzip.compress(encode(OWN))[:-9], b"\x1f\x8b", b"x\x9c", b"x\x9c\x00", b"\x1f\x8b\x08" + b"\xff" * 50):
        assert decode_post(Post(body, "", "", AT)).readings == ()


def nest(levels: int, more: str) -> bytes:
    return (b'{"positions":[' * levels) + b"{}" + f"]{more}}}".encode() * levels


@pytest.mark.parametrize(
    "body",
    [
        nest(30, ',"A":1'),
        nest(400, ""),
        nest(400, ',"A":1'),
        b"[" * 3_000 + b"]" * 3_000,
        b"--x\n" + (b"form-data; name=" + b"a" * 200 + b"\n\n") * 150,
        b"--x\n" + b"form-data; name=" * 2_000,
        b"--\n" * 10_000,
        gzip.compress(b"--x\n" + (b"form-data; name=" + b"a" * 200 + b"\n\n") * 40_000),
    ],
    ids=["small-letters", "deep", "deep-letters", "lists", "parts", "names", "boundaries", "packed-parts"],
)
def test_no_body_takes_long(body: bytes) -> None:
    """By the processor's time: what is quadratic or worse takes minutes of it for these."""
    began = process_time()
    assert decode_post(Post(body, "", "", AT)).readings == ()
    assert process_time() - began < 1


def test_what_is_packed_small_does_not_become_large() -> None:
    for packed in (gzip.compress, deflated):
        body = packed(b"[" + b"{}," * 3_000_000 + b"{}]")
        assert may_be_packed(body) and len(read_text(body)) <= max(1_000_000, 20 * len(body))
    assert not may_be_packed(encode(OWN)) and not may_be_packed("lat=60&name=Ä".encode())


def test_half_a_letter_in_a_name_costs_no_fix() -> None:
    body = encode(OWN | {"attributes": {"x": 1}}).replace(b'"x"', b'"\\ud83d"')
    assert only(decode_post(Post(body, "", "", AT))).lat == LAT


def test_several_without_a_time_are_not_all_of_now() -> None:
    place = {"lat": LAT, "lon": LON}
    assert only(said(place)).at == AT
    assert not any(isinstance(each, Fix) for each in judged(said([place, place | {"lat": LAT + 1}])))
    assert [each.at for each in judged(said([place | {"at": AT}, place | {"at": AT}])) if isinstance(each, Fix)] == [
        AT
    ] * 2


def test_what_is_there_and_empty_is_not_there() -> None:
    fix = only(said(OWN | {"heading": None, "bearing": 90, "lon": "", "longitude": LON}))
    assert (fix.heading, fix.lon) == (90.0, LON)
    assert only(said({"lat": LAT, "lon": LON, "timestamp": "", "time": AT})).at == AT
