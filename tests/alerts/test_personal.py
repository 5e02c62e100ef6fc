"""Alerts of a person's own: told by the rights of the moment in which a message is claimed, and ended with the
person."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import msgspec
import pytest

from tests.alerts.conftest import happen, sending, started, subscribe, until
from tests.alerts.parts import MailServer
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.signature import new_webhook_secret
from tracker.alerts.dispatcher import Dispatcher
from tracker.model.channel import Email
from tracker.model.device import Device
from tracker.model.subscription import Wish
from tracker.settings import Remote
from tracker.store.devices import insert_device
from tracker.store.people import delete_person
from tracker.store.subscriptions import give_subscription, insert_subscription, note_language, update_subscription

ANN = "ann@example.org"


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    with started(MailServer(tmp_path)) as server:
        yield server


@pytest.fixture
async def dispatcher(pool: asyncpg.Pool, dialer: Dialer, mail_server: MailServer) -> AsyncIterator[Dispatcher]:
    smtp = Remote("smtp", "127.0.0.1", mail_server.port)
    async with sending(pool, dialer, smtp=smtp, smtp_from="Tracker <alerts@example.org>") as dispatcher:
        yield dispatcher


@pytest.fixture
async def ann(conn: asyncpg.Connection) -> int:
    """A viewer of the north, which holds the port and nothing else."""
    person: int = await conn.fetchval("insert into person (email, name) values ($1, 'Ann') returning key", ANN)
    await conn.execute(
        """with made as (insert into rights_group (id, name) values ('north', 'North') returning key)
           insert into group_person select key, $1, 'viewer' from made""",
        person,
    )
    await conn.execute(
        """with made as (insert into geofence (id, revision, feature, shape) values ('port', 1, '{}',
               st_geomfromtext('polygon((7 43, 8 43, 8 44, 7 44, 7 43))', 4326)) returning key)
           insert into group_geofence select g.key, made.key from rights_group g, made"""
    )
    channel = Email((ANN,))
    made = await insert_subscription(conn, "mine", "", Wish(), channel, new_webhook_secret())
    await give_subscription(conn, made, person)
    return person


async def put_in(conn: asyncpg.Connection, device: Device) -> None:
    await conn.execute("insert into group_device select key, $1 from rights_group", device.key)


async def states(conn: asyncpg.Connection) -> list[tuple[str, str | None]]:
    return [tuple(row) for row in await conn.fetch("select state, reason from delivery order by id")]


async def test_it_is_told_what_its_person_sees(
    conn: asyncpg.Connection, van: Device, mail_server: MailServer, dispatcher: Dispatcher, ann: int
) -> None:
    phone, bus = await insert_device(conn, "phone", "Phone"), await insert_device(conn, "bus", "Bus")
    await put_in(conn, van)
    await conn.execute("update device set person = $2 where key = $1", phone.key, ann)
    for device in (bus, van):
        await happen(conn, device, [0])
    await happen(conn, phone, [0], geofence=2)  # at the depot, which she does not see
    await happen(conn, van, [1])
    dispatcher.wake()
    await until(lambda: len(mail_server.letters()) == 2)
    assert [letter["Subject"] for _, letter in mail_server.letters()] == ["Van entered port"] * 2
    await until(lambda: conn.fetchval("select bool_and(state <> 'waiting') from delivery"))
    told = await states(conn)
    assert sorted(told, key=str) == [("sent", None)] * 2 + [("skipped", "no longer allowed")] * 2


async def test_what_waits_is_not_told_to_who_may_no_longer_see_it_nor_after_its_person(
    conn: asyncpg.Connection, van: Device, pool: asyncpg.Pool, mail_server: MailServer, dialer: Dialer, ann: int
) -> None:
    await put_in(conn, van)
    await happen(conn, van, [0])
    await conn.execute("delete from group_device")
    smtp = Remote("smtp", "127.0.0.1", mail_server.port)
    async with sending(pool, dialer, smtp=smtp, smtp_from="Tracker <alerts@example.org>") as dispatcher:
        dispatcher.wake()
        await until(lambda: conn.fetchval("select bool_and(state = 'skipped') from delivery"))
        await put_in(conn, van)
        await happen(conn, van, [1])
        dispatcher.wake()
        await until(mail_server.letters)
        async with conn.transaction():  # the event and the end of its reader become true at once
            await happen(conn, van, [2])
            await delete_person(conn, ann)
        await subscribe(conn, Email(("bo@example.org",)), "all")
        await happen(conn, van, [3])
        dispatcher.wake()
        await until(lambda: any(to == ["bo@example.org"] for to, _ in mail_server.letters()))
    assert [to for to, _ in mail_server.letters()] == [[ANN], ["bo@example.org"]]


async def test_letters_are_in_the_language_of_who_reads_them(
    conn: asyncpg.Connection, van: Device, mail_server: MailServer, dispatcher: Dispatcher, ann: int
) -> None:
    """Also those that somebody else wishes for, from the moment on in which it is chosen."""
    await put_in(conn, van)
    await subscribe(conn, Email(("ANN@example.org",)), "all")
    await happen(conn, van, [0])
    dispatcher.wake()
    await until(lambda: len(mail_server.letters()) == 2)
    await conn.execute("update person set language = 'de' where key = $1", ann)
    await subscribe(conn, Email(("bo@example.org",)), "others")
    made = await subscribe(conn, Email(("cy@example.org",)), "of-ann")
    await note_language(conn, made, ann)
    chosen = await subscribe(conn, Email(("Ann@example.org",)), "chosen")
    await update_subscription(conn, msgspec.structs.replace(chosen, chosen="en"))
    await happen(conn, van, [1])
    dispatcher.wake()
    await until(lambda: len(mail_server.letters()) == 7)
    later = {to[0]: str(letter["Subject"]) for to, letter in mail_server.letters()[2:]}
    english = {to for to, subject in later.items() if "Van entered port" in subject}
    assert english == {"bo@example.org", "Ann@example.org"}, "nobody's, and that was set"
    assert {to for to, subject in later.items() if "jetzt in port" in subject} == later.keys() - english
