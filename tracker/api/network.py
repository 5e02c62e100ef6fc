"""Where a phone of the same network finds this server: the page that shows a QR code asks."""

import socket
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import msgspec
from quart import Blueprint, Response
from quart_schema import document_response

from tracker.access.guard import allow
from tracker.api.edge import answer, shown_origin

# Nothing is sent to these: the system only says from which of its addresses it would. One of each kind of network.
TOWARDS: Final = (
    (socket.AF_INET, "192.168.255.254"),
    (socket.AF_INET, "10.255.255.254"),
    (socket.AF_INET, "172.31.255.254"),
    (socket.AF_INET, "192.0.2.1"),
    (socket.AF_INET6, "2001:db8::1"),
)
PORT: Final = 9  # any will do


class NetworkAnswer(msgspec.Struct, frozen=True):
    """`addresses`: this server by the addresses that its machine has in its networks, at the port by which the caller
    found it. `listens`: false where it listens to its own machine only, so that none of them leads to it."""

    addresses: list[str]
    listens: bool


def blueprint(bind: str) -> Blueprint:
    """`bind`: HOST:PORT as the operator said it."""
    routes = Blueprint("network", __name__, url_prefix="/api/network")

    @routes.get("")
    @document_response(NetworkAnswer)
    @allow("devices", rows=True)
    async def read_network() -> Response:
        """Say by which addresses phones in the same network reach this server."""
        shown = urlsplit(shown_origin())
        port = f":{shown.port}" if shown.port else ""
        urls = [f"{shown.scheme}://{write_host(each)}{port}{shown.path}" for each in find_own_addresses()]
        return answer(NetworkAnswer(urls, not is_loopback(bind.rpartition(":")[0])))

    return routes


def find_own_addresses() -> list[str]:
    """Those that others may reach, each once."""
    found = []
    for family, place in TOWARDS:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            try:
                asked.connect((place, PORT))
            except OSError:
                continue
            found.append(str(asked.getsockname()[0]).partition("%")[0])
    return [each for each in dict.fromkeys(found) if not is_loopback(each) and not ip_address(each).is_link_local]


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def write_host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
