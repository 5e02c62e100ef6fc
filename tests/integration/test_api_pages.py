"""The page's files, the reference, and what monitors ask."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import BUILT, Caller, Readiness
from tracker.access.gate import Gate
from tracker.api.app import BuiltPage, Parts, build_app
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.store.rights import Rights

TILES = BUILT["tiles/world.pmtiles"]


@pytest.fixture
async def gate() -> Gate:
    """Nothing here asks the database, so there is none; the rights were read when there was one."""
    gate = Gate(asyncpg.create_pool("postgresql://nobody@/nothing?host=/nonexistent", min_size=0))
    gate.sights.adopt(Rights(1))
    return gate


async def test_the_page_is_asked_about_and_its_assets_are_kept(anonymous: Caller) -> None:
    page = await anonymous.get("/")
    assert (page.status_code, page.mimetype, page.headers["Cache-Control"]) == (200, "text/html", "no-cache")
    assert (await anonymous.call("GET", "/", headers={"If-None-Match": page.headers["ETag"]})).status_code == 304
    script = await anonymous.get("/assets/index-4f2a.js")
    assert script.mimetype == "text/javascript"
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_the_service_worker_is_at_the_top_and_never_kept(anonymous: Caller) -> None:
    worker = await anonymous.get("/worker.js")
    assert (worker.status_code, worker.mimetype) == (200, "text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in worker.headers["Content-Security-Policy"]


async def test_text_is_sent_compressed_to_who_takes_it(anonymous: Caller) -> None:
    script = await anonymous.get("/assets/index-4f2a.js", **{"Accept-Encoding": "br;q=1.0, gzip;q=0.8"})
    assert (script.headers["Content-Encoding"], script.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(await script.get_data(as_text=False)) == BUILT["assets/index-4f2a.js"]
    headers = {"If-None-Match": script.headers["ETag"] or "", "Accept-Encoding": "gzip"}
    assert (await anonymous.call("GET", "/assets/index-4f2a.js", headers=headers)).status_code == 304
    for accepted in ("", "identity", "gzip;q=0"):
        plain = await anonymous.get("/assets/index-4f2a.js", **{"Accept-Encoding": accepted})
        assert await plain.get_data(as_text=False) == BUILT["assets/index-4f2a.js"]
    tiles = await anonymous.get("/tiles/world.pmtiles", **{"Accept-Encoding": "gzip"})  # compressed inside already
    assert "Content-Encoding" not in tiles.headers


RANGES = {
    "bytes=0-9": (206, TILES[:10], "bytes 0-9/256"),
    "bytes=200-": (206, TILES[200:], "bytes 200-255/256"),
    "bytes=-6": (206, TILES[-6:], "bytes 250-255/256"),
    "bytes=100-9999": (206, TILES[100:], "bytes 100-255/256"),
    "bytes=256-": (416, None, None),
    "": (200, TILES, None),
}


async def test_tiles_are_read_by_ranges(anonymous: Caller, subtests: pytest.Subtests) -> None:
    for asked, (status, body, told) in RANGES.items():
        with subtests.test(asked):
            response = await anonymous.call("GET", "/tiles/world.pmtiles", headers={"Range": asked} if asked else {})
            assert (response.status_code, response.headers.get("Content-Range")) == (status, told)
            if body is not None:
                assert await response.get_data(as_text=False) == body
                assert response.headers["Accept-Ranges"] == "bytes"
                assert response.headers["Content-Length"] == str(len(body))


ELSEWHERE: list[str] = [
    "/assets/../index.html",
    "/assets/%2e%2e/index.html",
    "/tiles//etc/passwd",
    "/tiles/..%2f..%2fetc/passwd",
    "/assets/nothing.js",
    "/tiles/",
    "/secret",
    "/assets/\\..\\index.html",
]


async def test_nothing_else_is_served(anonymous: Caller, subtests: pytest.Subtests) -> None:
    for path in ELSEWHERE:
        with subtests.test(path):
            response = await anonymous.get(path)
            assert (response.status_code, response.mimetype) == (404, "application/problem+json")


async def test_a_page_that_was_not_built_says_how(anonymous: Caller, web: Path) -> None:
    (web / "index.html").unlink()
    response = await anonymous.get("/")
    assert response.status_code == 404 and "npm run build" in (await response.get_json())["detail"]


async def test_every_answer_is_hardened(anonymous: Caller) -> None:
    for path in ("/", "/assets/index-4f2a.js", "/api/me", "/livez", "/nowhere"):
        headers = (await anonymous.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "script-src 'self';" in policy
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers and "Set-Cookie" not in headers
    assert (await anonymous.get("/api/me")).headers["Cache-Control"] == "no-store"


async def test_a_foreign_map_style_is_let_in_by_its_origin(gate: Any, ready: Readiness, web: Path) -> None:
    style = "https://tiles.example.org/style.json"
    parts = Parts(gate=gate, table=Table(), metrics=Metrics(), ready=ready)
    app = build_app(parts, BuiltPage(web=web, map_style=style))
    client = app.test_client()
    assert (await (await client.get("/api/config")).get_json())["map_style"] == style
    policy = (await client.get("/")).headers["Content-Security-Policy"] or ""
    assert policy.count("https://tiles.example.org https:") == 2 and "style.json" not in policy
    assert "script-src 'self';" in policy


async def test_readiness_tells_why_not(anonymous: Caller, ready: Readiness) -> None:
    assert await (await anonymous.get("/readyz")).get_json() == {"ready": True, "reasons": [], "notes": []}
    ready.reasons = ["the database does not answer"]
    response = await anonymous.get("/readyz")
    assert response.status_code == 503
    assert await response.get_json() == {"ready": False, "reasons": ["the database does not answer"], "notes": []}
    assert (await anonymous.get("/livez")).status_code == 200


async def test_metrics_are_there_to_scrape(anonymous: Caller, metrics: Metrics) -> None:
    metrics.fixes_stored.inc(3)
    for seconds in (0.004, 0.005, 0.4, 99.0):
        metrics.received_to_stored.observe(seconds)
    await anonymous.get("/api/me")
    text = await anonymous.text("/metrics")
    assert 'tracker_fixes_total{outcome="stored"} 3.0' in text
    buckets = {"0.0025": 0, "0.005": 2, "0.25": 2, "0.5": 3, "1.0": 3, "60.0": 3, "+Inf": 4}
    for bound, count in buckets.items():
        assert f'tracker_received_to_stored_seconds_bucket{{le="{bound}"}} {count}.0' in text
    assert "tracker_received_to_stored_seconds_count 4.0" in text
    assert "tracker_received_to_stored_seconds_sum 99.409" in text
    assert 'tracker_http_requests_total{method="GET",status="401"} 1.0' in text
    for name in ("tracker_fix_to_received_seconds", "tracker_stored_to_sent_seconds", "tracker_batch_fixes"):
        assert f"# TYPE {name} histogram" in text


async def test_the_reference_lists_every_route_of_the_api(app: Quart, anonymous: Caller) -> None:
    reference = await (await anonymous.get("/openapi.json")).get_json()
    listed = {f"{method.upper()} {path}" for path, methods in reference["paths"].items() for method in methods}
    expected = set()
    for rule in app.url_map.iter_rules():
        path = (
            re.sub(r"<any[^>]*:", "<", rule.rule)
            .replace("<int:", "<")
            .replace("<slug:", "<")
            .replace("<path:", "<")
            .replace("<fence:", "<")
            .replace("<", "{")
            .replace(">", "}")
        )
        if not rule.endpoint.startswith(("pages.", "share_page.")):
            expected |= {f"{method} {path}" for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert listed == expected


async def test_the_reference_holds_together(anonymous: Caller) -> None:
    reference = await (await anonymous.get("/openapi.json")).get_json()
    assert reference["openapi"].startswith("3.1") and set(reference["info"]) >= {"title", "version"}
    ids = []
    for path, methods in reference["paths"].items():
        for operation in methods.values():
            ids.append(operation["operationId"])
            assert operation["summary"] and operation["responses"]["default"], path
            named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}
            assert bool(operation["security"]) == ("x-allowed" in operation)
    assert len(ids) == len(set(ids))
    for target in references(reference):
        assert target.removeprefix("#/components/schemas/") in reference["components"]["schemas"], target


def references(node: object) -> list[str]:
    if isinstance(node, dict):
        return [each for key, value in node.items() for each in ([value] if key == "$ref" else references(value))]
    return [each for value in node for each in references(value)] if isinstance(node, list) else []


async def test_generators_of_clients_can_read_the_reference(anonymous: Caller) -> None:
    """What they stumbled over: a keyword that closes tuples, defaults in bodies, a geometry that says nothing."""
    reference = await (await anonymous.get("/openapi.json")).get_json()
    schemas = reference["components"]["schemas"]
    assert '"items": false' not in json.dumps(reference)
    bodies = {
        content["schema"]["$ref"].rsplit("/", 1)[-1]
        for operations in reference["paths"].values()
        for operation in operations.values()
        for content in operation.get("requestBody", {"content": {}})["content"].values()
        if "$ref" in content["schema"]
    }
    assert bodies > {"NewDevice", "GeofenceFeature"}
    for name in bodies:
        assert not [field for field in schemas[name]["properties"].values() if "default" in field], name
    assert len(schemas["GeofenceFeature"]["properties"]["geometry"]["oneOf"]) == 4
    assert schemas["QuietHours"]["required"] != schemas["QuietHoursInput"]["required"]
    assert set(schemas["DeviceAnswer"]["required"]) == {"id", "name", "category", "interval"}
    track = reference["paths"]["/api/devices/{device}/track"]["get"]
    assert set(track["responses"]["200"]["content"]) == {"application/geo+json", "application/gpx+xml", "text/csv"}
    assert reference["servers"] and reference["paths"]["/livez"]["get"]["security"] == []


async def test_the_streams_are_described_too(anonymous: Caller) -> None:
    document = await (await anonymous.get("/asyncapi.json")).get_json()
    assert document["asyncapi"].startswith("3.") and document["channels"]


async def test_metrics_are_what_a_dashboard_can_use(anonymous: Caller) -> None:
    await anonymous.get("/api/geofences/port")  # 401, and still of that route
    await anonymous.call("BREW", "/livez")
    plain = await anonymous.get("/metrics")
    text = await plain.get_data(as_text=True)
    assert plain.headers["Content-Type"].startswith("text/plain; version=")
    assert "_created" not in text and 'method="BREW"' not in text
    assert 'tracker_fix_to_received_seconds_bucket{le="0.0005"} 0.0' in text
    assert 'tracker_http_request_seconds_count{method="GET",route="/api/geofences/{geofence}"} 1.0' in text
    asked = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
    open_metrics = await anonymous.call("GET", "/metrics", headers=asked)
    assert open_metrics.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert (await open_metrics.get_data(as_text=True)).endswith("# EOF\n")
