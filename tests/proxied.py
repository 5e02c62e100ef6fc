"""nginx and Caddy in front of a running server, configured as docs/proxies has them."""

import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.running import RunningServer

SEARCH: Final = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
CONFIGS: Final = Path(__file__).resolve().parents[1] / "docs/proxies"
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


def config_of(name: str, server: RunningServer, port: int, changes: Mapping[str, str]) -> str:
    """As the documents have it, on loopback and without TLS, which a test has no name for; and with the changes."""
    text = (CONFIGS / name).read_text()
    for told, used in changes.items():
        assert told in text
        text = text.replace(told, used)
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
def secured(server: RunningServer) -> Iterator[tuple[str, Path]]:
    """Caddy with the authority of its own that docs/proxies/Caddyfile-own has: the URL of localhost, and the
    certificate of that authority, which phones are given."""
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="tracker-proxy-"))
    program = shutil.which("caddy", path=SEARCH)
    if program is None:
        pytest.skip("no caddy here: Debian has it as caddy")
    text = (CONFIGS / "Caddyfile-own").read_text()
    here = {"tracker.lan {": f"localhost:{port} {{\n\tbind 127.0.0.1", "127.0.0.1:8000": server.address}
    for told, used in here.items():
        assert told in text
        text = text.replace(told, used)
    apart = f"{{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\thttps_port {port}\n}}\n"
    (folder / "Caddyfile").write_text(apart + text)
    command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": SEARCH}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        root = folder / "caddy/pki/authorities/local/root.crt"
        until_up(port, process, folder / "log")
        until_secure(port, root, folder / "log")
        yield f"https://localhost:{port}", root
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def proxied(name: str, server: RunningServer, changes: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """The URL of the proxy's host. `changes`: what stands otherwise in its configuration."""
    port = free_port()
    kind = "nginx" if name.startswith("nginx") else "caddy"
    program = shutil.which(kind, path=SEARCH)
    if program is None:
        pytest.skip(f"no {kind} here: Debian has it as {kind}")
    folder = Path(tempfile.mkdtemp(prefix="tracker-proxy-"))
    config = config_of(name, server, port, changes)
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
        process.wait(PATIENCE_S)
        shutil.rmtree(folder, ignore_errors=True)


def until_secure(port: int, root: Path, log: Path) -> None:
    """It listens before it has signed a certificate."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            trust = ssl.create_default_context(cafile=root)
            with socket.create_connection(("127.0.0.1", port)) as plain:
                trust.wrap_socket(plain, server_hostname="localhost").close()
                return
        except OSError:  # of which SSLError and a file that is not there yet are some
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def until_up(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(log.read_text())
