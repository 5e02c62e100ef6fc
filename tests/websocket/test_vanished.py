"""Peers that are there no more, as the network shows it: nothing comes, not even a reset."""

import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .raw import TEXT
from .server import ROOT, Server

IP_MINTTL = 21  # Linux's; Python's socket has no name for it
NEAREST = 255  # the TTL of a packet no router has touched, and that nobody sends by default
# Ping, pong, write and close deadlines of the hasty server are 2.2 s together; no other limit ends within minutes.
GONE_S = 30.0

CLIENT = """
import sys
from tests.websocket.raw import Address, Client
client = Client.open(Address(int(sys.argv[1]), sys.argv[2] or None), sys.argv[3])
print("open", flush=True)
while client.receive():
    pass
"""


def vanish(sock: socket.socket) -> None:
    """From here on this end drops all that comes, before TCP sees it: no data is taken, no segment acknowledged.

    By asking for a TTL that the packets do not have, which anybody may: a packet filter does the same, but newer
    kernels want a capability for one on TCP.
    """
    sock.setsockopt(socket.IPPROTO_IP, IP_MINTTL, NEAREST)


def hears_nothing(sock: socket.socket) -> bool:
    """Whether no end has come, neither in order nor by reset, once what came before the vanishing is read."""
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    return False


def ends(server: Server) -> int:
    return sum(server.stats()["closed"].values())


def test_w20_a_vanished_peer_is_noticed_while_idle(hasty: Server) -> None:
    with hasty.laws():
        client = hasty.open()
        client.echo()
        before = hasty.stats()["closed"]
        vanish(client.sock)
        after = hasty.until("a vanished peer", lambda now: sum(now["closed"].values()) > sum(before.values()), GONE_S)
        assert {code for code, count in after["closed"].items() if count > before.get(code, 0)} <= {"4001", "1006"}
        assert hears_nothing(client.sock), "it had not vanished: the end of the connection reached it"
        client.close()


def test_w20_a_vanished_peer_is_noticed_while_we_send(hasty: Server) -> None:
    with hasty.laws():
        client = hasty.open("/push")
        client.send(TEXT, b"here")  # or it is cut for saying nothing
        before, start = ends(hasty), time.monotonic()
        vanish(client.sock)
        hasty.until("a vanished viewer", lambda now: sum(now["closed"].values()) > before, GONE_S)
        assert hasty.stats()["viewers"] == 0
        assert time.monotonic() - start < GONE_S
        assert hears_nothing(client.sock), "it had not vanished: the end of the connection reached it"
        client.close()


@contextmanager
def frozen(server: Server, path: str) -> Iterator[None]:
    """A client in a process of its own that stands still, while its kernel goes on to acknowledge."""
    address = server.address
    command = [sys.executable, "-c", CLIENT, str(address.port), address.authority or "", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.kill()


def test_w21_a_frozen_client_is_closed(hasty: Server) -> None:
    for path in ("/echo", "/push"):
        with hasty.laws():
            before = ends(hasty)
            with frozen(hasty, path):
                hasty.until(path, lambda now, before=before: sum(now["closed"].values()) > before, GONE_S)  # type: ignore[misc]


def test_a_vanished_peer_is_told_from_one_that_answers(hasty: Server) -> None:
    """The dropping is what makes the difference: without it the same client stays."""
    with hasty.laws():
        client = hasty.open()
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            client.echo()
            time.sleep(0.05)
        client.close()
