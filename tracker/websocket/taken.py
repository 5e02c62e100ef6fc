"""How much of what was sent a peer has taken."""

import socket
import sys
from contextlib import suppress
from typing import Any, Final

from .limits import Limits

# Of Linux's struct tcp_info; what is added to it is added behind.
_TCP_INFO: Final = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_ACKED: Final = slice(120, 128)


def count_acked(transport: Any) -> int:
    """Bytes the other side's kernel has had since it connected; 0 where ours does not count them.

    A transport's own buffer would be enough without TLS. Beneath TLS lies a second one, which it does not count: what
    it says stands still until all of that is gone, at 10 kB/s for longer than anybody may take nothing."""
    found = transport.get_extra_info("socket")
    if _TCP_INFO is None or found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return 0
    with suppress(OSError):  # it is closed
        return int.from_bytes(found.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _ACKED.stop)[_ACKED], sys.byteorder)
    return 0


class Taking:
    """A peer that has not yet taken all of an HTTP answer, from when its connection had no more room."""

    def __init__(self, transport: Any, now: float) -> None:
        self._transport = transport
        self._since = now
        self._taken = self._count()

    def goes_on(self, now: float, limits: Limits) -> bool:
        taken = self._count()
        if taken - self._taken >= limits.taken_bytes:
            self._taken, self._since = taken, now
        return now - self._since < limits.write_s

    def _count(self) -> int:
        """Never less than before: nothing is added to the buffer meanwhile."""
        return count_acked(self._transport) - int(self._transport.get_write_buffer_size())
