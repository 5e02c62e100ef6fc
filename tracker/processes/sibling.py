"""Sibling: the two processes of one machine tell each other what may be lost: a nudge, and counts for /metrics.

A pair of sockets that the parent holds too, so that it outlives either process. Nothing waits: where the other does not
read, what is told is dropped, and the next is as good.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

LARGEST: Final = 64 * 1024  # bytes of a message
FRESH: Final = 10.0  # s; what is older was told by a process that is gone
NUDGE: Final = b"!"  # there are new events
QUESTION: Final = b"*"  # before a name that the server wants to have looked up, and before the answer
TROUBLE: Final = b"?"  # before the reason why PostgreSQL does not run; by the parent
TROUBLE_FRESH: Final = 3.0  # s


class Sibling:
    """One end. `heard` is called in the loop; `close` it."""

    def __init__(self, end: socket.socket, heard: Callable[[bytes], None]) -> None:
        self.end = end
        self.heard = heard
        end.setblocking(False)
        asyncio.get_running_loop().add_reader(end, self._read)

    def tell(self, message: bytes) -> None:
        try:
            self.end.send(message)
        except OSError:
            return  # full, or nobody there: see above

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.end)
        self.end.close()

    def _read(self) -> None:
        try:
            message = self.end.recv(LARGEST)
        except OSError:
            return
        self.heard(message)


class SiblingCounts(Collector):
    """The newest counts that the other process told, as part of our registry."""

    def __init__(self) -> None:
        self.text = b"# EOF\n"
        self.at = float("-inf")

    def hear(self, message: bytes) -> None:
        self.text, self.at = message, monotonic()

    def collect(self) -> Iterator[Metric]:
        """Nothing, where it has been silent."""
        if monotonic() - self.at < FRESH:
            yield from text_string_to_metric_families(self.text.decode())  # type: ignore[no-untyped-call]


class Ear:
    """What the server hears: counts of the carriers, their answers, and the parent's word about PostgreSQL."""

    def __init__(self, report: SiblingCounts, answered: Callable[[bytes], None]) -> None:
        self.report = report
        self.answered = answered
        self.reason = ""
        self.at = float("-inf")

    def hear(self, message: bytes) -> None:
        if message.startswith(TROUBLE):
            self.reason, self.at = message[len(TROUBLE) :].decode(), monotonic()
        elif message.startswith(QUESTION):
            self.answered(message)
        else:
            self.report.hear(message)

    def find_trouble(self) -> str | None:
        """None: PostgreSQL runs, as far as its keeper knows."""
        return self.reason if monotonic() - self.at < TROUBLE_FRESH else None


def open_pair() -> tuple[socket.socket, socket.socket]:
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in pair:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * LARGEST)
    return pair
