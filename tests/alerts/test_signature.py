"""Signatures, against the vectors of Standard Webhooks and against the receiver in the documentation."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.conftest import until
from tests.ports import free_port
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.notice import Notice, encode
from tracker.alerts.carriers.signature import make_signed_headers, new_webhook_secret, signature
from tracker.errors import Invalid
from tracker.model.channel import Webhook
from tracker.model.delivery import Delivery
from tracker.model.subscription import Subscription, Wish

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT.parent / "shared" / "conformance" / "standard_webhooks_vectors.json"
EVENT = b'[{"id":1,"type":"enter","device":"van-12","geofence":"port","at":"2026-11-23T10:00:00.123Z"}]'


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of their specification."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected
    assert signature(secret.removeprefix("whsec_"), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected


def test_the_vectors() -> None:
    if not VECTORS.exists():
        pytest.skip("no conformance vectors beside the checkout")
    vectors: dict[str, Any] = json.loads(VECTORS.read_text())
    (case,) = [each for each in vectors["cases"] if each["id"] == "sign"]
    signed = signature(vectors["secret"], case["webhook_id"], case["timestamp"], case["body"].encode())
    assert signed == case["expect_header"]
    several = next(each for each in vectors["cases"] if each["id"] == "verify-multi")
    assert signed in several["header"].split()


def test_each_secret_signs() -> None:
    keys = [new_webhook_secret(), new_webhook_secret()]
    headers = make_signed_headers(keys, "m-1", 1614265330, b"{}")
    assert headers["webhook-signature"].split() == [signature(key, "m-1", 1614265330, b"{}") for key in keys]
    assert len(set(keys)) == 2 and all(len(key) == 50 for key in keys)
    with pytest.raises(Invalid):
        signature("whsec_not base64", "m-1", 1, b"")


async def test_the_receiver_of_the_documentation_works(dialer: Dialer) -> None:
    """It takes what is signed with a secret it knows, once; and nothing forged, changed or old."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "alerts.md").read_text(), re.DOTALL)
    assert code
    port = free_port()
    secret, former, body = new_webhook_secret(), new_webhook_secret(), message()
    process = run(code[1], SECRETS=secret, PORT=str(port))
    try:
        await until(lambda: is_open(port))
        url, now = f"http://127.0.0.1:{port}/", int(time.time())
        right = make_signed_headers([secret], "m-1", now, body)

        async def status(headers: dict[str, str], body: bytes = body) -> int:
            return (await dialer.post(url, headers, body)).status

        assert await status(right) == 204
        assert await status(right) == 204  # again, as after a lost answer: it is printed once
        assert (
            await status(make_signed_headers([former, secret], "m-2", now, body)) == 204
        )  # while a secret is replaced
        assert await status(make_signed_headers([former], "m-3", now, body)) == 401
        assert await status(right, body.replace(b"van", b"bus")) == 401
        assert await status(right | {"webhook-id": "m-9"}) == 401
        assert await status(right | {"webhook-signature": right["webhook-signature"].replace("v1", "v2")}) == 401
        assert await status(make_signed_headers([secret], "m-4", now - 3600, body)) == 401
        assert await status(make_signed_headers([secret], "m-5", now + 3600, body)) == 401
    finally:
        process.kill()
    printed, _ = process.communicate()
    assert printed.splitlines() == ["enter van-12 port 2026-11-23T10:00:00.123Z"] * 2


def message() -> bytes:
    import msgspec

    delivery = Delivery(7, 1, 7, "van-12", "port", "enter", 1, msgspec.Raw(EVENT), "waiting", None, 1, None, 0, None)
    wisher = Subscription(1, "port", "", Wish(), Webhook("http://127.0.0.1/"), ())
    return encode(Notice(delivery, wisher, "3f0c1a52-0000-4000-8000-000000000000"))


def run(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
