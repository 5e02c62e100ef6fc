"""gpsd's reports become fixes, and addresses of a gpsd are read."""

import pytest

from tracker.errors import Invalid
from tracker.model.fix import Fix
from tracker.receiver.gpsd import decode, read_fix
from tracker.receiver.sources import GpsdAddress, read_address

# As gpsd 3.22 of Debian 12 writes it.
TPV = (
    b'{"class":"TPV","device":"/dev/pts/3","mode":3,"time":"2026-02-18T07:45:50.000Z","ept":0.005,"lat":52.629151,'
    b'"lon":-8.661746,"altHAE":66.4,"altMSL":19.5,"alt":19.5,"epx":3.0,"epy":4.0,"track":12.5,"speed":4.25,"climb":0.1,'
    b'"eph":9.5,"sep":11.2}\r\n'
)


def fix_of(line: bytes) -> Fix | None:
    report = decode(line)
    return None if report is None else read_fix(report)


def test_a_report_is_a_fix() -> None:
    assert fix_of(TPV) == Fix(1771400750000, -86617460, 526291510, 4.25, 12.5, 9.5, 19.5)


def test_without_a_horizontal_error_it_is_put_together() -> None:
    fix = fix_of(TPV.replace(b'"eph":9.5,', b""))
    assert fix is not None and fix.accuracy == 5.0


@pytest.mark.parametrize(
    "line",
    [
        TPV.replace(b'"mode":3', b'"mode":1'),
        TPV.replace(b'"time"', b'"tome"'),
        TPV.replace(b"2026-02-18T07:45:50.000Z", b"yesterday"),
        TPV.replace(b"52.629151", b"92.629151"),
        TPV.replace(b'"lat":52.629151,', b""),
        TPV.replace(b"TPV", b"SKY"),
        TPV.replace(b"52.629151", b'"north"'),
        TPV[:50],
        b"\xff\xfe",
        b"",
    ],
)
def test_what_does_not_say_when_and_where_is_none(line: bytes) -> None:
    assert fix_of(line) is None


@pytest.mark.parametrize("odd", [b"NaN", b"nan", b"-nan", b"Infinity", b"-inf", b'"n/a"', b'"inf"', b"[1]", b"null"])
def test_a_number_that_is_none_costs_only_itself(odd: bytes) -> None:
    assert fix_of(TPV.replace(b"12.5", odd)) == Fix(1771400750000, -86617460, 526291510, 4.25, None, 9.5, 19.5)
    assert fix_of(TPV.replace(b"52.629151", odd)) is None


def test_numbers_that_stand_as_texts_are_read() -> None:
    assert fix_of(TPV.replace(b"52.629151", b'"52.629151"').replace(b'"mode":3', b'"mode":"3"')) == fix_of(TPV)


def test_addresses() -> None:
    assert read_address("gps.local:2948") == GpsdAddress("gps.local", 2948)
    assert read_address("localhost") == GpsdAddress("localhost", 2947)
    assert read_address("[::1]:2947") == GpsdAddress("::1", 2947)
    assert read_address("[::1]") == GpsdAddress("::1", 2947)
    for wrong in ("host:", ":2947", "host:port", "host:0", "host:99999"):
        with pytest.raises(Invalid):
            read_address(wrong)
