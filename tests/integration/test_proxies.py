"""The server behind proxies that people use, at the root and below a path: the page, sign-in, the streams."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2
import pytest
from websockets.asyncio.client import connect

from tests.running import ADMIN_TOKEN, RunningServer, Talk

SEARCH: Final = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
CONFIGS: Final = Path(__file__).resolve().parents[2] / "docs/proxies"
NGINX: Final = """
daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {include}
}}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def config_of(name: str, server: RunningServer, port: int) -> str:
    """As the documents have it, on loopback and without TLS, which a test has no name for."""
    text = (CONFIGS / name).read_text()
    plain = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "tracker.example.org {": f"http://127.0.0.1:{port} {{\n\tbind 127.0.0.1",
        "127.0.0.1:8000": server.address,
    }
    for line in text.splitlines(keepends=True):
        if "ssl_certificate" in line:
            text = text.replace(line, "")
    for told, used in plain.items():
        text = text.replace(told, used)
    return text


@contextmanager
def proxied(name: str, server: RunningServer) -> Iterator[str]:
    """The URL of the proxy's host."""
    port = free_port()
    kind = "nginx" if name.startswith("nginx") else "caddy"
    program = shutil.which(kind, path=SEARCH)
    if program is None:
        pytest.skip(f"no {kind} here: Debian has it as {'nginx-light' if kind == 'nginx' else 'caddy'}")
    folder = Path(tempfile.mkdtemp(prefix="tracker-proxy-"))
    config = config_of(name, server, port)
    if kind == "nginx":
        folder.chmod(0o777)  # its workers are another account's where root starts it
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, include=config))
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    else:
        (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + config)
        command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": SEARCH}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        until_up(port, process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def until_up(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(log.read_text())


CASES: Final = {
    "nginx-root.conf": "",
    "nginx-path.conf": "/tracker",
    "Caddyfile-root": "",
    "Caddyfile-path": "/tracker",
}


@pytest.mark.parametrize(("name", "below"), CASES.items(), ids=CASES)
async def test_behind_a_proxy(server: RunningServer, name: str, below: str) -> None:
    with proxied(name, server) as host:
        base = f"{host}{below}"
        async with httpx2.AsyncClient(timeout=30) as browser:
            page = await browser.get(f"{base}/")
            assert page.status_code == 200 and 'src="./assets/' in page.text
            script = page.text.partition('src="./')[2].partition('"')[0]
            assert (await browser.get(f"{base}/{script}")).status_code == 200
            if below:
                bare = await browser.get(base)
                assert bare.status_code in (301, 302, 308) and bare.headers["Location"].endswith(f"{below}/")
            origin = {"Origin": host}
            foreign = await browser.post(
                f"{base}/api/session", json={"token": "x"}, headers={"Origin": "https://e.org"}
            )
            assert foreign.status_code == 403
            signed = await browser.post(f"{base}/api/session", json={"token": ADMIN_TOKEN}, headers=origin)
            assert signed.status_code == 201, signed.text
            assert f"Path={below}/" in signed.headers["Set-Cookie"]
            made = await browser.post(f"{base}/api/devices", json={"id": "van-1"}, headers=origin)
            assert (made.status_code, made.headers["Location"]) == (201, f"{below}/api/devices/van-1")
            reference = (await browser.get(f"{base}/openapi.json")).json()
            assert reference["servers"] == [{"url": below or "/"}]
            cookie = signed.headers["Set-Cookie"].partition(";")[0]
            address = base.replace("http://", "ws://")
            async with connect(f"{address}/ws/live", additional_headers=origin | {"Cookie": cookie}) as ws:
                talk = Talk(ws)
                await talk.say(type="subscribe", viewport=[-180, -90, 180, 90])
                await talk.hear("snapshot")
            async with browser.stream("GET", f"{base}/api/events/stream") as stream:
                async for line in stream.aiter_lines():  # at once, though nothing happens: nobody collects it first
                    assert line.startswith("retry:")
                    break
