"""The deadlines of a socket on a connection that was handed over: what the wheel looks at."""

from typing import Any

from .budget import Budget
from .limits import Limits
from .parser import slim
from .taken import count_acked
from .wheel import Wheel


class Deadlines:
    """A part of HandedSocket, which keeps the fields: a second object for each connection would cost memory."""

    __slots__ = ()

    _wheel: Wheel
    _limits: Limits
    _frames: Budget
    _wire: Any
    _paused: bool
    _throttled: bool
    _heard: float
    _pinged_at: float | None
    _closing_since: float | None
    _silent_since: float | None
    _stalled_since: float | None
    _queued: int
    _taken: int

    abort: Any
    close: Any
    _cut: Any
    _read_or_not: Any

    def look(self) -> float | None:
        now, limits = self._wheel.now, self._limits
        if self._closing_since is not None:
            self.abort()
            return None
        if self._stalled_since is not None and not self._is_progressing(now):
            self._cut(limits.stalled_code)
            return None
        if self._is_mute(now):
            self.close(limits.first_message_code, "nothing was said")
            return None
        if self._throttled and not self._frames.owed:
            self._throttled = False  # type: ignore[misc]
            self._read_or_not()
        is_reading = not self._paused and not self._throttled
        if self._stalled_since is None and is_reading and not self._check_pulse(now):
            self.close(limits.silent_code, "no pong")
            return None
        if self._stalled_since is None and is_reading:
            slim(self._wire.underlying_transport, self, limits)
        return self._find_next_look()

    def _find_next_look(self) -> float:
        now, limits = self._wheel.now, self._limits
        if self._throttled:
            return 0.0  # with the next tick
        if self._stalled_since is not None:
            return min(1.0, limits.write_s / 4)
        if self._pinged_at is not None:
            return self._pinged_at + limits.pong_s - now
        wait = self._heard + limits.ping_s - now
        if limits.first_message_s is not None and self._silent_since is not None:
            wait = min(wait, self._silent_since + limits.first_message_s - now)
        return wait

    def _is_mute(self, now: float) -> bool:
        most = self._limits.first_message_s
        return most is not None and self._silent_since is not None and now - self._silent_since >= most

    def _check_pulse(self, now: float) -> bool:
        if self._pinged_at is not None and self._heard < self._pinged_at:
            return now - self._pinged_at < self._limits.pong_s
        self._pinged_at = None  # type: ignore[misc]
        if now - self._heard >= self._limits.ping_s:
            self._pinged_at = now  # type: ignore[misc]
            self._wire.send_ping()
        return True

    def _is_progressing(self, now: float) -> bool:
        transport = self._wire.underlying_transport
        taken = self._queued - transport.get_write_buffer_size() + count_acked(transport)  # neither ever shrinks
        assert self._stalled_since is not None
        if taken > self._taken:
            self._taken, self._stalled_since = taken, now  # type: ignore[misc]
        return now - self._stalled_since < self._limits.write_s
