"""A device's fixes go on to another server: late ones too, at least once, over its death; and never in a circle."""

import asyncio
from collections.abc import Iterator
from typing import Any, NamedTuple

import asyncpg
import pytest
from quart import Quart

from tests.databases import Databases, copied
from tests.integration.conftest import ADMIN, Caller
from tests.patience import until
from tests.running import RunningServer, running
from tracker.model.moment import format_ms, now_ms

INSIDE = {"TRACKER_PRIVATE_RECEIVERS": "127.0.0.0/8"}
LON, LAT = 24.9384, 60.1699


class Pair(NamedTuple):
    here: RunningServer
    there: RunningServer


@pytest.fixture(scope="module")
def pair(databases: Databases) -> Iterator[Pair]:
    with copied(databases) as one, copied(databases) as other:
        asyncio.run(rename(other))
        there = RunningServer(other, **INSIDE)
        try:
            with running(one, **INSIDE) as here:
                there.start()
                yield Pair(here, there)
        finally:
            there.end()


async def rename(url: str) -> None:
    """Copies of one template would know each other for the same installation."""
    conn = await asyncpg.connect(url)
    await conn.execute("update installation set id = gen_random_uuid()")
    await conn.close()


def track(server: RunningServer, id: str) -> list[str]:
    """`at` of every stored fix, by time."""
    begin = format_ms(now_ms() - 86_400_000)
    with server.api() as api:
        text = api.get(f"/api/devices/{id}/track", params={"from": begin, "format": "csv"}).raise_for_status().text
    return [line.partition(",")[0] for line in text.splitlines()[1:]]


def forward(server: RunningServer, id: str, **wish: Any) -> dict[str, Any]:
    with server.api() as api:
        answer = api.put(f"/api/devices/{id}/forward", json=wish)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def state(server: RunningServer, id: str) -> dict[str, Any]:
    with server.api() as api:
        found: dict[str, Any] = api.get(f"/api/devices/{id}/forward").raise_for_status().json()
    return found


def ingest_url(server: RunningServer, id: str) -> str:
    with server.api() as api:
        return str(api.get(f"/api/devices/{id}").json()["ingest_url"])


def make_fix(at: int, step: int) -> dict[str, Any]:
    return {"at": format_ms(at), "lon": LON + step * 0.0001, "lat": LAT, "speed": 11.1, "battery": 0.5}


async def send(server: RunningServer, id: str, token: str, fixes: list[dict[str, Any]], boot: str) -> None:
    async with server.device(id, token, boot) as talk:
        assert (await talk.fixes(1, *fixes))["stored"] == len(fixes)


def test_all_of_it_arrives_once_over_a_death_and_late(pair: Pair) -> None:
    here, there = pair
    mine, its = here.new_device("van"), there.new_device("truck")
    begin = now_ms() - 600_000
    moments = [begin + n * 1000 for n in range(250)]  # more than a batch
    old, new = moments[50:200], moments[200:]
    late = moments[:50]
    asyncio.run(send(here, "van", mine, [make_fix(at, n) for n, at in enumerate(old)], "b1"))
    assert forward(here, "van", kind="tracker", url=there.url, name="truck", secret=its)["state"] == "waiting"
    answer = forward(here, "van", kind="tracker", url=there.url, name="truck", since=format_ms(begin))
    assert answer["behind"] == 150 and "secret" not in answer  # which is kept, for the address is the same
    until(lambda: len(track(there, "truck")) == 150)
    there.kill()
    asyncio.run(send(here, "van", mine, [make_fix(at, n) for n, at in enumerate(new)], "b2"))
    failing = until(lambda: (found := state(here, "van"))["state"] == "failing" and found)
    assert failing["error"] and failing["failures"] >= 1 and failing["next"] and failing["sent"] == 150
    there.start()
    asyncio.run(send(here, "van", mine, [make_fix(at, n) for n, at in enumerate(late)], "b3"))
    until(lambda: len(track(there, "truck")) == 250)
    assert track(there, "truck") == [format_ms(at) for at in moments]
    done = until(lambda: (found := state(here, "van"))["state"] == "waiting" and found)
    assert (done["error"], done["failures"], done["behind"]) == (None, 0, 0) and done["sent"] >= 250


def test_by_owntracks_and_never_in_a_circle(pair: Pair) -> None:
    here, there = pair
    mine = here.new_device("bike")
    there.new_device("copy")
    forward(here, "bike", kind="owntracks", url=ingest_url(there, "copy"))
    forward(there, "copy", kind="owntracks", url=ingest_url(here, "bike"))
    second = now_ms() // 1000 * 1000 - 60_000
    asyncio.run(send(here, "bike", mine, [make_fix(second + n * 1000, n) for n in range(3)], "b1"))
    until(lambda: len(track(there, "copy")) == 3)
    with here.api() as api:

        def refused() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = api.get("/api/devices/bike/quarantine").json()["quarantine"]
            return found if len(found) == 3 else []

        loops = until(refused)
        assert {each["reason"] for each in loops} == {"loop"} and len(track(here, "bike")) == 3
        (row,) = [each for each in api.get("/api/audit?limit=100").json()["entries"] if each["object"] == "bike"][-1:]
        assert row["deed"] == "device.forwarded" and "/in/" not in str(row)  # the key of the other server
        assert api.delete("/api/devices/bike/forward").status_code == 204
        assert api.get("/api/devices/bike/forward").status_code == 204
    with there.api() as api:
        health = api.get("/api/devices/copy/health").json()
        assert (health["app"], health["speed"]) == ("OwnTracks", "km/h")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"kind": "owntracks", "url": "http://127.0.0.1:9/in/x"}, "url"),
        ({"kind": "owntracks", "url": "http://169.254.169.254/"}, "url"),
        ({"kind": "owntracks", "url": "ftp://1.1.1.1/"}, "url"),
        ({"kind": "owntracks", "url": "http://a:b@1.1.1.1/"}, "url"),
        ({"kind": "tracker", "url": "https://[::1]:8000", "secret": "x"}, "url"),
        ({"kind": "tracker", "url": "https://1.1.1.1"}, "secret"),
        ({"kind": "owntracks", "url": "https://1.1.1.1/", "since": "yesterday"}, "since"),
        ({"kind": "carrier pigeon", "url": "https://1.1.1.1/"}, "kind"),
    ],
)
async def test_what_leads_inside_is_refused_as_for_webhooks(app: Quart, wish: dict[str, Any], field: str) -> None:
    caller = Caller(app, ADMIN)
    await caller.call("POST", "/api/devices", json={"id": "van"})
    response = await caller.call("PUT", "/api/devices/van/forward", json=wish)
    assert (response.status_code, (await response.get_json())["field"]) == (422, field)
    assert (await caller.get("/api/devices/van/forward")).status_code == 204
