"""Nasty values in every field and parameter of the reference: whatever comes, the answer is never a 5xx."""

import json
from typing import Any
from urllib.parse import quote

from tests.integration.conftest import Caller
from tracker.model.device import Device

NASTY: list[Any] = [
    None,
    True,
    -1,
    2**31,
    2**63,
    2**200,
    1e308,
    "",
    "\0",
    "x" * 5000,
    "../..",
    "'; drop table fix; --",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-23:59",
    "\u202e\U0010ffff",
    [],
    [[[]]],
    {},
    {"type": "Point", "coordinates": [1e300, None]},
]
ENDLESS = "/api/events/stream"
JSON = {"Content-Type": "application/json"}
GOOD = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [1, 2]},
    "properties": {"radius": 5},
    "name": "report_now",
    "args": {},
    "kind": "viewer",
    "token": "x",
}


async def test_nothing_nasty_breaks_the_api(admin: Caller, device: Device) -> None:
    reference = await (await admin.get("/openapi.json")).get_json()
    broken, asked = [], 0
    for path, operations in reference["paths"].items():
        filled = path.replace("{device}", device.id).replace("{geofence}", "port").replace("{id}", "1")
        for method, operation in operations.items():
            for target, body in attempts(reference, filled, operation):
                status, kind, field = await asked_for(admin, method.upper(), target, body)
                asked += 1
                is_nameless = status == 422 and field is None and not whole(body)
                if status >= 500 or (status >= 400 and kind != "application/problem+json") or is_nameless:
                    broken.append((method, target[:200], (body or b"")[:200], status))
    assert not broken, broken[:10]
    assert asked > 500, "the reference names hardly anything to try"


def whole(body: bytes | None) -> bool:
    """What is wrong with it has no name: it is no object at all."""
    return body is not None and not body.startswith(b"{")


async def asked_for(admin: Caller, method: str, target: str, body: bytes | None) -> tuple[int, str | None, str | None]:
    """Status, type, and the field that a problem names."""
    if target.startswith(ENDLESS):
        status, kind = await admin.head_of(target)
        return status, kind, "not looked at"
    response = await admin.call(method, target, data=body, headers=JSON if body else {})
    problem = await response.get_json() if response.mimetype == "application/problem+json" else {}
    fields = [problem.get("field"), *(each["field"] for each in problem.get("errors", []))]
    return response.status_code, response.mimetype, next(filter(None, fields), None)


def attempts(reference: Any, path: str, operation: Any) -> list[tuple[str, bytes | None]]:
    """(address, body) with one nasty value in each; the rest of a body is what it should be."""
    found: list[tuple[str, bytes | None]] = []
    for parameter in operation["parameters"]:
        is_endless = path.endswith("/stream")  # where it is not refused for a number that is none
        if parameter["in"] == "query" and not (is_endless and parameter["name"] == "after"):
            end = "&after=-1" if is_endless else ""
            found += [(f"{path}?{parameter['name']}={quote(written(value))}{end}", None) for value in NASTY]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        fields = reference["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]["properties"]
        found += [(path, json.dumps(GOOD | {name: value}).encode()) for name in fields for value in NASTY]
        found += [(path, json.dumps(value).encode()) for value in NASTY]
    return found


def written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
