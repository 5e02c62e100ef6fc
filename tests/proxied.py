"""nginx and Caddy in front of a running server, configured as docs/proxies has them."""

import shutil
import socket
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


def until_up(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(log.read_text())
