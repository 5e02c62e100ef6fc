"""A person takes away all that is about her, and goes: then no table and no line of the log names her."""

import asyncio
import io
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile

import asyncpg
import httpx2
import msgspec
import pytest
from quart import Quart

from tests.alerts.conftest import until
from tests.integration.conftest import ADMIN, Caller
from tests.integration.people import GOOD, Browser, make_group, make_person
from tests.integration.world import SQUARE
from tests.moments import MONDAY
from tests.patience import PATIENCE_S
from tests.pictures import make_png
from tests.running import running
from tracker.model.moment import to_datetime
from tracker.model.photo import Photo
from tracker.store.erasures import erase, select_erasure, vacuum_touched
from tracker.store.photos import upsert_photo

EMAIL, NAME, PHONE = "zoe.quill@example.org", "Zoë Quill-Marbury", "zq-phone-77"
EXPECT = [{"devices": [PHONE, "van"], "by": "08:15", "zone": "Europe/Berlin"}]
PHOTO = Photo("image/png", make_png())
NEEDLES = ("zoe.quill", "Quill-Marbury", PHONE)


async def make_owner(caller: Caller) -> None:
    await make_person(caller, "owner@example.org")


async def live(conn: asyncpg.Connection, person: int) -> None:
    """What a life leaves: rows of her own, and those of others that name her or her phone."""
    await conn.execute("create table if not exists fix_all partition of fix default")
    phone = await conn.fetchval(
        "insert into device (id, name, person) values ($1, $1, $2) returning key", PHONE, person
    )
    van = await conn.fetchval("insert into device (id, name) values ('van', 'Van') returning key")
    for n in range(3):
        await conn.execute(
            "insert into fix (at, received_at, device, lon_e7, lat_e7) values ($1, $1, $2, 75000000, 435000000)",
            to_datetime(MONDAY + n * 1000),
            phone,
        )
    event = """insert into event (id, type, device, at, detected_at, lon, lat, evidence)
               values ($1, 'near', $2, now(), now(), 7, 43, $3)"""
    await conn.execute(event, 1, phone, msgspec.json.encode({"other": "van"}))
    await conn.execute(event, 2, van, msgspec.json.encode({"other": PHONE}))
    await conn.execute("update event_head set id = 2")
    await conn.execute("insert into event_seen (event, by) values (1, $1)", NAME)
    told = msgspec.json.encode([{"device": "van", "evidence": {}}, {"device": PHONE, "evidence": {}}])
    wish = msgspec.json.encode({"devices": [PHONE, "van"]})
    await conn.execute(
        """insert into subscription (id, name, wish, channel, secrets)
           values ('others', '', $1, '{"kind":"mqtt","topic":"t"}', array['x'])""",
        wish,
    )
    for device, body in (("", told), (PHONE, b"[]"), ("van", b'[{"device":"van","evidence":{}}]')):
        await conn.execute(
            """insert into delivery (subscription, device, geofence, type, count, body, state)
               select key, $1, '', 'near', 1, $2, 'sent' from subscription where id = 'others'""",
            device,
            body,
        )
    await conn.execute(
        """insert into outbox values (2, 1, 'van', '', 'near', now(), now(), $1)""",
        msgspec.json.encode({"device": "van", "evidence": {"other": PHONE}}),
    )
    await conn.execute(
        """insert into geofence (id, revision, feature, shape) values ('yard', 1, $1,
               st_setsrid(st_geomfromgeojson($2), 4326))""",
        msgspec.json.encode(
            {"type": "Feature", "properties": {"name": "Yard", "devices": [PHONE, "van"], "expect": EXPECT}}
        ),
        SQUARE,
    )
    await conn.execute(
        "insert into quarantine (device, received_at, reason, text) values ($1, now(), 'x', $2)", phone, PHONE
    )


async def find_needles(conn: asyncpg.Connection) -> dict[str, list[str]]:
    """By table: which of the words stand in its rows as text."""
    tables = await conn.fetch(
        """select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
             and c.relname <> 'spatial_ref_sys'"""
    )
    found = {}
    for row in tables:
        name = row["name"]
        held = [
            needle
            for needle in NEEDLES
            if await conn.fetchval(f"select exists (select from {name} t where t::text ilike '%' || $1 || '%')", needle)
        ]
        if held:
            found[name] = held
    return found


