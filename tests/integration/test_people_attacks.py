"""What is tried on people's accounts: planted and stolen sessions, other sites' pages, open redirects, guesses at who
has an account."""

import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tests.integration.people import GOOD, Browser, make_group, make_person
from tests.integration.test_api_access import ALL, EXPECTED, TABLE
from tracker.access.gate import Gate
from tracker.access.links import make_link
from tracker.access.passwords import Passwords
from tracker.alerts.carriers.mail import Mail
from tracker.alerts.postbox import Postbox
from tracker.api.app import Parts, build_app
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.settings import Remote

ANN, BOB = "ann@example.org", "bob@example.org"
FOREIGN: Final = ("https://evil.example", "null", "http://localhost.evil.example", "http://localhost:81", "", None)
PUBLIC: Final = {route.strip() for route in EXPECTED[ALL].split(",")}


async def replay(app: Quart, secret: str) -> list[int]:
    """What a cookie opens that somebody copied, from another machine: reading, writing, signing out."""
    thief = Browser(app, "203.0.113.9")
    stolen = {"Cookie": f"tracker_session={secret}"}
    calls = [
        ("GET", "/api/me", None),
        ("GET", "/api/people", None),
        ("GET", "/api/events/stream", None),
        ("POST", "/api/groups", {"name": "x"}),
        ("DELETE", "/api/session", None),
    ]
    return [(await thief.call(method, path, body, **stolen)).status_code for method, path, body in calls]


async def plant(app: Quart) -> tuple[Browser, str]:
    """A victim's browser, with the session of an attacker's own account in it."""
    attacker, victim = Browser(app), Browser(app)
    assert (await attacker.sign_in("eve@example.org")).status_code == 201
    assert attacker.client.cookie_jar is not None and victim.client.cookie_jar is not None
    for each in attacker.client.cookie_jar:
        victim.client.cookie_jar.set_cookie(each)
    return victim, attacker.cookie


@pytest.mark.parametrize("way", ["password", "token", "link", "invitation"])
async def test_a_planted_session_is_nobodys_after_any_sign_in(
    app: Quart, admin: Caller, conn: asyncpg.Connection, way: str
) -> None:
    await make_person(admin, ANN)
    eve = await make_person(admin, "eve@example.org")
    victim, planted = await plant(app)
    ways: dict[str, Any] = {
        "password": {"email": ANN, "password": GOOD},
        "token": {"token": ADMIN},
        "link": {"link": await make_link(conn)},
    }
    shown = ways.get(way)
    if shown is not None:
        signed = await victim.call("POST", "/api/session", shown)
    else:
        await make_group(conn, "north")
        wanted = {"email": "cid@example.org", "group": "north", "role": "viewer"}
        link = (await (await admin.post("/api/invitations", wanted)).get_json())["link"]
        await victim.call("DELETE", "/api/session")  # the page asks who is signed in first
        new = {"code": link.partition("=")[2], "name": "Cid", "password": GOOD}
        signed = await victim.call("POST", "/api/invitations/accept", new)
    assert signed.status_code == 201, await signed.get_data(as_text=True)
    assert victim.cookie != planted and (await signed.get_json())["person"] != eve
    assert await replay(app, planted) == [401] * 5


async def sign_out(app: Quart, browser: Browser, key: int) -> None:
    assert (await browser.call("DELETE", "/api/session")).status_code == 204


async def end_elsewhere(app: Quart, browser: Browser, key: int) -> None:
    other = Browser(app)
    await other.sign_in(BOB)
    assert (await other.call("DELETE", f"/api/people/{key}/sessions")).status_code == 204


async def set_password(app: Quart, browser: Browser, key: int) -> None:
    other = Browser(app)
    await other.sign_in(BOB)
    change = {"password": "quite another one", "current": GOOD}
    assert (await other.call("PATCH", f"/api/people/{key}", change)).status_code == 200


async def reset_password(app: Quart, browser: Browser, key: int) -> None:
    link = (await (await Caller(app, ADMIN).post(f"/api/people/{key}/reset")).get_json())["link"]
    new = {"code": link.partition("=")[2], "password": "quite another one"}
    assert (await Browser(app).call("POST", "/api/password-resets/accept", new)).status_code == 204


async def remove(app: Quart, browser: Browser, key: int) -> None:
    assert (await Caller(app, ADMIN).delete(f"/api/people/{key}")).status_code == 204


@pytest.mark.parametrize("end", [sign_out, end_elsewhere, set_password, reset_password, remove])
async def test_a_stolen_session_is_worth_nothing_once_it_is_over(
    app: Quart, admin: Caller, end: Callable[[Quart, Browser, int], Awaitable[None]]
) -> None:
    await make_person(admin, ANN)
    key = await make_person(admin, BOB)
    browser = Browser(app)
    assert (await browser.sign_in(BOB)).status_code == 201
    stolen = browser.cookie
    await end(app, browser, key)
    assert await replay(app, stolen) == [401] * 5


