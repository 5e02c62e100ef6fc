"""A certificate that is renewed while the server runs: who comes next is shown the new one, and nobody is cut."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from quart import Quart

from tests.patience import PATIENCE_S
from tracker.websocket import Endpoint, Shutdown, certificate, serve

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Files:
    """As certbot keeps them: names that lead to another pair after a renewal."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.certificate, self.key = folder / "fullchain.pem", folder / "privkey.pem"

    def put(self, path: Path, content: bytes) -> None:
        self.count += 1
        there = self.folder / f"{path.stem}{self.count}.pem"
        there.write_bytes(content)
        link = self.folder / "link"
        link.symlink_to(there)
        link.rename(path)

    def put_key(self, leaf: trustme.LeafCert) -> None:
        self.put(self.key, leaf.private_key_pem.bytes())

    def put_certificate(self, leaf: trustme.LeafCert) -> None:
        self.put(self.certificate, b"".join(part.bytes() for part in leaf.cert_chain_pems))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setattr(certificate, "EVERY", 0.02)
    return Files(tmp_path)


@asynccontextmanager
async def serving(files: Files) -> AsyncIterator[int]:
    app, shutdown = Quart(__name__), asyncio.Event()
    app.add_url_rule("/", view_func=answer)
    bound: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
    endpoint = Endpoint(["127.0.0.1:0"], files.certificate, files.key)
    task = asyncio.create_task(serve(app, endpoint, Shutdown(shutdown, grace=1.0), ready=bound.set_result))
    try:
        async with asyncio.timeout(PATIENCE_S):
            (address,) = await bound
        yield int(address.rpartition(":")[2])
    finally:
        shutdown.set()
        await task


async def answer() -> str:
    return "here"


async def connect(port: int, authority: trustme.CA) -> Streams:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")


async def is_shown(port: int, authority: trustme.CA) -> bool:
    try:
        _, writer = await connect(port, authority)
    except ssl.SSLCertVerificationError:
        return False
    writer.close()
    return True


async def ask(streams: Streams) -> bytes:
    streams[1].write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return await streams[0].readline()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_who_comes_after_a_renewal_is_shown_the_new_one(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tracker.websocket")
    old, new = trustme.CA(), trustme.CA()
    first, second = old.issue_cert("localhost"), new.issue_cert("localhost")
    files.put_key(first)
    files.put_certificate(first)
    async with serving(files) as port:
        kept = await connect(port, old)
        assert (await ask(kept)).startswith(b"HTTP/1.1 200")
        files.put_key(second)  # a renewal that stops half way
        await until(lambda: "the one before it stays" in caplog.text)
        assert await is_shown(port, old)
        files.put_certificate(second)
        await until(lambda: "was read again" in caplog.text)
        assert await is_shown(port, new) and not await is_shown(port, old)
        await kept[0].readuntil(b"here")
        assert (await ask(kept)).startswith(b"HTTP/1.1 200")  # who was there is not cut
        assert caplog.text.count("the one before it stays") == 1  # and not at every look
        files.key.unlink()
        kept[1].close()
        assert await is_shown(port, new)


def test_rights_that_change_are_a_change(tmp_path: Path) -> None:
    """What could not be read when it came, and can be now."""
    file = tmp_path / "key.pem"
    file.write_text("key")
    file.chmod(0o600)
    before = certificate.find_stamp(file)
    file.chmod(0o640)
    assert certificate.find_stamp(file) != before