async def join(app: Quart, conn: asyncpg.Connection) -> tuple[Browser, int]:
    """Zoë comes by an invitation, has a passkey, a second factor, alerts, and others look at her phone."""
    admin = Caller(app, ADMIN)
    await make_owner(admin)
    await make_group(conn, "north")
    wanted = {"email": EMAIL, "group": "north", "role": "viewer"}
    link = (await (await admin.post("/api/invitations", wanted)).get_json())["link"]
    zoe = Browser(app, "203.0.113.77")
    shown = {"code": link.partition("=")[2], "name": NAME, "password": GOOD}
    key = (await (await zoe.call("POST", "/api/invitations/accept", shown)).get_json())["person"]
    await live(conn, key)
    assert (await zoe.call("POST", f"/api/people/{key}/second-factor", {"current": GOOD})).status_code == 201
    await conn.execute(
        """insert into passkey (person, credential, public_key, sign_count, site, name)
           values ($1, 'c', 'k', 0, 's', $2)""",
        key,
        NAME,
    )
    views = "insert into saved_view (person, name, address) select key, $1, $2 from person where email = $3"
    await conn.execute(views, NAME, "show=moving", EMAIL)
    await conn.execute(views, "Hers", f"order=speed&q={PHONE}", "owner@example.org")
    await conn.execute("insert into identity (person, issuer, subject, shown) values ($1, 'i', 's', $2)", key, EMAIL)
    assert (await zoe.call("PUT", f"/api/groups/north/devices/{PHONE}", {})).status_code == 204
    assert (await admin.get(f"/api/devices/{PHONE}/track")).status_code == 200
    await admin.post(f"/api/devices/{PHONE}/messages", {"text": f"Dear {NAME}"})
    async with conn.transaction():
        await upsert_photo(conn, await conn.fetchval("select key from device where id = $1", PHONE), PHOTO)
    return zoe, key


async def test_all_that_is_about_her_is_in_the_zip(app: Quart, conn: asyncpg.Connection) -> None:
    zoe, key = await join(app, conn)
    answer = await zoe.call("GET", f"/api/people/{key}/export")
    assert answer.status_code == 200 and answer.mimetype == "application/zip"
    body = await answer.get_data(as_text=False)
    with ZipFile(io.BytesIO(body)) as zip:
        assert zip.testzip() is None
        assert zip.read(f"devices/{PHONE}/photo.png") == PHOTO.bytes
        files = {name: zip.read(name).decode(errors="replace") for name in zip.namelist()}
    assert msgspec.json.decode(files["person.json"])["email"] == EMAIL
    assert {"group_person.json", "session.json", "passkey.json", "identity.json", "saved_view.json"} <= set(files)
    assert {"second_factor.json", "audit.json", "device.json"} <= set(files)
    folder = f"devices/{PHONE}/"
    assert files[folder + "fixes.csv"].count("\r\n") == 4 and files[folder + "track.gpx"].count("<trkpt") == 3
    assert files[folder + "track.gpx"].rstrip().endswith("</gpx>")
    assert {folder + f"{each}.json" for each in ("event", "message", "command", "quarantine")} <= set(files)
    text = "".join(files.values())
    secrets = await conn.fetchrow("select password, ingest_key from person join device on device.person = person.key")
    assert secrets is not None and not any(each in text for each in secrets) and "$argon2" not in text
    for name, told in files.items():
        if name.endswith(".json"):
            msgspec.json.decode(told)
    owner, other = Browser(app), Caller(app, ADMIN)
    await owner.sign_in("owner@example.org")
    assert (await owner.call("GET", f"/api/people/{key}/export")).status_code == 403
    assert (await other.get(f"/api/people/{key}/export")).status_code == 403