async def test_no_page_of_another_site_changes_anything(app: Quart, admin: Caller) -> None:
    """Every route that changes something, with the cookie of an owner, from pages that are not ours."""
    ann = await make_person(admin, ANN)
    browser = Browser(app)
    await browser.sign_in(ANN)
    wrong = []
    for route in sorted(set(TABLE) - PUBLIC):
        method, path = route.split()
        if method == "GET":
            continue
        path = path.replace("<int:person>", str(ann)).replace("<kind>", "devices")
        path = "".join(
            "1" if each.startswith("<int:") else "x" if each.startswith("<") else each for each in split(path)
        )
        for origin in FOREIGN:
            headers = {"Origin": origin, "User-Agent": "x"} if origin is not None else {"User-Agent": "x"}
            given = Caller(app, None)
            given.headers = headers | {"Cookie": f"tracker_session={browser.cookie}"}
            status = (await given.call(method, path, json={})).status_code
            if status != 403:
                wrong.append((route, origin, status))
    assert not wrong
    changed = await browser.call("PATCH", f"/api/people/{ann}", {"name": "Ann"})
    assert changed.status_code == 200  # from our own page; and nobody was signed out


def split(path: str) -> list[str]:
    """In pieces, the parameters apart."""
    return path.replace("<", "\n<").replace(">", ">\n").split("\n")


async def test_nothing_leads_to_another_site(app: Quart) -> None:
    browser = Browser(app)
    evil = "https://evil.example"
    paths = ["//evil.example", "/\\evil.example", "/%2f%2fevil.example", "/https://evil.example", "/s/..//evil.example"]
    names = ("next", "redirect", "return", "url", "to", "continue")
    paths += [f"{path}?{name}={evil}" for path in ("/", "/track", "/s", "/api/doors", "/api/me") for name in names]
    for path in paths:
        answer = await browser.call("GET", path, Host="localhost")
        target = answer.headers.get("Location", "/")
        assert target.startswith("/") and not target.startswith(("//", "/\\")), (path, target)


@pytest.fixture
def mailing(gate: Gate, ready: Any, passwords: Passwords) -> Quart:
    """It has a mail server's name, and sends nothing."""
    postbox = Postbox(Mail(Remote("smtp", "127.0.0.1", 9), "Tracker <a@example.org>"), "http://localhost")
    parts = Parts(gate=gate, table=Table(), metrics=Metrics(), ready=ready, passwords=passwords, postbox=postbox)
    return build_app(parts)


async def interleave(calls: dict[str, Callable[[int], Awaitable[Any]]], rounds: int) -> dict[str, float]:
    """The median time of each, in s."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for n in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            await call(n)
            took[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in took.items()}


async def check_alike(calls: dict[str, Callable[[int], Awaitable[Any]]], rounds: int, within: float) -> None:
    """Of a machine that is busy with other things the best of ten counts."""
    ratios = []
    for _ in range(10):
        one, two = (await interleave(calls, rounds)).values()
        ratios.append(one / two)
        if 1 - within < ratios[-1] < 1 + within:
            return
    raise AssertionError(ratios)


async def test_who_asks_for_a_letter_does_not_learn_who_has_an_account(mailing: Quart) -> None:
    await make_person(Caller(mailing, ADMIN), ANN)
    bodies = set()

    async def ask(email: str, n: int) -> None:
        answer = await Browser(mailing, f"198.51.{n // 250}.{n % 250}").call(
            "POST", "/api/password-resets", {"email": email}
        )
        bodies.add((answer.status_code, await answer.get_data()))

    addresses = iter(range(10_000))
    calls: dict[str, Callable[[int], Awaitable[Any]]] = {
        "known": lambda _: ask(ANN, next(addresses)),
        "unknown": lambda _: ask("nobody@example.org", next(addresses)),
    }
    await check_alike(calls, 30, 0.3)
    assert {status for status, _ in bodies} == {202} and len({body for _, body in bodies}) <= 2  # the box may be full


async def test_a_foreign_person_answers_as_one_who_is_not_there(app: Quart, admin: Caller) -> None:
    await make_person(admin, ANN)
    bob = await make_person(admin, BOB)
    await make_person(admin, "eve@example.org")
    eve = Browser(app)
    await eve.sign_in("eve@example.org")
    bodies = set()

    async def ask(key: int) -> None:
        answer = await eve.call("GET", f"/api/people/{key}")
        bodies.add((answer.status_code, (await answer.get_data(as_text=True)).replace(str(key), "N")))

    unknown = bob + 90
    await check_alike({"known": lambda _: ask(bob), "unknown": lambda _: ask(unknown)}, 250, 0.1)
    assert len(bodies) == 1 and next(iter(bodies))[0] == 404


async def test_a_code_of_a_letter_is_not_told_from_one_that_never_was(app: Quart, conn: asyncpg.Connection) -> None:
    await make_person(Caller(app, ADMIN), ANN)
    for path, body in (
        ("/api/invitations/show", {}),
        ("/api/invitations/accept", {}),
        ("/api/password-resets/accept", {"password": GOOD}),
    ):
        answers = set()
        for n, code in enumerate(("trk_" + "x" * 43, "short", "", "\x00", "é" * 50)):
            answer = await Browser(app, f"192.0.2.{n}").call("POST", path, {**body, "code": code})
            answers.add((answer.status_code, await answer.get_data()))
        assert len(answers) == 1 and next(iter(answers))[0] == 404, path
