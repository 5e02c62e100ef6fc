"""Ports for what is stopped and started again at the same one."""

import socket
from pathlib import Path
from secrets import randbelow
from typing import Final

RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST: Final = 10_000
HELD: Final[list[int]] = []
"""Descriptors of names that no other test on this machine can take while this process lives."""


def free_port() -> int:
    """None that the kernel gives out by itself: one of those may go to a connection while nobody listens there, and one
    that is asked for while the kernel gives that very port to who asks is connected to itself."""
    highest = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32_768
    while True:
        port = LOWEST + randbelow(max(highest, LOWEST + 10_000) - LOWEST)
        if _is_free(port) and _hold(port):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _hold(port: int) -> bool:
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0tracker-test-port-{port}")
    except OSError:
        name.close()
        return False
    HELD.append(name.detach())
    return True
