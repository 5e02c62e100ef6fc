"""The HTTP application, put together from what it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import asyncpg
from quart import Quart, Request
from werkzeug.routing import BaseConverter

import tracker
from tracker.access.addresses import Addresses
from tracker.access.challenges import Challenges
from tracker.access.gate import Gate
from tracker.access.guard import guard
from tracker.access.passkeys import Passkeys
from tracker.access.passwords import Passwords
from tracker.access.sealed import Seal
from tracker.access.watch import Watch
from tracker.alerts.carriers.build import build_carriers
from tracker.alerts.carriers.carrier import Carriers
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.vapid import Vapid, new_key
from tracker.alerts.postbox import Postbox
from tracker.api import (
    audit,
    commands,
    contents,
    control,
    deliveries,
    descriptions,
    devices,
    doctor,
    dry_run,
    event_stream,
    events,
    forwards,
    gatherings,
    geofence_export,
    geofence_import,
    geofences,
    groups,
    ingest,
    invitations,
    messages,
    network,
    oidc,
    pages,
    pairing,
    pairs,
    passkeys,
    password_resets,
    people,
    people_export,
    people_sessions,
    photos,
    positions,
    privacy,
    push,
    quarantine,
    saved_views,
    second_factor,
    share_changes,
    share_page,
    shares,
    sign_in,
    sources,
    subscriptions,
    tokens,
    tracks,
    visitors,
    watchers,
)
from tracker.api.control import Checks, PageConfig, Ready
from tracker.api.cors import share
from tracker.api.headers import harden
from tracker.api.problems import handle_errors
from tracker.api.reference import describe
from tracker.api.requests import watch_requests
from tracker.api.transfer import spare
from tracker.geofence.reading.feature import OWN_ADDRESS
from tracker.links.rooms import Rooms
from tracker.live.guises import Guises
from tracker.live.newest import Newest
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.model.device import SLUG
from tracker.readers.readers import Readers

if TYPE_CHECKING:
    from tracker.access.provider import OidcProvider  # imported where the operator named one

ROWS_ONLY: Final = (  # these ask nothing but the database
    *(people_sessions, audit, tokens, groups, devices, watchers, privacy, gatherings),
    *(pairs, commands, contents, messages, quarantine, photos, saved_views),
)
WEB: Final = Path(tracker.__file__).parent.parent / "web" / "dist"
LARGEST_BODY: Final = 4 * 1024 * 1024  # bytes, of a geofence; all other bodies have a smaller limit of their own
LARGEST_POST: Final = 10_000_000  # bytes, of what a phone's app sends
LARGEST_BODIES: Final = {geofence_import.PATH: geofence_import.LARGEST}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the routes ask. `key`: by which each process knows what another gave a browser to bring back; None: there is
    one. `pool` serves them, so that none of their queries keeps a caller waiting at the gate; None:
    the gate's does both. `database_url` is for dry runs and exports, which have processes of
    their own."""

    gate: Gate
    table: Table
    metrics: Metrics
    ready: Ready
    notes: Callable[[], list[str]] = list
    pool: asyncpg.Pool | None = None
    database_url: str = ""
    addresses: Addresses | None = None
    count_repeats: doctor.CountRepeats = lambda device: 0
    carriers: Carriers | None = None
    newest: Newest | None = None
    passwords: Passwords | None = None
    postbox: Postbox | None = None
    links: Rooms | None = None
    metrics_token: str | None = None
    guises: Guises | None = None
    provider: "OidcProvider | None" = None
    bind: str = "127.0.0.1:8000"
    adopt: sources.Adopt = sources.adopt_nothing
    key: bytes | None = None
    attend: positions.Attend = positions.wait_for_nothing


@dataclass(frozen=True, kw_only=True)
class BuiltPage:
    """What a browser is given. `web` is the folder of the built page, `streets` that of the map's streets, where the
    operator has added some; `origin_cookies`: whether pages of the origins
    that may read may also come with a sign-in."""

    web: Path = WEB
    map_style: str | None = None
    streets: Path | None = None
    origin_cookies: bool = False


BUILT_PAGE: Final = BuiltPage()


