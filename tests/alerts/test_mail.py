"""Alerts by e-mail, with a real SMTP server that refuses, dies and comes back."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.conftest import AT, happen, sending, started, subscribe, until
from tests.alerts.parts import MailServer
from tests.alerts.test_wording import event, message
from tests.moments import written
from tracker.alerts import breaker, schedule
from tracker.alerts import dispatcher as dispatching
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.mail import Mail
from tracker.alerts.dispatcher import Dispatcher
from tracker.model.channel import Email
from tracker.model.device import Device
from tracker.model.names import Names
from tracker.settings import Remote
from tracker.store.deliveries import select_attempts
from tracker.store.devices import insert_device

FROM = "Tracker <alerts@example.org>"


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    with started(MailServer(tmp_path)) as server:
        yield server


@pytest.fixture
async def dispatcher(
    pool: asyncpg.Pool, dialer: Dialer, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Dispatcher]:
    monkeypatch.setattr(schedule, "SCHEDULE", (0, 0.2, 0.2, 0.2))
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(dispatching, "LOOK", 0.05)
    async with sending(pool, dialer, smtp=Remote("smtp", "127.0.0.1", mail_server.port), smtp_from=FROM) as dispatcher:
        yield dispatcher


async def test_an_event_becomes_a_letter(
    conn: asyncpg.Connection, van: Device, mail_server: MailServer, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, Email(("ada@example.org", "bo@example.org")), "port-watch")
    await happen(conn, van, [0])
    await until(mail_server.letters)
    ((to, letter),) = mail_server.letters()
    assert to == ["ada@example.org", "bo@example.org"]
    assert (letter["From"], letter["To"]) == (FROM, "ada@example.org, bo@example.org")
    assert letter["Subject"] == "Van entered port"
    assert letter["Message-ID"] == f"<{dispatcher.installation[:8]}-1@example.org>"
    assert letter["Auto-Submitted"] == "auto-generated" and letter["Date"]
    assert written(AT) in letter.get_content() and "port-watch" in letter.get_content()
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    ((attempt,),) = (await select_attempts(conn, [1])).values()
    assert (attempt.status, attempt.error) == (250, None)


async def test_who_refused_for_now_is_tried_again_alone_and_who_refused_for_good_is_told_of(
    conn: asyncpg.Connection, van: Device, mail_server: MailServer, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, Email(("ada@example.org", "full@example.org", "nobody@example.org")))
    await happen(conn, van, [0])
    await until(lambda: conn.fetchval("select count(*) = 1 and bool_and(state = 'sent') from delivery"))
    assert [to for to, _ in mail_server.letters()] == [["ada@example.org"], ["full@example.org"]]
    ids = {letter["Message-ID"] for _, letter in mail_server.letters()}
    assert len(ids) == 1, "a mailbox that got both would know"
    ((first, second),) = (await select_attempts(conn, [1])).values()
    assert "452" in (first.error or "") and "nobody@example.org: 550" in (first.error or "")
    assert (second.status, second.error) == (250, None)


async def test_who_did_not_take_what_others_have_is_named(
    conn: asyncpg.Connection, van: Device, mail_server: MailServer, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, Email(("ada@example.org", "nobody@example.org")))
    await happen(conn, van, [0])
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    reason, attempts = await conn.fetchrow("select reason, attempts from delivery")
    assert (reason, attempts) == ("nobody@example.org: 550 5.1.1 no such mailbox", 1)


@pytest.mark.parametrize("address", ["nobody@example.org", "spam@example.org"])
async def test_what_is_refused_for_good_is_dead_at_once_and_holds_up_nobody(
    conn: asyncpg.Connection, van: Device, mail_server: MailServer, dispatcher: Dispatcher, address: str
) -> None:
    await subscribe(conn, Email((address,)), "refused")
    await subscribe(conn, Email(("ada@example.org",)), "well")
    await happen(conn, van, range(5))
    await until(lambda: conn.fetchval("select count(*) = 10 and bool_and(state <> 'waiting') from delivery"))
    counts = await conn.fetch("select state, attempts, count(*) as n from delivery group by 1, 2 order by 1")
    assert [tuple(row) for row in counts] == [("dead", 1, 5), ("sent", 1, 5)]
    assert not any(each.failures for each in dispatcher.breakers.values()), "the server itself was well"


async def test_a_server_that_was_away_gets_all_in_order(
    conn: asyncpg.Connection, van: Device, mail_server: MailServer, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, Email(("ada@example.org",)))
    mail_server.kill()
    await happen(conn, van, range(3))
    await until(lambda: conn.fetchval("select count(*) >= 1 from attempt where error is not null"))
    mail_server.start()
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    assert mail_server.events() == [1, 2, 3]


async def test_a_name_can_be_no_header(
    conn: asyncpg.Connection, mail_server: MailServer, dispatcher: Dispatcher
) -> None:
    device = await insert_device(conn, "evil", "Van\r\nBcc: eve@example.org\r\n\r\nhello \u202eé")
    await subscribe(conn, Email(("ada@example.org",)))
    await happen(conn, device, [0])
    await until(mail_server.letters)
    ((to, letter),) = mail_server.letters()
    assert to == ["ada@example.org"] and letter["Bcc"] is None
    assert letter["Subject"] == "Van Bcc: eve@example.org hello é entered port"


async def test_the_password_goes_over_tls_or_not_at_all(mail_server: MailServer, tmp_path: Path) -> None:
    authority = trustme.CA()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "certificate.pem"))
    folder = tmp_path / "tls"
    folder.mkdir()
    with started(MailServer(folder, str(tmp_path / "certificate.pem"))) as server:
        results = []
        for remote, tls in [
            (Remote("smtp", "127.0.0.1", server.port, "tracker", "p@ss"), trusted),
            (Remote("smtp", "127.0.0.1", server.port, "tracker", "p@ss"), None),  # a certificate of nobody it knows
            (Remote("smtp", "127.0.0.1", server.port, "tracker", "wrong"), trusted),
            (Remote("smtp", "127.0.0.1", server.port), trusted),  # no password
            (Remote("smtp", "127.0.0.1", mail_server.port, "tracker", "p@ss"), trusted),  # no STARTTLS
        ]:
            outcome = await Mail(remote, FROM, tls).send(Email(("ada@example.org",)), message(event(1)))
            results.append((outcome.result, outcome.status))
    assert results == [("sent", 250), ("failed", None), ("failed", 535), ("failed", 530), ("failed", None)]
    assert len(server.letters()) == 1 and mail_server.letters() == []


EVIL = [
    "Van =?UTF-8?Q?=0D=0AReply-To:_x@evil.example?=",
    "=?utf-8?Q?=0D=0AX:1?= =?utf-8?Q?=0D=0A=0D=0AClick_here?=",
    "=?utf-8?b?DQpSZXBseS1UbzogeEBldmlsLmV4YW1wbGUNCg0KZXZpbA==?=",
    "é =?unknown-8bit?b?gICA?= é",
    "=?utf-8?q?=E2=80=AE=00=1B?=",
    "=?iso-2022-jp?b?GyRC?=",
    "=?=?utf-8?q?x?=",
    '"quoted" <a@b.example>, (comment); :',
]
HEADERS = {"Content-Type", "MIME-Version", "Content-Transfer-Encoding", "From", "To", "Subject", "Date"}


@pytest.mark.parametrize("evil", EVIL)
async def test_what_looks_encoded_in_a_name_stays_text(
    conn: asyncpg.Connection, mail_server: MailServer, dispatcher: Dispatcher, evil: str
) -> None:
    device = await insert_device(conn, "evil", evil)
    await subscribe(conn, Email(("ada@example.org",)))
    await happen(conn, device, [0])
    await until(mail_server.letters)
    ((_, letter),) = mail_server.letters()
    assert letter["Subject"] == f"{evil} entered port"
    assert f"{evil} entered port" in letter.get_content()


@given(
    name=st.text() | st.lists(st.sampled_from([*EVIL, "=?", "?=", "\r\n", "X: y", "\u202e", "\x00", "é"])).map("".join)
)
def test_no_line_of_the_head_is_made_of_text(name: str) -> None:
    """Whatever a device, a geofence, a subscription and the operator are called, for every reader of headers."""
    told = msgspec.structs.replace(message(event(1)), names=Names({"van": name}, {"port": name}))
    subscription = msgspec.structs.replace(told.subscription, name=name)
    told = msgspec.structs.replace(told, subscription=subscription)
    mail = Mail(Remote("smtp", "127.0.0.1", 1), FROM)
    sent = mail.letter(Email(("ada@example.org", "bo@example.org")), told).as_bytes()
    head = sent.partition(b"\r\n\r\n")[0]
    assert head.isascii() and b"\r" not in head.replace(b"\r\n", b"") and b"\n" not in head.replace(b"\r\n", b"")
    names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert set(names) == HEADERS | {"Message-ID", "Auto-Submitted"} and len(names) == len(set(names))
    assert max(map(len, sent.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("refusal", [b"550 no \xff such", b"550 no \x00 such", b"550-n\xf6n \x1b[31m\r\n550 more"])
async def test_a_refusal_in_another_encoding_is_noted_and_the_letter_goes_out_once(
    conn: asyncpg.Connection, pool: asyncpg.Pool, van: Device, dialer: Dialer, refusal: bytes
) -> None:
    """One of two recipients is refused, in words that no table can keep."""
    letters = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal letters
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                letters += 1
            writer.write(refusal + b"\r\n" if b"<bo@" in line else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    remote = Remote("smtp+plain", "127.0.0.1", server.sockets[0].getsockname()[1])
    async with sending(pool, dialer, smtp=remote, smtp_from=FROM):
        await subscribe(conn, Email(("ada@example.org", "bo@example.org")))
        await happen(conn, van, [0])
        await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    reason, attempts = await conn.fetchrow("select reason, attempts from delivery")
    assert reason.startswith("bo@example.org: 550 n") and reason.isprintable()
    assert (attempts, letters) == (1, 1)
    server.close()
