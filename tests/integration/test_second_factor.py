"""A code beside the password: what turns it on and off, what signs in, and what a thief of the password may try."""

import asyncio
import time
from base64 import b32decode

import asyncpg
import pytest
from quart import Quart, Response

from tests.integration.conftest import Caller
from tests.integration.people import GOOD, Browser, make_person, wait_until_blocked
from tracker.access.passwords import Passwords
from tracker.access.second_factor import MOST_FAILURES
from tracker.errors import NotSignedIn
from tracker.model.totp import STEP, make_code

ANN = "ann@example.org"


class Phone:
    """Ann's authenticator app. Each code it shows here is of a later half minute than the one before: none is used
    twice. Its clock starts a step behind ours, so that there are three before it is too early."""

    def __init__(self, secret: str) -> None:
        self.secret = b32decode(secret)
        self.step = int(time.time()) // STEP - 2

    def show(self) -> str:
        self.step = max(self.step + 1, int(time.time()) // STEP - 1)
        return make_code(self.secret, self.step * STEP)


async def sign_in(app: Quart, code: str | None = None, address: str = "192.0.2.1", password: str = GOOD) -> Response:
    shown = {"email": ANN, "password": password, "code": code}
    return await Browser(app, address).call("POST", "/api/session", shown)


async def enroll(browser: Browser, key: int) -> tuple[Phone, list[str]]:
    path = f"/api/people/{key}/second-factor"
    begun = await browser.call("POST", path, {"current": GOOD})
    assert begun.status_code == 201, await begun.get_data(as_text=True)
    phone = Phone((await begun.get_json())["secret"])
    done = await browser.call("PUT", path, {"code": phone.show()})
    assert done.status_code == 200, await done.get_data(as_text=True)
    return phone, (await done.get_json())["recovery_codes"]


@pytest.fixture
async def ann(admin: Caller) -> int:
    return await make_person(admin, ANN)


@pytest.fixture
async def browser(app: Quart, ann: int) -> Browser:
    browser = Browser(app)
    assert (await browser.sign_in(ANN)).status_code == 201
    return browser


async def test_it_is_asked_for_once_it_is_on(app: Quart, ann: int, browser: Browser, conn: asyncpg.Connection) -> None:
    path = f"/api/people/{ann}/second-factor"
    other = Browser(app)
    await other.sign_in(ANN)
    assert await browser.json(path) == {"on": False, "recovery_codes": 0}
    assert (await browser.call("POST", path, {"current": "wrong"})).status_code == 422
    begun = await (await browser.call("POST", path, {"current": GOOD})).get_json()
    assert begun["url"].startswith("otpauth://totp/") and begun["secret"] in begun["url"]
    assert (await sign_in(app)).status_code == 201  # shown, and not on yet
    assert (await browser.call("PUT", path, {"code": "000000"})).status_code == 422
    phone, codes = await enroll(browser, ann)  # a new secret takes the place of one that was never confirmed
    assert await browser.json(path) == {"on": True, "recovery_codes": 10} and len(set(codes)) == 10
    assert (await browser.call("POST", path, {"current": GOOD})).status_code == 409
    assert (await browser.call("PUT", path, {"code": phone.show()})).status_code == 409
    assert (await other.call("GET", "/api/me")).status_code == 401  # opened by the password alone

    asked = await sign_in(app)
    assert asked.status_code == 401 and (await asked.get_json())["field"] == "code"
    assert "Set-Cookie" not in asked.headers
    assert (await sign_in(app, phone.show())).status_code == 201
    stored = await conn.fetch("select hash from recovery_code")
    assert not any(code.encode() in row["hash"] or code in str(row) for row in stored for code in codes)


async def test_whether_it_is_on_is_told_to_who_knows_the_password(app: Quart, ann: int, browser: Browser) -> None:
    before = await (await sign_in(app, "123456", password="a wrong one")).get_data()
    await enroll(browser, ann)
    after = await sign_in(app, "123456", password="a wrong one")
    assert after.status_code == 401 and await after.get_data() == before


async def test_no_code_is_taken_twice(app: Quart, ann: int, browser: Browser) -> None:
    phone, codes = await enroll(browser, ann)
    code = phone.show()
    both = await asyncio.gather(sign_in(app, code), sign_in(app, code))
    assert sorted(each.status_code for each in both) == [201, 401]
    assert (await sign_in(app, code)).status_code == 401
    used = await asyncio.gather(*(sign_in(app, codes[0].lower().replace("-", " ")) for _ in range(3)))
    assert sorted(each.status_code for each in used) == [201, 401, 401]
    assert (await browser.json(f"/api/people/{ann}/second-factor"))["recovery_codes"] == 9


async def test_who_has_the_password_guesses_few_codes_from_however_many_addresses(
    app: Quart, ann: int, browser: Browser, pool: asyncpg.Pool, conn: asyncpg.Connection, passwords: Passwords
) -> None:
    phone, codes = await enroll(browser, ann)
    given = [sign_in(app, f"{n:06}", f"203.0.113.{n}") for n in range(20)]
    answers = sorted([each.status_code for each in await asyncio.gather(*given)])
    assert answers == [401] * 6 + [429] * 14
    assert int((await sign_in(app, "000000", "198.51.100.1")).headers["Retry-After"]) >= 1
    assert (await Browser(app).sign_in("nobody@example.org")).status_code == 401  # nobody else waits
    assert await conn.fetchval("select failures from second_factor") == 6
    await conn.execute("update second_factor set failures = $1", MOST_FAILURES)
    fresh = Passwords(pool, passwords.hashing)  # a server that was started anew counts from 0; the table does not
    with pytest.raises(NotSignedIn, match="wrong"):
        await fresh.admit(ANN, GOOD, "192.0.2.9", phone.show())
    await fresh.admit(ANN, GOOD, "192.0.2.9", codes[0])
    await fresh.admit(ANN, GOOD, "192.0.2.9", phone.show())


async def test_it_is_turned_off_by_password_and_code(app: Quart, ann: int, browser: Browser) -> None:
    phone, _ = await enroll(browser, ann)
    path = f"/api/people/{ann}/second-factor"
    for shown in ({"current": GOOD, "code": "000000"}, {"current": "wrong", "code": phone.show()}):
        assert (await browser.call("POST", f"{path}/off", shown)).status_code == 422, shown
    assert (await browser.call("DELETE", path)).status_code == 403
    assert (await browser.call("POST", f"{path}/off", {"current": GOOD, "code": phone.show()})).status_code == 204
    assert await browser.json(path) == {"on": False, "recovery_codes": 0}
    assert (await sign_in(app)).status_code == 201


async def test_an_owner_resets_it_and_that_is_told(app: Quart, admin: Caller, ann: int) -> None:
    bob = await make_person(admin, "bob@example.org")
    owner, person, other = Browser(app), Browser(app), Browser(app)
    await make_person(admin, "eve@example.org")
    for browser, email in ((owner, ANN), (person, "bob@example.org"), (other, "eve@example.org")):
        assert (await browser.sign_in(email)).status_code == 201
    await enroll(person, bob)
    path = f"/api/people/{bob}/second-factor"
    for browser, method, expected in ((other, "GET", 404), (other, "DELETE", 404), (owner, "GET", 200)):
        assert (await browser.call(method, path)).status_code == expected
    assert (await owner.call("POST", path, {"current": GOOD})).status_code == 403
    assert (await owner.call("PUT", path, {"code": "000000"})).status_code == 403
    assert (await owner.call("POST", f"{path}/off", {"current": GOOD, "code": "0"})).status_code == 403
    assert (await owner.call("DELETE", path)).status_code == 204
    assert (await owner.call("DELETE", path)).status_code == 404
    assert (await Browser(app).sign_in("bob@example.org")).status_code == 201
    entries = (await owner.json("/api/audit"))["entries"]
    assert [(each["deed"], each["who"]) for each in entries if "factor" in each["deed"]] == [
        ("second_factor.on", "Bob@Example.Org"),
        ("second_factor.reset", "Ann@Example.Org"),
    ]


async def test_a_sign_in_begun_before_it_was_on_opens_nothing(
    app: Quart, ann: int, browser: Browser, conn: asyncpg.Connection
) -> None:
    """The password was looked at while there was no second factor; the session would have been opened after it."""
    begun = await (await browser.call("POST", f"/api/people/{ann}/second-factor", {"current": GOOD})).get_json()
    before = await conn.fetchval("select count(*) from session")
    async with conn.transaction():
        await conn.execute("update person set name = name")  # holds the row: the session waits for it
        signing = asyncio.ensure_future(sign_in(app))
        await wait_until_blocked(conn)
        await conn.execute("update second_factor set is_on = true")
    assert begun and (await signing).status_code == 401
    assert await conn.fetchval("select count(*) from session") == before
