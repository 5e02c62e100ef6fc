"""How answers travel: compressed, not again where the asker has them, and to pages of other origins."""

import gzip

import pytest

from tests.integration.conftest import Caller
from tracker.model.device import Device

FLEET = "https://fleet.example.org"  # of the operator's list: see the gate of these tests
FENCE = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [1, 2]},
    "properties": {"radius": 5, "note": "long " * 500},
}


@pytest.mark.parametrize("path", ["/api/geofences", "/api/geofences/export", "/metrics", "/openapi.json"])
async def test_large_answers_are_compressed_for_who_takes_it(admin: Caller, path: str) -> None:
    await admin.post("/api/geofences", FENCE | {"id": "port"})
    packed = await admin.get(path, **{"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed.headers["Vary"]
    plain = await admin.get(path, **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    told, whole = await packed.get_data(as_text=False), await plain.get_data(as_text=False)
    assert len(told) < len(whole) / 2
    if path != "/metrics":  # which count themselves
        assert gzip.decompress(told) == whole


async def test_an_answer_that_may_hold_a_secret_is_never_compressed(admin: Caller) -> None:
    made = await admin.call(
        "POST", "/api/tokens", json={"kind": "viewer", "name": "a" * 200}, headers={"Accept-Encoding": "gzip"}
    )
    assert made.status_code == 201 and "Content-Encoding" not in made.headers and "ETag" not in made.headers


@pytest.mark.parametrize("path", ["/api/devices", "/api/devices/van-12", "/api/geofences", "/api/geofences/export"])
async def test_what_did_not_change_is_not_sent_again(admin: Caller, device: Device, path: str) -> None:
    first = await admin.get(path)
    tag = {"If-None-Match": first.headers["ETag"] or ""}
    again = await admin.call("GET", path, headers=tag)
    assert (again.status_code, again.headers["ETag"]) == (304, first.headers["ETag"])
    assert await again.get_data(as_text=False) == b""
    await admin.patch("/api/devices/van-12", {"name": "Another"})
    await admin.post("/api/geofences", FENCE)
    assert (await admin.call("GET", path, headers=tag)).status_code == 200


ASKS = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


async def test_a_page_of_a_listed_origin_may_read_with_a_token(admin: Caller, anonymous: Caller) -> None:
    preflight = await anonymous.call("OPTIONS", "/api/positions", headers=ASKS | {"Origin": FLEET})
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == FLEET
    allowed = set(preflight.headers["Access-Control-Allow-Headers"].split(", "))
    assert {"Authorization", "Content-Type", "If-Match", "If-None-Match"} <= allowed, "all that the API looks at"
    assert "Origin" in preflight.headers["Vary"]
    answer = await admin.get("/api/positions", Origin=FLEET)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, FLEET)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    refused = await anonymous.get("/api/positions", Origin=FLEET)  # and is told so, not only that it failed
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, FLEET)


OTHERS: list[str] = [
    "https://evil.example",
    "null",
    f"{FLEET}.evil.example",
    f"{FLEET}:8443",
    "http://fleet.example.org",
    "",
]


async def test_another_origin_is_told_nothing(admin: Caller, anonymous: Caller, subtests: pytest.Subtests) -> None:
    for origin in OTHERS:
        with subtests.test(origin):
            preflight = await anonymous.call("OPTIONS", "/api/positions", headers=ASKS | {"Origin": origin})
            assert preflight.status_code == 401
            answer = await admin.get("/api/positions", Origin=origin)
            for headers in (preflight.headers, answer.headers):
                assert not [name for name in headers.keys() if name.lower().startswith("access-control")]  # noqa: SIM118
            assert "Origin" in answer.headers["Vary"]


async def test_a_refused_page_is_told_what_came(anonymous: Caller, admin: Caller) -> None:
    headers = {"Origin": "https://map.example.org", "Host": "127.0.0.1:8000"}
    refused = await anonymous.call("POST", "/api/session", json={"token": "x"}, headers=headers)
    detail = (await refused.get_json())["detail"]
    assert refused.status_code == 403
    assert "https://map.example.org" in detail and "127.0.0.1:8000" in detail and "TRACKER_ORIGINS" in detail


async def test_below_a_path_of_a_proxy(admin: Caller, anonymous: Caller) -> None:
    below = {"X-Forwarded-Prefix": "/tracker/"}
    signed = await anonymous.call("POST", "/api/session", json={"token": admin.secret}, headers=below)
    assert "Path=/tracker/;" in f"{signed.headers['Set-Cookie']};"
    made = await admin.call("POST", "/api/devices", json={"id": "van-1"}, headers=below)
    assert made.headers["Location"] == "/tracker/api/devices/van-1"
    for given, told in (("/tracker", "/tracker"), ("", "/"), ("//evil.example", "/"), ("/a\tb", "/"), ("/..;x=", "/")):
        reference = await anonymous.get("/openapi.json", **{"X-Forwarded-Prefix": given})
        assert (await reference.get_json())["servers"] == [{"url": told}], given
