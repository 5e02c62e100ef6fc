"""What is understood of the apps of the devices, as it is written beside their fixes."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from tracker.model.frame import Frame
from tracker.model.report import App

FRESH_US: Final = 30_000_000  # how old `last_seen` may be while fixes come

Key = tuple[int, int]  # (device key, dialect)


class KnownApp(msgspec.Struct, frozen=True):
    """`written_at` in µs."""

    app: App
    written_at: int


def find_news(frames: Iterable[Frame], known: Mapping[Key, KnownApp]) -> dict[Key, KnownApp]:
    """What of these frames is to be written: what is new of an app, what brought no fix, and that it lives."""
    news: dict[Key, KnownApp] = {}
    for frame in frames:
        if frame.app is None:
            continue
        key = (frame.device, frame.dialect)
        before = news.get(key) or known.get(key)
        app = frame.app if before is None else carry(frame.app, before.app)
        if before is None or before.app != app or not frame.entries or is_old(before, frame.received_at):
            news[key] = KnownApp(app, frame.received_at)
    return news


def is_old(known: KnownApp, now: int) -> bool:
    return now - known.written_at >= FRESH_US


def carry(app: App, last: App) -> App:
    """The app as it goes on. What it says nothing new of stays as it said it last, a note, or whose phone it is on: to
    forget it with the next quiet request would show a fault for a moment only, and nobody would see it."""
    if None not in (app.note, app.system, app.make):
        return app
    return msgspec.structs.replace(
        app, note=app.note or last.note, system=app.system or last.system, make=app.make or last.make
    )
