"""Nasty values in every field and parameter of the reference: whatever comes, the answer is never a 5xx."""

import json
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.integration.conftest import Caller
from tests.laws import PROFILE
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
# A third of them for each field, and another for the next: all for all are five thousand requests of a long run.
EACH = len(NASTY) if PROFILE == "long" else len(NASTY) // 3
ENDLESS = "/api/events/stream"
JSON = "application/json"
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
    broken, asked, nasty = [], 0, cycle(NASTY)
    for path, operations in reference["paths"].items():
        filled = path.replace("{device}", device.id).replace("{geofence}", "port").replace("{id}", "1")
        for method, operation in operations.items():
            for attempt in attempts(reference, filled, operation, nasty):
                status, kind, field = await asked_for(admin, method.upper(), attempt)
                asked += 1
                is_nameless = status == 422 and field is None and not attempt.is_whole
                if status >= 500 or (status >= 400 and kind != "application/problem+json") or is_nameless:
                    broken.append((method, attempt.target[:200], (attempt.body or b"")[:200], status))
    assert not broken, broken[:10]
    assert asked > 500, "the reference names hardly anything to try"


class Attempt(NamedTuple):
    target: str
    body: bytes | None = None
    media: str = JSON

    @property
    def is_whole(self) -> bool:
        """What is wrong with the body has no name: it is no object at all."""
        return self.body is not None and (self.media != JSON or not self.body.startswith(b"{"))


async def asked_for(admin: Caller, method: str, attempt: Attempt) -> tuple[int, str | None, str | None]:
    """Status, type, and the field that a problem names."""
    if attempt.target.startswith(ENDLESS):
        status, kind = await admin.head_of(attempt.target)
        return status, kind, "not looked at"
    headers = {"Content-Type": attempt.media} if attempt.body else {}
    response = await admin.call(method, attempt.target, data=attempt.body, headers=headers)
    problem = await response.get_json() if response.mimetype == "application/problem+json" else {}
    fields = [problem.get("field"), *(each["field"] for each in problem.get("errors", []))]
    return response.status_code, response.mimetype, next(filter(None, fields), None)


def attempts(reference: Any, path: str, operation: Any, nasty: Iterator[Any]) -> list[Attempt]:
    """With one nasty value in each; the rest of a body is what it should be."""
    found: list[Attempt] = []
    for parameter in operation["parameters"]:
        is_endless = path.endswith("/stream")  # where it is not refused for a number that is none
        if parameter["in"] == "query" and not (is_endless and parameter["name"] == "after"):
            end = "&after=-1" if is_endless else ""
            found += [
                Attempt(f"{path}?{parameter['name']}={quote(written(value))}{end}") for value in islice(nasty, EACH)
            ]
    for media, content in operation.get("requestBody", {"content": {}})["content"].items():
        if media == JSON:
            fields = reference["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[-1]]["properties"]
            found += [
                Attempt(path, json.dumps(GOOD | {name: value}).encode())
                for name in fields
                for value in islice(nasty, EACH)
            ]
        found += [Attempt(path, json.dumps(value).encode(), media) for value in islice(nasty, EACH)]
    return found


def written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
