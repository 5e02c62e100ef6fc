"""The HTTP application, put together from what it is given."""

from typing import Final
from urllib.parse import urlsplit

from quart import Quart

import tracker
from tracker.access.gate import Gate
from tracker.access.guard import guard
from tracker.api import commands, control, devices, events, geofences, quarantine, session, tokens
from tracker.api.control import PageConfig, Ready
from tracker.api.headers import harden
from tracker.api.problems import handle_errors
from tracker.api.reference import describe
from tracker.api.requests import watch_requests
from tracker.metrics import Metrics

LARGEST_BODY: Final = 4 * 1024 * 1024  # bytes, of a geofence; all other bodies have a smaller limit of their own


def build_app(*, gate: Gate, metrics: Metrics, ready: Ready, map_style: str | None = None) -> Quart:
    """Sockets are added by who owns them, with `app.websocket` and a rule of access.guard."""
    app = Quart("tracker", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["BODY_TIMEOUT"] = 30  # s: a body that dribbles is not waited for
    schema = describe(app)
    handle_errors(app)
    watch_requests(app, metrics)
    guard(app, gate)
    harden(app, _origin(map_style))
    config = PageConfig(tracker.__version__, map_style)
    for blueprint in (
        control.blueprint(ready, metrics.registry, config, schema),
        session.blueprint(gate),
        tokens.blueprint(gate.pool),
        devices.blueprint(gate.pool),
        commands.blueprint(gate.pool),
        quarantine.blueprint(gate.pool),
        geofences.blueprint(gate.pool),
        events.blueprint(gate.pool),
    ):
        app.register_blueprint(blueprint)
    return app


def _origin(url: str | None) -> str | None:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else None
