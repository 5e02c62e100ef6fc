"""The log: one JSON object a line, and never a secret in it."""

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TextIO

import structlog

SELDOM: Final = 60.0  # s between two lines about the same
HIDDEN: Final = "[redacted]"
SECRET_KEYS: Final = re.compile(r"token|secret|password|authorization|cookie|api_?key|dsn", re.IGNORECASE)
# Ours by their prefix; anything after Bearer; whatever a URL, a header or JSON calls by such a name; the password of a
# database URL; and every word of 43 base64url characters, which is what 256 bits look like.
SECRETS: Final = re.compile(
    r"""trk_[A-Za-z0-9_-]{16,}
      | (?<=bearer\ )\S+
      | (?<=tracker_session=)[^;\s"']+
      | (?<=token=)[^&\s"'#]+ | (?<=token%3D)[^&\s"'#]+
      | (?<="token":")[^"]+ | (?<="token":\ ")[^"]+
      | (?<=/in/)[^/?\s"'#]+
      | (?<=://)[^/@\s"':]*:[^/@\s"']+(?=@)
      | (?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])""",
    re.IGNORECASE | re.VERBOSE,
)


class Seldom:
    """A logger for what is tried again and again while something is away: the first time is told at once, then once a
    minute, with how often it happened meanwhile. Bound: one number for each text that stands in the code."""

    def __init__(self, logger: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def warning(self, event: str, **fields: object) -> None:
        self._tell(self._logger.warning, event, fields)

    def error(self, event: str, **fields: object) -> None:
        self._tell(self._logger.error, event, fields)

    def _tell(self, log: Callable[..., object], event: str, fields: dict[str, object]) -> None:
        now, told = self._clock(), self._told.get(event)
        if told is not None and now - told < SELDOM:
            self._untold[event] = self._untold.get(event, 0) + 1
            return
        self._told[event] = now
        untold = self._untold.pop(event, 0)
        log(event, **fields, **({"meanwhile": untold} if untold else {}))


class Pools(logging.Filter):
    """What a pool says of a database that is away comes with a traceback for each connection and attempt; we say it,
    too. So: the error alone, once a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        if self._told is not None and now - self._told < SELDOM:
            return False
        self._told = now
        if record.exc_info:
            record.error, record.exc_info = repr(record.exc_info[1]), None
        return True


def configure(
    level: str = "info", *, secrets: tuple[str, ...] = (), stream: TextIO | None = None, process: str | None = None
) -> None:
    """Everything that logs, libraries too, writes JSON to `stream` (stderr). `secrets`: further words to hide."""
    redact = Redaction(secrets)

    def name_process(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        return event if process is None else {**event, "process": process}

    before: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        name_process,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,  # after the traceback became text
                _in_order,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("asyncpg.pool").filters[:] = [Pools()]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(ignore_frame_names=[__name__]),  # Seldom speaks for others
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _in_order(logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """First what a reader's eye looks for."""
    return {key: event[key] for key in ("time", "level", "process", "logger", "event") if key in event} | dict(event)


class Redaction:
    """Hides by the name of a field and by the look of a text, however deep."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        self._words = tuple(word for word in secrets if word)

    def __call__(self, logger: Any, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        return {key: self._value(key, value) for key, value in event.items()}

    def _value(self, key: str, value: object) -> object:
        if SECRET_KEYS.search(key):
            return HIDDEN if value else value
        if isinstance(value, Mapping):
            return {str(inner): self._value(str(inner), each) for inner, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", each) for each in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))

    def text(self, text: str) -> str:
        for word in self._words:
            text = text.replace(word, HIDDEN)
        return SECRETS.sub(HIDDEN, text)
