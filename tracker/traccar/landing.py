"""A plan carried out on a Tracker server by its API. What is there already stays as it is, so the same twice is
once."""

from collections.abc import Callable
from typing import Any, Final

import httpx2

from tracker.errors import TrackerError
from tracker.traccar.plan import Plan, PlannedDevice

PATIENCE: Final = 60.0  # s
PAGE: Final = 5_000


class LandingRefused(TrackerError):
    """The server refused a request."""


class Landing:
    """`is_dry`: nothing is changed. `told` hears a line for each thing that is new."""

    def __init__(self, api: httpx2.Client, told: Callable[[str], None], *, is_dry: bool) -> None:
        self.api = api
        self.told = told
        self.is_dry = is_dry

    def carry_out(self, plan: Plan, *, invite: bool) -> None:
        """Things before who holds them."""
        groups, devices = self.list_ids("groups", "groups"), self.list_ids("devices", "devices")
        fences = self.list_ids("geofences", "features")
        for id, name in plan.groups.items():
            if id not in groups:
                self.make("group", f"{id} ({name})", "POST", "/api/groups", {"id": id, "name": name})
        for device in plan.devices:
            if device.id not in devices:
                self.make_device(device)
            self.hold("devices", device.id, list(device.groups))
        for feature in plan.geofences:
            if feature["id"] not in fences:
                self.make_geofence(feature, plan)
        if invite:
            self.invite(plan)

    def make_device(self, device: PlannedDevice) -> None:
        body = {"id": device.id, "name": device.name, "category": device.category}
        self.make("device", f"{device.id} ({device.name})", "POST", "/api/devices", body)
        if device.notes:
            self.do("PATCH", f"/api/devices/{device.id}", {"notes": device.notes})

    def make_geofence(self, feature: dict[str, Any], plan: Plan) -> None:
        """One that cannot be taken costs no other."""
        name = f"{feature['id']} ({feature['properties']['name']})"
        try:
            self.make("geofence", name, "POST", "/api/geofences", feature)
        except LandingRefused as error:
            self.told(f"not taken: geofence {name}: {error}")
            return
        devices = feature["properties"].get("devices", ())
        groups = {group for each in plan.devices if each.id in devices for group in each.groups}
        self.hold("geofences", feature["id"], sorted(groups))

    def hold(self, kind: str, id: str, groups: list[str]) -> None:
        for group in groups:
            if self.is_dry or id not in self.list_members(group, kind):
                self.do("PUT", f"/api/groups/{group}/{kind}/{id}", None)

    def invite(self, plan: Plan) -> None:
        """Who is here already is put into the group; the others get a link."""
        found = self.ask("GET", f"/api/people?limit={PAGE}").get("people", [])
        known = {str(each["email"]).lower(): each for each in found}
        for each in plan.invitations:
            person = known.get(each.email.lower())
            if person is None:
                body = {"email": each.email, "group": each.group, "role": each.role}
                self.make(
                    "invitation", f"{each.email} as {each.role} of {each.group}", "POST", "/api/invitations", body
                )
            elif each.group not in [place["group"] for place in person["groups"]]:
                path = f"/api/groups/{each.group}/people/{person['id']}"
                self.make("role", f"{each.email}, {each.role} of {each.group}", "PUT", path, {"role": each.role})

    def make(self, noun: str, name: str, method: str, path: str, body: dict[str, Any]) -> None:
        link = self.do(method, path, body).get("link")
        self.told(f"{'would make' if self.is_dry else 'made'} {noun} {name}" + (f": {link}" if link else ""))

    def do(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        return {} if self.is_dry else self.ask(method, path, body)

    def list_ids(self, path: str, of: str) -> set[str]:
        found, after = set[str](), ""
        while True:
            page = self.ask("GET", f"/api/{path}?limit={PAGE}" + (f"&after={after}" if after else ""))
            found |= {each["id"] for each in page[of]}
            if not (after := page.get("next") or ""):
                return found

    def list_members(self, group: str, kind: str) -> set[str]:
        return {each["id"] for each in self.ask("GET", f"/api/groups/{group}/{kind}")["members"]}

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self.api.request(method, path, json=body) if body is not None else self.api.request(method, path)
        except httpx2.TransportError as error:
            raise LandingRefused(f"{self.api.base_url} does not answer: {error}") from None
        if not answer.is_success:
            raise LandingRefused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found
