"""`tracker import-traccar`: read there, planned, said; and carried out where one says so."""

from collections.abc import Callable
from typing import Final

import httpx2
import msgspec

from tracker.traccar.landing import PATIENCE, Landing
from tracker.traccar.plan import make_plan
from tracker.traccar.source import read_traccar

DRY: Final = "Nothing was changed. Say --apply to do it."


class Takeover(msgspec.Struct, frozen=True):
    """`source`: the Traccar server. `login` or `traccar_token`: how we sign in there. `url`, `token`: this server's."""

    source: str
    login: tuple[str, str] | None
    traccar_token: str | None
    url: str
    token: str


def import_traccar(asked: Takeover, told: Callable[[str], None], *, apply: bool, invite: bool) -> None:
    """TraccarRefused, LandingRefused."""
    there = read_traccar(asked.source, asked.login, asked.traccar_token)
    plan = make_plan(there)
    counts = f"{len(there.devices):,} devices, {len(there.groups):,} groups, {len(there.geofences):,} geofences"
    told(f"{asked.source} has {counts}, {len(there.users):,} users")
    headers = {"Authorization": f"Bearer {asked.token}"}
    with httpx2.Client(base_url=asked.url, headers=headers, timeout=PATIENCE) as api:
        Landing(api, told, is_dry=not apply).carry_out(plan, invite=invite)
    for each in plan.left:
        told(f"not taken: {each}")
    if plan.invitations and not invite:
        told(f"{len(plan.invitations):,} invitations for its users are made with --invite")
    if not apply:
        told(DRY)
