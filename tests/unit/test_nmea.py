"""NMEA becomes fixes: sentences from the field's documents, and what a serial line does to them."""

import itertools
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.nmea import read_bus, with_checksum, write, write_epoch
from tracker.model.fix import Fix
from tracker.model.moment import parse
from tracker.receiver.nmea import Nmea

# Of gpsd's page on NMEA, and of every text about it since.
GGA: Final = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
RMC: Final = b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"
FIXES: Final = read_bus(40)
STREAM: Final = write(FIXES)
BOUND: Final = 1_800_000_000


def read(*sentences: bytes) -> tuple[list[Fix], dict[str, int]]:
    nmea = Nmea()
    fixes = [fix for sentence in sentences for fix in nmea.feed(sentence)]
    return [*fixes, *nmea.finish()], dict(nmea.left_out)


def test_the_sentences_of_every_text() -> None:
    [fix], left_out = read(GGA, RMC)
    assert fix.at == parse("1994-03-23T12:35:19Z")
    assert (fix.lat_e7, fix.lon_e7) == (481173000, 115166667)
    assert fix.speed == pytest.approx(22.4 * 0.514444, rel=1e-5)
    assert (fix.heading, fix.altitude, fix.accuracy) == (84.4, 545.4, None)
    assert fix.attributes == b'{"satellites":8,"hdop":0.9}'
    assert left_out == {}


def test_a_recording_comes_back() -> None:
    fixes, left_out = read(STREAM)
    assert [(fix.at, fix.lon_e7, fix.lat_e7, fix.altitude) for fix in fixes] == [
        (fix.at, fix.lon_e7, fix.lat_e7, fix.altitude) for fix in FIXES
    ]
    assert [fix.speed for fix in fixes] == pytest.approx([fix.speed for fix in FIXES], abs=1e-4)
    assert [fix.heading for fix in fixes] == [fix.heading for fix in FIXES]
    assert left_out == {}


def test_accuracy_is_what_gst_says_north_and_east_together() -> None:
    [fix], _ = read(write_epoch(FIXES[0], gst=True))
    assert fix.accuracy == 5.0


def test_a_fix_does_not_wait_for_the_next_one() -> None:
    """Once it is known with which sentence this receiver ends."""
    nmea = Nmea()
    assert nmea.feed(write_epoch(FIXES[0])) == []
    assert [fix.at for fix in nmea.feed(write_epoch(FIXES[1]))] == [FIXES[0].at, FIXES[1].at]
    assert [fix.at for fix in nmea.feed(write_epoch(FIXES[2]))] == [FIXES[2].at]


def test_before_a_date_is_said_nothing_is_guessed() -> None:
    assert read(GGA) == ([], {"undated": 1})


def test_without_a_position_there_is_no_fix() -> None:
    lost = with_checksum("GPRMC,123519,V,,,,,,,230394,,,N"), with_checksum("GPGGA,123519,,,,,0,00,99.9,,,,,,")
    assert read(*lost) == ([], {"invalid": 1})


def test_past_midnight_it_is_the_next_day_before_the_date_says_so() -> None:
    before = with_checksum("GPRMC,235959,A,4807.038,N,01131.000,E,0,,311226,,,A")
    after = with_checksum("GNGGA,000000.00,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")
    fixes, _ = read(before, after)
    assert [fix.at for fix in fixes] == [parse("2026-12-31T23:59:59Z"), parse("2027-01-01T00:00:00Z")]


def test_south_and_west_are_negative() -> None:
    [fix], _ = read(with_checksum("GPRMC,123519,A,3351.000,S,15112.600,W,0,360.0,230326,,,A"))
    assert (fix.lat_e7, fix.lon_e7, fix.heading) == (-338500000, -1512100000, 0.0)


@pytest.mark.parametrize(
    "sentence",
    [
        GGA.replace(b"*47", b"*48"),
        GGA.replace(b"*47", b""),
        GGA[:30] + b"\r\n",
        with_checksum("GPRMC,123519,A,4861.038,N,01131.000,E,0,0,230326,,,A"),
        with_checksum("GPRMC,123519,A,9107.038,N,01131.000,E,0,0,230326,,,A"),
        with_checksum("GPRMC,123519,A,4807.038,X,01131.000,E,0,0,230326,,,A"),
        with_checksum("GPRMC,123519,A,4807.038,N,01131.000,E,nan,0,230326,,,A"),
        with_checksum("GPRMC,123519,A,4807.038,N,01131.000,E,0,0,310226,,,A"),
        with_checksum("GPRMC,253519,A,4807.038,N,01131.000,E,0,0,230326,,,A"),
    ],
    ids=["wrong sum", "no sum", "cut short", "61 minutes", "91 degrees", "no side", "no number", "no date", "25 hours"],
)
def test_what_is_damaged_is_counted(sentence: bytes) -> None:
    fixes, left_out = read(sentence)
    assert fixes == []
    assert left_out["damaged"] == 1


def test_a_sentence_that_breaks_off_does_not_take_the_next_with_it() -> None:
    assert len(read(GGA, b"$GPRMC,123519,A,48" + RMC)[0]) == 1


def test_what_others_say_on_the_line_is_passed_over() -> None:
    others = b"!AIVDM,1,1,,A,15M67F0000G?ufbE`FepT@3n00Sa,0*5C\r\n$PUBX,00*33\r\n\xb5b\x01\x07$GPGSV,1,1,00*79\r\n"
    fixes, left_out = read(others, GGA, others, RMC)
    assert len(fixes) == 1
    assert left_out == {}


@given(some.lists(some.integers(0, len(STREAM)), max_size=30))
def test_however_the_bytes_arrive_it_is_the_same(places: list[int]) -> None:
    edges = [0, *sorted(places), len(STREAM)]
    assert read(*(STREAM[start:end] for start, end in itertools.pairwise(edges))) == read(STREAM)


@given(some.lists(some.tuples(some.integers(0, len(STREAM) - 1), some.integers(0, 255)), min_size=1, max_size=1))
def test_a_flipped_byte_moves_nobody(flips: list[tuple[int, int]]) -> None:
    data = bytearray(STREAM)
    for place, byte in flips:
        data[place] = byte
    known = {(fix.at, fix.lon_e7, fix.lat_e7) for fix in FIXES}
    assert {(fix.at, fix.lon_e7, fix.lat_e7) for fix in read(bytes(data))[0]} <= known


@given(some.binary(max_size=300), some.lists(some.text("GPRMCA,.0123456789NSEW-", max_size=60), max_size=6))
def test_nothing_raises_and_nothing_is_out_of_range(noise: bytes, bodies: list[str]) -> None:
    fixes, _ = read(noise, RMC, *(with_checksum(f"GP{body}") for body in bodies))
    assert all(abs(fix.lon_e7) <= BOUND and abs(fix.lat_e7) <= BOUND // 2 for fix in fixes)