def build_app(parts: Parts, site: BuiltPage = BUILT_PAGE) -> Quart:
    """Sockets are added by who owns them: `app.websocket`, with a rule of access.guard on each."""
    gate, pool, postbox = parts.gate, parts.pool or parts.gate.pool, parts.postbox
    addresses = parts.addresses or Addresses(pool)
    readers = Readers()
    passwords, keys = parts.passwords or Passwords(pool), Passkeys(pool, Challenges(key=parts.key))
    watch = Watch(gate, parts.metrics_token)
    links = parts.links or Rooms(pool, gate.sights)
    carriers = parts.carriers or build_carriers(Dialer(), Vapid(new_key()))
    app = _make_quart()
    schema = describe(app)
    _protect(app, gate, parts.metrics, site)
    for blueprint in (
        control.blueprint(
            Checks(parts.ready, parts.notes),
            parts.metrics,
            PageConfig(tracker.__version__, site.map_style),
            watch,
            site.streets,
        ),
        descriptions.blueprint(schema),
        pages.blueprint(site.web, site.streets),
        sign_in.blueprint(gate, passwords, keys, links, provider=parts.provider, mails=postbox is not None),
        passkeys.blueprint(gate, pool, passwords, keys),
        oidc.blueprint(gate, pool, passwords, parts.provider, Seal(parts.key)),
        *(each.blueprint(pool, passwords) for each in (people, second_factor)),
        *(each.blueprint(gate, pool, passwords, postbox) for each in (invitations, password_resets)),
        pairing.blueprint(pool, gate),
        positions.blueprint(parts.table, parts.guises or Guises(parts.table), gate, links, parts.attend),
        visitors.blueprint(parts.table, parts.guises or Guises(parts.table), gate, parts.attend),
        tracks.blueprint(pool, links, gate.bounds.tracks),
        *(each.blueprint(pool, gate.sights, passwords.hashing, links) for each in (shares, share_changes)),
        share_page.blueprint(pool, site.web, _origin(site.map_style)),
        *(each.blueprint(pool, carriers) for each in (subscriptions, forwards)),
        push.blueprint(carriers.push_key),
        deliveries.blueprint(pool),
        dry_run.blueprint(pool, readers, parts.database_url),
        event_stream.blueprint(pool, parts.newest or Newest(), gate.sights, gate.bounds.streams),
        events.blueprint(pool, gate.sights),
        *(each.blueprint(pool) for each in ROWS_ONLY),
        *(each.blueprint(pool, readers) for each in (geofences, geofence_import)),
        *(each.blueprint(pool, parts.database_url) for each in (geofence_export, people_export)),
        doctor.blueprint(pool, parts.count_repeats),
        network.blueprint(parts.bind),
        ingest.blueprint(pool, addresses),
        sources.blueprint(pool, addresses, parts.adopt),
    ):
        app.register_blueprint(blueprint)
    return app


def _protect(app: Quart, gate: Gate, metrics: Metrics, site: BuiltPage) -> None:
    """What stands round every route, in this order."""
    handle_errors(app)
    watch_requests(app, metrics)
    share(app, gate, with_cookies=site.origin_cookies)
    guard(app, gate)
    spare(app)
    harden(app, _origin(site.map_style))


def _make_quart() -> Quart:
    """With its limits, and without a route."""
    app = Quart("tracker", static_folder=None)
    app.request_class = Sized  # type: ignore[assignment]  # annotated as the one class, not as one of its kind
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["BODY_TIMEOUT"] = 30  # s: a body that dribbles is not waited for
    app.config["RESPONSE_TIMEOUT"] = None  # a large one on a slow line takes its time; sockets have their own limits
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = None  # pages.py says it of each file
    app.url_map.merge_slashes = False  # an address is right or wrong, not nearly right
    app.url_map.converters |= {"slug": Slug, "fence": Fence}
    return app


class Sized(Request):
    """A request, with more room for the body where the route needs it."""

    def __init__(self, method: str, scheme: str, path: str, *rest: Any, max_content_length: int, **others: Any) -> None:
        largest = LARGEST_POST if path.startswith("/in/") else LARGEST_BODIES.get(path, max_content_length)
        super().__init__(method, scheme, path, *rest, max_content_length=largest, **others)


class Slug(BaseConverter):
    """An id in an address. What cannot be one finds no route, and gets its 404 without a question to the database."""

    regex = SLUG.pattern


class Fence(BaseConverter):
    """A geofence's id: not one of the words that have an address of their own, so that OPTIONS says what is so."""

    regex = rf"(?!(?:{'|'.join(sorted(OWN_ADDRESS))})(?:/|$)){SLUG.pattern}"


def _origin(url: str | None) -> str | None:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else None
