import asyncpg
import pytest

from tests.integration.conftest import Caller
from tracker.model.moment import DAY_MS, format_ms, now_ms

HOOK = {"kind": "webhook", "url": "https://1.1.1.1/hook"}
QUIET = {"from": "22:00", "to": "06:00", "zone": "Europe/Helsinki", "days": ["mon", "fri"], "then": "drop"}
FULL = {
    "id": "port-watch",
    "name": "Port",
    "types": ["dwell", "enter"],
    "geofences": ["port"],
    "devices": ["van-12"],
    "categories": ["van"],
    "quiet": QUIET,
    "cooldown": 300,
    "group": 30,
    "max_age": 3600,
    "zone": "Europe/Helsinki",
    "channel": HOOK,
}


async def test_a_subscription_is_made_shown_changed_and_deleted(admin: Caller, conn: asyncpg.Connection) -> None:
    made = await admin.post("/api/subscriptions", FULL)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/subscriptions/port-watch")
    body = await made.get_json()
    secret = body.pop("secret")
    assert secret.startswith("whsec_") and body == FULL | {
        "enabled": True,
        "reason": None,
        "personal": False,
        "language": None,
    }
    path = "/api/subscriptions/port-watch"
    assert await (await admin.get(path)).get_json() == body, "the secret is shown once"
    change = {"types": [], "quiet": False, "cooldown": 0, "name": "Harbour", "enabled": False}
    changed = await (await admin.patch(path, change)).get_json()
    assert changed == body | {"types": None, "quiet": None, "cooldown": 0, "name": "Harbour", "enabled": False}
    assert await conn.fetchval("select revision from subscription_head") == 2
    listed = await (await admin.get("/api/subscriptions")).get_json()
    assert listed == {"subscriptions": [changed], "next": None}
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == (await admin.delete(path)).status_code == 404


async def test_the_least_there_can_be(admin: Caller) -> None:
    body = await (await admin.post("/api/subscriptions", {"channel": HOOK})).get_json()
    assert body["types"] is None and body["quiet"] is None and body["id"].startswith("subscription-")
    assert (await admin.post("/api/subscriptions", {"channel": HOOK, "id": body["id"]})).status_code == 409


async def test_its_language_is_set_and_left_to_who_reads_it(admin: Caller) -> None:
    made = await (await admin.post("/api/subscriptions", {"channel": HOOK, "language": "de"})).get_json()
    path = f"/api/subscriptions/{made['id']}"
    assert made["language"] == (await (await admin.patch(path, {"name": "x"})).get_json())["language"] == "de"
    assert (await (await admin.get(path)).get_json())["language"] == "de"
    assert (await (await admin.patch(path, {"language": ""})).get_json())["language"] is None
    assert (await (await admin.get(path)).get_json())["language"] is None


WRONG: list[tuple[str, dict[str, object]]] = [
    ("channel", {}),
    ("channel.kind", {"channel": {"kind": "sms", "url": "x"}}),
    ("channel.kind", {"channel": {"kind": "pigeon"}}),
    ("channel.url", {"channel": {"kind": "webhook"}}),
    ("channel.url", {"channel": {"kind": "webhook", "url": "http://127.0.0.1/"}}),
    ("channel.url", {"channel": {"kind": "webhook", "url": "http://2852039166/"}}),
    ("channel.url", {"channel": {"kind": "webhook", "url": "file:///etc/passwd"}}),
    ("quiet.zone", {"channel": HOOK, "quiet": QUIET | {"zone": "Mars/Base"}}),
    ("quiet.zone", {"channel": HOOK, "quiet": QUIET | {"zone": "../../etc/passwd"}}),
    ("quiet.from", {"channel": HOOK, "quiet": QUIET | {"from": "25:00"}}),
    ("quiet", {"channel": HOOK, "quiet": True}),
    ("cooldown", {"channel": HOOK, "cooldown": -1}),
    ("group", {"channel": HOOK, "group": 99999}),
    ("types[0]", {"channel": HOOK, "types": ["En ter"]}),
    ("geofences[0]", {"channel": HOOK, "geofences": ["no slug"]}),
    ("id", {"channel": HOOK, "id": "../x"}),
    ("categories", {"channel": HOOK, "categories": ["a\x00b"]}),
    ("name", {"channel": HOOK, "name": "a\x00b"}),
    ("language", {"channel": HOOK, "language": "tlh"}),
]


async def test_what_cannot_be_is_refused_by_field(admin: Caller, subtests: pytest.Subtests) -> None:
    for field, wrong in WRONG:
        with subtests.test(f"{field}: {wrong}"):
            refused = await admin.post("/api/subscriptions", wrong)
            body = await refused.get_json()
            assert (refused.status_code, body["field"]) == (422, field), body
            if field == "channel.kind":
                assert wrong["channel"]["kind"] in body["detail"]  # type: ignore[index]


async def test_a_secret_is_rotated(admin: Caller, conn: asyncpg.Connection) -> None:
    first = (await (await admin.post("/api/subscriptions", FULL)).get_json())["secret"]
    rotated = await admin.post("/api/subscriptions/port-watch/secret")
    second = (await rotated.get_json())["secret"]
    assert rotated.status_code == 201 and second != first
    assert await conn.fetchval("select secrets from subscription where former_until > now()") == [second, first]


async def test_tests_deliveries_and_replays(admin: Caller, conn: asyncpg.Connection) -> None:
    await admin.post("/api/subscriptions", FULL)
    path = "/api/subscriptions/port-watch"
    sent = await admin.post(f"{path}/test")
    assert (sent.status_code, await sent.get_json()) == (202, {"deliveries": [1]})
    (shown,) = (await (await admin.get(f"{path}/deliveries")).get_json())["deliveries"]
    assert (shown["type"], shown["state"], shown["count"], shown["attempts"]) == ("test", "waiting", 1, [])
    assert shown["due"] and shown["events"][0]["type"] == "test"
    assert (await admin.post(f"{path}/deliveries/1/replay")).status_code == 409, "it waits already"
    assert (await admin.post(f"{path}/deliveries/99/replay")).status_code == 404
    assert (await admin.post(f"{path}/deliveries/99999999999999999999/replay")).status_code == 404
    await conn.execute("update delivery set state = 'dead', finished_at = now()")
    again = await admin.post(f"{path}/deliveries/1/replay")
    assert (again.status_code, await again.get_json()) == (202, {"deliveries": [2]})
    span = await admin.post(f"{path}/replay", {"from": format_ms(now_ms() - DAY_MS)})
    assert await span.get_json() == {"deliveries": [3]}
    assert (await admin.post(f"{path}/replay", {"from": "yesterday"})).status_code == 422
    dead = (await (await admin.get(f"{path}/deliveries?state=dead")).get_json())["deliveries"]
    assert [each["id"] for each in dead] == [1]
    page = await (await admin.get(f"{path}/deliveries?limit=1&before=3")).get_json()
    assert ([each["id"] for each in page["deliveries"]], page["next"]) == ([2], 2)
    await admin.patch(path, {"enabled": False})
    assert (await admin.post(f"{path}/test")).status_code == 409
