"""The channels of subscriptions: read, held against their rules, kept and shown."""

from typing import Any

import asyncpg
import msgspec
import pytest
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tracker.access.gate import Gate
from tracker.alerts.carriers.build import build_carriers
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.push_encryption import read_point
from tracker.alerts.carriers.vapid import Vapid, new_key
from tracker.api.app import Parts, build_app
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.model import base64url
from tracker.settings import Remote

PUSH = {
    "kind": "webpush",
    "endpoint": "https://1.1.1.1/push/x",
    "expirationTime": None,
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
KEYS: dict[str, str] = PUSH["keys"]  # type: ignore[assignment]
EMAIL = {"kind": "email", "to": ["ada@example.org", "o'neill+vans@mail.example.org"]}
MQTT = {"kind": "mqtt", "topic": "fleet/{device}/{geofence}/{type}/Ähre"}
WEBHOOK = {"kind": "webhook", "url": "https://1.1.1.1/hook"}


async def is_ready() -> list[str]:
    return []


@pytest.fixture
def complete(gate: Gate) -> Quart:
    """A server to which every channel is set up."""
    carriers = build_carriers(
        Dialer(),
        Vapid(new_key()),
        smtp=Remote("smtp", "mail.example.org", 587),
        smtp_from="Tracker <a@example.org>",
        mqtt=Remote("mqtt", "mqtt.example.org", 1883),
    )
    return build_app(Parts(gate=gate, table=Table(), metrics=Metrics(), ready=is_ready, carriers=carriers))


@pytest.fixture
def operator(complete: Quart) -> Caller:
    return Caller(complete, ADMIN)


@pytest.mark.parametrize("channel", [EMAIL, MQTT, MQTT | {"topic": "a" * 60_000}, WEBHOOK])
async def test_each_channel_is_kept_and_shown(
    operator: Caller, conn: asyncpg.Connection, channel: dict[str, object]
) -> None:
    made = await operator.post("/api/subscriptions", {"id": "a", "channel": channel})
    body = await made.get_json()
    assert (made.status_code, body["channel"]) == (201, channel)
    assert ("secret" in body) is (channel["kind"] == "webhook"), "the others sign nothing with it"
    assert (await (await operator.get("/api/subscriptions/a")).get_json())["channel"] == channel
    changed = await operator.patch("/api/subscriptions/a", {"channel": WEBHOOK})
    assert (await changed.get_json())["channel"] == WEBHOOK


NO_CHANNELS: list[dict[str, Any]] = [
    {"kind": "email"},
    {"kind": "email", "to": []},
    {"kind": "email", "to": [f"a{n}@example.org" for n in range(21)]},
    *[
        {"kind": "email", "to": ["ada@example.org", address]}
        for address in (
            "ada",
            "ada@",
            "@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@example.org\n",
            "a b@c.org",
            "ada@-example.org",
            "ada@example..org",
            ".ada@example.org",
            "a..b@example.org",
            "ada@exa\x00mple.org",
            "<ada@example.org>",
            "ada@example.org,eve@example.org",
            '"a b"@example.org',
            "ada@b\u00fccher.org",
            "a" * 65 + "@example.org",
            "ada@" + "b" * 64 + ".org",
            "ada@" + "b." * 130 + "org",
            "",
        )
    ],
    {"kind": "mqtt"},
    *[
        {"kind": "mqtt", "topic": topic}
        for topic in (
            "",
            "a/+/b",
            "a/#",
            "#",
            "$SYS/a",
            "a\x00b",
            "a\nb",
            "a/{devise}",
            "{device",
            "{device}" * 1100,
            "{type}" * 1100,
            "/" * 200,
            "a\ufffe",
        )
    ],
]


async def test_what_is_no_channel_is_refused_with_its_field(operator: Caller, subtests: pytest.Subtests) -> None:
    for channel in NO_CHANNELS:
        with subtests.test(str(channel)):
            refused = await operator.post("/api/subscriptions", {"channel": channel})
            body = await refused.get_json()
            field = {"email": "channel.to", "mqtt": "channel.topic"}[channel["kind"]]
            assert (refused.status_code, body["field"].partition("[")[0]) == (422, field), body


async def test_a_browser_is_kept_and_its_secret_is_not_shown(operator: Caller, conn: asyncpg.Connection) -> None:
    written = PUSH | {"keys": {"p256dh": KEYS["p256dh"].replace("-", "+") + "=", "auth": KEYS["auth"] + "=="}}
    made = await operator.post("/api/subscriptions", {"id": "a", "channel": written})
    shown = {"kind": "webpush", "endpoint": PUSH["endpoint"], "keys": {"p256dh": KEYS["p256dh"]}}
    assert (made.status_code, (await made.get_json())["channel"]) == (201, shown)
    for path in ("/api/subscriptions/a", "/api/subscriptions"):
        text = await operator.text(path)
        assert KEYS["p256dh"] in text and KEYS["auth"] not in text
    assert msgspec.json.decode(await conn.fetchval("select channel->'keys' from subscription")) == KEYS


NO_PUSH: list[tuple[str, dict[str, object]]] = [
    ("endpoint", {"endpoint": None}),
    ("endpoint", {"endpoint": "http://1.1.1.1/push"}),
    ("endpoint", {"endpoint": "https://127.0.0.1/push"}),
    ("endpoint", {"endpoint": "https://[::ffff:10.0.0.1]/"}),
    ("endpoint", {"endpoint": "https://user:pass@1.1.1.1/"}),
    ("keys", {"keys": None}),
    ("keys.p256dh", {"keys": {"p256dh": "", "auth": KEYS["auth"]}}),
    ("keys.p256dh", {"keys": {"p256dh": "B" * 87, "auth": KEYS["auth"]}}),
    ("keys.p256dh", {"keys": {"p256dh": KEYS["p256dh"][:-2] + "AA", "auth": KEYS["auth"]}}),
    ("keys.p256dh", {"keys": {"p256dh": "not/base64\n", "auth": KEYS["auth"]}}),
    ("keys.p256dh", {"keys": {"p256dh": "ü", "auth": KEYS["auth"]}}),
    ("keys.auth", {"keys": {"p256dh": KEYS["p256dh"]}}),
    ("keys.auth", {"keys": {"p256dh": KEYS["p256dh"], "auth": "AAAA"}}),
    ("keys.auth", {"keys": {"p256dh": KEYS["p256dh"], "auth": "!" * 22}}),
]


async def test_what_no_browser_gave_is_refused(operator: Caller, subtests: pytest.Subtests) -> None:
    for field, change in NO_PUSH:
        with subtests.test(f"{field}: {change}"):
            refused = await operator.post("/api/subscriptions", {"channel": PUSH | change})
            body = await refused.get_json()
            assert (refused.status_code, body["field"]) == (422, f"channel.{field}"), body


async def test_the_push_key_is_a_point_of_the_curve(operator: Caller) -> None:
    key = (await (await operator.get("/api/push/key")).get_json())["key"]
    read_point(base64url.decode(key))


@pytest.mark.parametrize(("channel", "setting"), [(EMAIL, "TRACKER_SMTP_URL"), (MQTT, "TRACKER_MQTT_URL")])
async def test_what_is_not_set_up_says_which_setting_is_missing(
    admin: Caller, channel: dict[str, object], setting: str
) -> None:
    refused = await admin.post("/api/subscriptions", {"channel": channel})
    body = await refused.get_json()
    assert (refused.status_code, body["field"]) == (422, "channel.kind")
    assert setting in body["detail"]