async def find_in_files(conn: asyncpg.Connection) -> set[str]:
    """Which of the words stand in the files of this database, in whatever room of them."""
    await conn.execute("checkpoint")
    folder = Path(await conn.fetchval("show data_directory"), "base")
    number = await conn.fetchval("select oid from pg_database where datname = current_database()")
    held = set[str]()
    for path in (folder / str(number)).iterdir():
        with suppress(FileNotFoundError):  # of a table that was written anew just now
            text = path.read_bytes()
            held |= {needle for needle in NEEDLES if needle.encode() in text}
    return held


async def test_who_goes_is_named_nowhere(app: Quart, conn: asyncpg.Connection) -> None:
    zoe, key = await join(app, conn)
    before = await find_needles(conn)
    assert await find_in_files(conn) == set(NEEDLES)
    assert {"person", "device", "invitation", "audit", "delivery", "outbox", "event", "event_seen"} <= set(before)
    assert {"subscription", "geofence", "geofence_revision", "quarantine", "message", "passkey", "identity"} <= set(
        before
    )
    assert (await zoe.call("DELETE", f"/api/people/{key}")).status_code == 204
    waiting = await select_erasure(conn)
    assert waiting is not None
    await erase(conn, waiting)
    assert await find_needles(conn) == {} and await select_erasure(conn) is None
    assert await conn.fetchval("select count(*) from audit where address = '203.0.113.77'") == 0
    assert await conn.fetchval("select count(*) from audit where person = $1", key) > 0  # that it was done stays
    assert await conn.fetchval("select wish -> 'devices' from subscription") == b'["erased", "van"]'
    assert await conn.fetchval("select count(*) from delivery") == 1
    assert await conn.fetchval("select count(*) from fix") == 0
    for change in ("update audit set deed = 'x.y'", "delete from audit", "update audit set object = 'other'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(change)
    seen = set[str]()

    async def has_vacuumed() -> bool:
        """What other connections deleted is counted with a delay of up to ten seconds, table by table."""
        seen.update(await vacuum_touched(conn))
        done = {"public.fix_all", "public.event", "public.audit", "public.person"} <= seen
        return done and await find_in_files(conn) == set()

    await until(has_vacuumed, 60)


async def test_a_device_of_ones_own_is_forgotten_alone(app: Quart, conn: asyncpg.Connection) -> None:
    zoe, key = await join(app, conn)
    assert (await zoe.call("DELETE", f"/api/groups/north/devices/{PHONE}")).status_code == 204
    assert (await zoe.call("DELETE", f"/api/devices/{PHONE}")).status_code == 204
    waiting = await select_erasure(conn)
    assert waiting is not None and waiting.email is None
    await erase(conn, waiting)
    left = await find_needles(conn)
    assert not [name for name, words in left.items() if PHONE in words]
    assert "person" in left and (await zoe.json("/api/me"))["person"] == key


def read_all(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_server_forgets_by_itself_and_its_log_names_nobody(
    database_url: str, conn: asyncpg.Connection, tmp_path: Path
) -> None:
    with running(database_url, TRACKER_LOG_LEVEL="debug", TRACKER_DATA=str(tmp_path)) as server:
        with server.api() as api:
            for email, name in (("owner@example.org", "Owner"), (EMAIL, NAME)):
                made = api.post("/api/people", json={"email": email, "password": GOOD, "name": name})
                assert made.status_code == 201, made.text
            key = made.json()["id"]
        headers = {"Origin": server.url}
        with httpx2.Client(base_url=server.url, headers=headers, timeout=PATIENCE_S) as zoe:
            for password in ("not her password", GOOD):
                zoe.post("/api/session", json={"email": EMAIL, "password": password})
            assert zoe.get("/api/me").json()["person"] == key
            zoe.post("/api/password-resets", json={"email": EMAIL})
            assert zoe.delete(f"/api/people/{key}").status_code == 204
        await until(lambda: conn.fetchval("select not exists (select from erasure)"), 60)
        assert await find_needles(conn) == {}
        await until(lambda: '"erased"' in server.text(), 60)
        log = server.text()
    assert not [needle for needle in NEEDLES if needle.casefold() in log.casefold()]
    assert f"/api/people/{key}" in log
    stored = await asyncio.to_thread(read_all, tmp_path)
    assert not [needle for needle in NEEDLES if needle.encode() in stored]
