"""People at a real server: what is open ends with the session, letters go out by a real SMTP server."""

import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.alerts.conftest import started
from tests.alerts.parts import MailServer
from tests.integration.people import GOOD, make_group
from tests.integration.world import sign_in
from tests.patience import PATIENCE_S, soon
from tests.running import COMMAND, ROOT, RunningServer, Talk, running

ANN = "ann@example.org"
FORGETFUL = ("bea@example.org", "cyd@example.org")  # their passwords are others after a test


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with started(MailServer(tmp_path_factory.mktemp("mail"))) as server:
        yield server


@pytest.fixture
def database_url(shared_url: str) -> str:
    return shared_url


@pytest.fixture(scope="module")
def server(shared_url: str, mailbox: MailServer) -> Iterator[RunningServer]:
    """One for all tests here, with Ann, who made it, and two more."""
    settings = mailbox.settings | {"TRACKER_ORIGINS": "https://map.example.org"}
    with running(shared_url, **settings) as server:
        with server.api() as api:
            for email in (ANN, *FORGETFUL):
                name = email.partition("@")[0].title()
                made = api.post("/api/people", json={"email": email, "password": GOOD, "name": name})
                assert made.status_code == 201, made.text
        yield server


@contextmanager
def signed_in(server: RunningServer, email: str = ANN) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, headers={"Origin": server.url}, timeout=PATIENCE_S) as browser:
        signed = browser.post("/api/session", json={"email": email, "password": GOOD})
        assert signed.status_code == 201, signed.text
        yield browser


@asynccontextmanager
async def watching(server: RunningServer, browser: httpx2.Client) -> AsyncIterator[Talk]:
    """A live socket that the browser's cookie opened."""
    shown = {"Cookie": f"tracker_session={browser.cookies['tracker_session']}", "Origin": server.url}
    async with connect(f"ws://{server.address}/ws/live", additional_headers=shown, compression=None) as ws:
        yield Talk(ws)


def wait_for_letter(mailbox: MailServer, count: int) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while len(mailbox.letters()) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    recipients, letter = mailbox.letters()[count - 1]
    return f"{recipients} {letter['Subject']}\n{letter.get_content()}"


def end_at_once(browser: httpx2.Client) -> None:
    assert browser.delete("/api/session").status_code == 204


def end_from_elsewhere(browser: httpx2.Client) -> None:
    me = browser.get("/api/me").json()["person"]
    (own,) = [each for each in browser.get(f"/api/people/{me}/sessions").json()["sessions"] if each["current"]]
    assert browser.delete(f"/api/people/{me}/sessions/{own['id']}").status_code == 204


async def test_who_is_in_no_group_yet_is_told_so_by_the_map(server: RunningServer, conn: asyncpg.Connection) -> None:
    """In words that a page can show: of a refused handshake it learns nothing."""
    await conn.execute("insert into person (email, name) values ('new', 'New')")
    shown = await sign_in(conn, "new") | {"Origin": server.url}
    async with connect(f"ws://{server.address}/ws/live", additional_headers=shown) as ws:
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await ws.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "put you into a group" in closed.value.rcvd.reason) == (4504, True)


async def test_open_sockets_end_with_their_session_and_no_others(server: RunningServer) -> None:
    for end in (end_at_once, end_from_elsewhere):
        with signed_in(server) as one, signed_in(server) as other:
            async with watching(server, one) as first, watching(server, other) as second:
                for talk in (first, second):
                    await talk.say(type="subscribe", viewport=[-180, -90, 180, 90])
                    await talk.hear("snapshot")
                end(one)
                assert await first.closed(within=soon(2.0)) == 4501
                await second.say(type="ping", id=1)
                assert (await second.hear("pong"))["id"] == 1


def test_an_event_stream_ends_with_its_session(server: RunningServer) -> None:
    with signed_in(server) as browser, browser.stream("GET", "/api/events/stream") as stream:
        pieces = stream.iter_bytes()
        assert next(pieces).startswith(b"retry:")
        began = time.monotonic()
        with httpx2.Client(
            base_url=server.url, cookies=browser.cookies, headers={"Origin": server.url}, timeout=PATIENCE_S
        ) as same:
            end_at_once(same)
        assert list(pieces) == [] and time.monotonic() - began < soon(6.0)


async def test_invitations_and_new_passwords_go_out_by_mail(
    server: RunningServer, mailbox: MailServer, conn: asyncpg.Connection
) -> None:
    await make_group(conn, "family")
    with signed_in(server) as browser:
        wanted = {"email": "bob@example.org", "group": "family", "role": "viewer"}
        made = browser.post("/api/invitations", json=wanted).json()
    assert made["mailed"] and made["link"].startswith(f"{server.url}/#invitation=")
    letter = wait_for_letter(mailbox, 1)
    code = made["link"].partition("=")[2]
    assert "bob@example.org" in letter and f"https://map.example.org/#invitation={code}" in letter

    answers = [
        httpx2.post(
            f"{server.url}/api/password-resets",
            json={"email": email},
            headers={"Host": "evil.example"},
            timeout=PATIENCE_S,
        )
        for email in ("nobody@example.org", FORGETFUL[0], FORGETFUL[0])
    ]
    assert {(each.status_code, each.text) for each in answers} == {(202, '{"mailed":true}\n')}
    letter = wait_for_letter(mailbox, 2)
    found = re.search(r"https://map\.example\.org/#password=(\S+)", letter)
    assert FORGETFUL[0] in letter and found and "evil" not in letter
    new = {"code": found[1], "password": "quite another password"}
    assert httpx2.post(f"{server.url}/api/password-resets/accept", json=new, timeout=PATIENCE_S).status_code == 204
    assert len(mailbox.letters()) == 2  # the second that she asked for within five minutes was not sent


def test_the_command_line_gives_a_device_to_a_person(server: RunningServer) -> None:
    def run(device: str, email: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", COMMAND, "give-device", device, email, "--database", server.database_url]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    server.new_device("phone")
    done = run("phone", ANN)
    assert done.returncode == 0 and "phone is shown to" in done.stdout, done.stderr
    with server.api() as api:
        assert api.get("/api/devices/phone").status_code == 404
        assert api.get("/api/audit").json()["entries"][-1]["deed"] == "device.given"
    with signed_in(server) as browser:
        assert browser.get("/api/devices/phone").json()["person"] == 1
    assert run("phone", "nobody@example.org").returncode == 1 == run("none", ANN).returncode


def test_the_command_line_makes_a_link_for_a_new_password(server: RunningServer) -> None:
    def run(email: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", COMMAND, "reset-password", email, "--database", server.database_url]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    done = run(FORGETFUL[1])
    base, _, code = done.stdout.strip().partition("/#password=")
    assert base.startswith("http://") and done.stdout.count("\n") == 1, done.stderr
    new = {"code": code, "password": "quite another password"}
    assert httpx2.post(f"{server.url}/api/password-resets/accept", json=new, timeout=PATIENCE_S).status_code == 204
    assert run("nobody@example.org").returncode == 1
    with server.api() as api:
        deeds = [(each["who"], each["deed"]) for each in api.get("/api/audit").json()["entries"]]
    assert deeds[-2:] == [("command line", "password.link_made"), ("Cyd", "password.reset")]
