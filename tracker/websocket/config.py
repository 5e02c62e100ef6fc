"""Hypercorn's configuration, from ours."""

import logging
from collections import Counter
from pathlib import Path

from hypercorn.config import Config

from .limits import Limits


class RoomConfig(Config):
    """Carries the limits and the counts to the stream, which Hypercorn makes and gives nothing else of ours."""

    def __init__(
        self,
        limits: Limits,
        violations: Counter[int] | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        *,
        http2: bool = False,
    ) -> None:
        super().__init__()
        self.limits = limits
        self.violations: Counter[int] = Counter() if violations is None else violations
        self.certfile = str(certificate) if certificate else None
        self.keyfile = str(key) if key else None
        self.alpn_protocols = ["h2", "http/1.1"] if http2 else ["http/1.1"]
        self.errorlog = logging.getLogger("hypercorn.error")
        self.h11_max_incomplete_size = limits.head_bytes
        self.include_server_header = False
        self.websocket_max_message_size = limits.message_bytes
        self.websocket_ping_interval = limits.ping_s
