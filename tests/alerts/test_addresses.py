"""No server-side request forgery: every way to write an address that is not public, and every trick on the way."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from tests.alerts.conftest import LOOPBACK, Receiver
from tracker.alerts.carriers.addresses import is_allowed
from tracker.alerts.carriers.dialer import Dialer, endpoint
from tracker.errors import Invalid, ReceiverRefused

INSIDE = """
    127.0.0.1 127.1.2.3 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 169.254.170.2
    100.64.0.1 100.100.100.200 192.0.0.192 192.0.0.9 192.0.2.1 198.51.100.7 203.0.113.7 198.18.0.1 224.0.0.1 239.1.1.1
    192.88.99.1 240.0.0.1 255.255.255.255 ::1 :: ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe
    64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 64:ff9b:1::a00:1 2002:a9fe:a9fe:: 2002:7f00:1::1 2001:0:a9fe:a9fe::1 fe80::1
    fe80::1%eth0 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 100::1 ::ffff:0:7f00:1 4000::1
"""
OUTSIDE = "1.1.1.1 93.184.216.34 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 2606:4700::1111 ::ffff:1.1.1.1"


@pytest.mark.parametrize("address", INSIDE.split())
def test_inside_is_refused(address: str) -> None:
    assert not is_allowed(address)


@pytest.mark.parametrize("address", OUTSIDE.split())
def test_outside_is_allowed(address: str) -> None:
    assert is_allowed(address)


def test_the_operator_may_allow_networks_by_name() -> None:
    assert is_allowed("10.1.2.3", (ip_network("10.1.0.0/16"),))
    assert is_allowed("::ffff:10.1.2.3", (ip_network("10.1.0.0/16"),))
    assert not is_allowed("10.2.2.3", (ip_network("10.1.0.0/16"),))


# By the machine's own resolver, which understands all of these.
@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0251.0376.0251.0376",
        "2852039166",
        "0xA9FEA9FE",
        "0xa9.254.0251.254",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[::]",
        "LOCALHOST",
        "[fe80::1%25lo]",
    ],
)
async def test_no_spelling_gets_inside(host: str) -> None:
    dialer = Dialer()
    with pytest.raises(Invalid) as refused:
        await dialer.check(f"http://{host}/latest/meta-data")
    assert refused.value.field == "channel.url"
    with pytest.raises((ReceiverRefused, OSError, Invalid)):  # and at the sending, if it came into the table some way
        await dialer.post(f"http://{host}:9/latest/meta-data", {}, b"{}")
    await dialer.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "http://",
        "http:///x",
        "//x.org",
        "http://user@example.org/",
        "http://user:word@example.org/",
        "http://example.org/#x",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://example.org/\r\nHost: inside",
        "http://exämple.org/",
        "http://[::1/",
        "unix:///x",
        "http://example.org/" + "x" * 2000,
    ],
)
def test_what_is_no_address_of_a_receiver(url: str) -> None:
    with pytest.raises(Invalid):
        endpoint(url)


def answering(*answers: Sequence[str]) -> tuple[Callable[[str, int], object], list[str]]:
    """A resolver that gives these answers in turn, the last for ever; and whom it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


@asynccontextmanager
async def dialing(*answers: Sequence[str], **options: object) -> AsyncIterator[tuple[Dialer, list[str]]]:
    resolve, asked = answering(*answers)
    dialer = Dialer(LOOPBACK, resolve, **options)  # type: ignore[arg-type]
    yield dialer, asked
    await dialer.close()


async def test_one_address_inside_is_enough_to_refuse() -> None:
    async with dialing(["1.1.1.1", "10.0.0.1"]) as (dialer, _):
        with pytest.raises(Invalid):
            await dialer.check("https://example.org/")
    async with dialing([]) as (dialer, _):
        with pytest.raises(Invalid):
            await dialer.check("https://example.org/")


async def test_a_name_that_answers_otherwise_at_the_sending_is_refused() -> None:
    async with dialing(["1.1.1.1"], ["169.254.169.254"]) as (dialer, asked):
        await dialer.check("http://rebinding.example/")
        with pytest.raises(ReceiverRefused):
            await dialer.post("http://rebinding.example/", {}, b"{}")
    assert asked == ["rebinding.example"] * 2


async def test_the_address_that_was_checked_is_the_one_connected_to(receiver: Receiver) -> None:
    """The second answer would lead elsewhere, and nobody asks for it; Host stays the name."""
    async with dialing(["127.0.0.1"], ["10.255.255.1"]) as (dialer, asked):
        reply = await dialer.post(receiver.url("/x", "hooks.example"), {"content-type": "application/json"}, b'{"a":1}')
        assert (reply.status, asked) == (204, ["hooks.example"])
        await dialer.post(receiver.url("/x", "hooks.example"), {}, b"{}")  # by the connection that was kept
        assert asked == ["hooks.example"]
    assert receiver.received()[0]["headers"]["host"] == f"hooks.example:{receiver.port}"


async def test_the_next_address_is_tried_where_one_does_not_answer(receiver: Receiver) -> None:
    async with dialing(["127.0.0.9", "127.0.0.1"]) as (dialer, _):
        assert (await dialer.post(receiver.url("/x", "hooks.example"), {}, b"{}")).status == 204


async def test_tls_shows_and_checks_the_name(tmp_path: Path) -> None:
    authority, names = trustme.CA(), list[str | None]()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("hooks.example").configure_cert(server_side)
    authority.configure_trust(client_side)
    server_side.sni_callback = lambda _, name, __: names.append(name)

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0, ssl=server_side)
    port = server.sockets[0].getsockname()[1]
    async with dialing(["127.0.0.1"], tls=client_side) as (dialer, _):
        assert (await dialer.post(f"https://hooks.example:{port}/", {}, b"{}")).status == 204
        with pytest.raises(Exception, match=r"(?i)certificate"):
            await dialer.post(f"https://other.example:{port}/", {}, b"{}")
    assert names == ["hooks.example", "other.example"]
    server.close()


async def test_nothing_is_followed_and_the_environment_has_no_say(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, dialer: Dialer
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for status in (301, 302, 303, 307, 308):
        reply = await dialer.post(receiver.url(f"/moved?status={status}&location=/inside"), {}, b"{}")
        assert reply.status == status
    assert {each["path"][:6] for each in receiver.received()} == {"/moved"}


async def test_an_endless_answer_is_cut_and_a_slow_one_given_up(receiver: Receiver) -> None:
    async with dialing(["127.0.0.1"], deadline=1.0) as (dialer, _):
        began = time.monotonic()
        for path in ("/slow?seconds=60", "/drip?status=200&bytes=999999&drip=0.2"):
            with pytest.raises(TimeoutError):
                await dialer.post(receiver.url(path), {}, b"{}")
        assert time.monotonic() - began < 50.0, "before the answer is there"
    async with dialing(["127.0.0.1"]) as (dialer, _):
        assert (await dialer.post(receiver.url("/long?status=200&bytes=999999999"), {}, b"{}")).status == 200
