"""Codes of an authenticator app, held against the vectors of RFC 6238 and what the apps read of a QR code."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tracker.model.totp import STEP, find_step, make_code, make_url

SECRET = b"12345678901234567890"
# RFC 6238, appendix B, SHA-1: the last six of the eight digits there.
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("at", "code"), VECTORS.items())
def test_the_vectors_of_the_rfc(at: int, code: str) -> None:
    assert make_code(SECRET, at) == code
    assert find_step(SECRET, code, at) == at // STEP


def test_a_clock_may_be_wrong_by_one_step_and_no_more() -> None:
    at = 1_234_567_890
    found = [find_step(SECRET, make_code(SECRET, at + n * STEP), at) for n in (-2, -1, 0, 1, 2)]
    assert found == [None, at // STEP - 1, at // STEP, at // STEP + 1, None]


@pytest.mark.parametrize("code", ["", "287 082", "0287082", "28708", "２８７０８２", "\ud800", "abcdef"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert find_step(SECRET, code, 59) is None


def test_the_app_reads_whose_it_is() -> None:
    url = urlsplit(make_url(SECRET, "ann+x@example.org", "map.example.org:8000"))
    assert (url.scheme, url.netloc, unquote(url.path)) == ("otpauth", "totp", "/map.example.org:8000:ann+x@example.org")
    said = parse_qs(url.query)
    assert said["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"] and said["issuer"] == ["map.example.org:8000"]
    assert said["digits"] == ["6"] and said["period"] == ["30"] and said["algorithm"] == ["SHA1"]
