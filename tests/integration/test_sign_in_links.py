"""Sign-in links: each opens the door once and for a time, and the first start of an installation makes one."""

import asyncio
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest
from quart import Quart

from tests.patience import PATIENCE_S
from tracker.access.links import NAME, make_first_link, make_link

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "from tracker.cli import main; main()"
LINK = re.compile(r"(http://\S+)/#link=(\S+)")


async def test_a_link_signs_in_once(app: Quart, conn: asyncpg.Connection) -> None:
    code = await make_link(conn)
    stored: bytes = await conn.fetchval("select hash from sign_in_link")
    assert code.encode() not in stored
    browser = app.test_client()
    signed = await browser.post("/api/session", json={"link": code})
    assert signed.status_code == 201
    me = await signed.get_json()
    assert (me["kind"], me["name"], me["owner"], me["person"]) == ("admin", NAME, True, None)
    assert (await browser.get("/api/devices")).status_code == 200
    again = await app.test_client().post("/api/session", json={"link": code})
    assert again.status_code == 401
    assert "used, or is too old" in (await again.get_json())["detail"]


async def test_of_two_that_use_a_link_at_once_one_gets_in(app: Quart, conn: asyncpg.Connection) -> None:
    code = await make_link(conn)
    both = await asyncio.gather(*(app.test_client().post("/api/session", json={"link": code}) for _ in range(4)))
    assert sorted(each.status_code for each in both) == [201, 401, 401, 401]


async def test_an_old_link_opens_nothing(app: Quart, conn: asyncpg.Connection) -> None:
    code = await make_link(conn)
    await conn.execute("update sign_in_link set expires_at = now() - interval '1 second'")
    assert (await app.test_client().post("/api/session", json={"link": code})).status_code == 401
    await make_link(conn)
    assert await conn.fetchval("select count(*) from sign_in_link") == 1  # the old one was swept out


NOT_ONE_KEY: list[dict[str, object]] = [{}, {"token": "a", "link": "b"}, {"token": None, "link": None}, {"link": 7}]


async def test_one_key_at_a_time(app: Quart, subtests: pytest.Subtests) -> None:
    for body in NOT_ONE_KEY:
        with subtests.test(str(body)):
            assert (await app.test_client().post("/api/session", json=body)).status_code == 422


async def test_guessed_links_have_to_wait(app: Quart) -> None:
    guesses = [await app.test_client().post("/api/session", json={"link": f"guess {n}"}) for n in range(13)]
    assert [each.status_code for each in guesses] == [401] * 11 + [429] * 2


async def test_a_link_is_bound_to_our_own_pages(app: Quart, conn: asyncpg.Connection) -> None:
    code, elsewhere = await make_link(conn), {"Origin": "https://evil.example"}
    assert (await app.test_client().post("/api/session", json={"link": code}, headers=elsewhere)).status_code == 403
    assert (await app.test_client().post("/api/session", json={"link": code})).status_code == 201


async def test_starts_make_links_until_somebody_is_in(app: Quart, conn: asyncpg.Connection) -> None:
    assert await make_first_link(conn)
    code = await make_first_link(conn)
    await app.test_client().post("/api/session", json={"link": code})
    assert await make_first_link(conn) is None


def test_a_first_start_without_a_terminal_writes_the_link(empty_database_url: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(empty_database_url, data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, umask=0) as server:
        said = until_listening(server)
        file = data / "owner-link"
        assert f"a sign-in link for one use is in {file}" in said
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "#link=" not in said
        follow(file.read_text())
    with served(empty_database_url, data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        assert "sign-in link" not in until_listening(server)


def test_a_first_start_at_a_terminal_shows_the_link(empty_database_url: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with served(empty_database_url, tmp_path / "data", stdout=theirs, stderr=theirs):
        os.close(theirs)
        said = b""
        deadline = time.monotonic() + PATIENCE_S
        while b"listening on" not in said and time.monotonic() < deadline:
            if select.select([ours], [], [], 1)[0]:
                said += os.read(ours, 65536)
        follow(said.decode())
    os.close(ours)
    assert not (tmp_path / "data").exists()


def test_a_new_link_is_made_beside_a_running_server(empty_database_url: str, tmp_path: Path) -> None:
    with served(empty_database_url, tmp_path / "data", stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        address = until_listening(server).rsplit("listening on ", 1)[1].strip()
        command = [sys.executable, "-c", PROGRAM, "sign-in", "--database", empty_database_url]
        done = subprocess.run([*command, "--url", f"http://{address}/"], cwd=ROOT, capture_output=True, text=True)
        assert done.stdout.count("\n") == 1, done.stderr
        follow(done.stdout)


def follow(text: str) -> None:
    """As the page does: the code is taken from behind the # and shown."""
    found = LINK.search(text)
    assert found, text
    base, code = found.groups()
    with httpx2.Client(base_url=base, timeout=PATIENCE_S) as browser:
        assert browser.post("/api/session", json={"link": code}, headers={"Origin": base}).status_code == 201
        assert browser.get("/api/me").json()["kind"] == "admin"
        assert httpx2.post(f"{base}/api/session", json={"link": code}, timeout=PATIENCE_S).status_code == 401


def until_listening(server: "subprocess.Popen[bytes]") -> str:
    assert server.stdout
    said = ""
    while "listening on" not in said:
        line = server.stdout.readline().decode()
        assert line, said
        said += line
    return said


@contextmanager
def served(url: str, data: Path, **options: int) -> Iterator["subprocess.Popen[bytes]"]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    server = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--bind", "127.0.0.1:0", "--data", str(data), "--database", url],
        cwd=ROOT,
        env=inherited,
        **options,  # type: ignore[call-overload]
    )
    try:
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        if server.stdout:
            server.stdout.read()
            server.stdout.close()
        server.wait(PATIENCE_S)
