"""What a Traccar server holds becomes what there is here: areas, ids, groups in groups, and what is not taken."""

import math

import pytest

from tracker.traccar.area import read_area
from tracker.traccar.plan import make_plan
from tracker.traccar.source import Traccar, TraccarDevice, TraccarGeofence, TraccarGroup, TraccarUser


def test_areas_have_latitude_first() -> None:
    assert read_area("CIRCLE (55.75414 37.6204, 100)") == (
        {"type": "Point", "coordinates": [37.6204, 55.75414]},
        {"radius": 100.0},
    )
    square = "POLYGON ((55.75 37.61, 55.75 37.63, 55.76 37.63, 55.75 37.61))"
    corners = [[37.61, 55.75], [37.63, 55.75], [37.63, 55.76], [37.61, 55.75]]
    assert read_area(square) == ({"type": "Polygon", "coordinates": [corners]}, {})
    assert read_area("polygon((55.75 37.61,55.75 37.63,55.76 37.63))") == read_area(square)  # not closed
    line = {"type": "LineString", "coordinates": [[37.61, 55.75], [37.63, 55.75]]}
    assert read_area("LINESTRING (55.75 37.61, 55.75 37.63)") == (line, {"width": 50.0})
    assert read_area("LINESTRING (55.75 37.61, 55.75 37.63)", 40.0) == (line, {"width": 80.0})


@pytest.mark.parametrize(
    "text",
    [
        *("", "CIRCLE", "CIRCLE (1 2)", "CIRCLE (1, 2, 3)", "POLYGON (())", "POLYGON ((1 2, 3))", "POINT (1 2)"),
        *("LINESTRING (91 2, 3 4)", "LINESTRING (1 200, 3 4)", "CIRCLE (nan 1, 5)", "MULTIPOLYGON (((1 2, 3 4)))"),
    ],
)
def test_what_is_no_area_is_said(text: str) -> None:
    assert isinstance(read_area(text), str)


def there(**more: object) -> Traccar:
    empty: dict[str, object] = {"groups": [], "devices": [], "geofences": [], "users": [], "fenced": {}}
    return Traccar(**(empty | {"groups_of": {}, "devices_of": {}} | more))  # type: ignore[arg-type]  # as named


def test_an_id_is_what_the_device_reports_by() -> None:
    devices = [
        TraccarDevice(1, "Phone", "jane's phone"),
        TraccarDevice(2, "Van", "123456789012345"),
        TraccarDevice(3, "Same", "jane-s-phone"),
        TraccarDevice(4, "Odd", "///"),
    ]
    plan = make_plan(there(devices=devices))
    assert [each.id for each in plan.devices] == ["jane-s-phone-1", "123456789012345", "jane-s-phone", "device-4"]
    assert plan == make_plan(there(devices=devices))


def test_what_a_group_holds_is_in_those_above_it() -> None:
    groups = [TraccarGroup(1, "All"), TraccarGroup(2, "North", 1), TraccarGroup(3, "Round", 4), TraccarGroup(4, "R", 3)]
    devices = [TraccarDevice(1, "a", "a", 2), TraccarDevice(2, "b", "b", 1), TraccarDevice(3, "c", "c", 3)]
    plan = make_plan(there(groups=groups, devices=devices))
    assert [each.groups for each in plan.devices] == [
        *(("traccar-2", "traccar-1"), ("traccar-1",), ("traccar-3", "traccar-4"))
    ]
    assert plan.groups == {"traccar-1": "All", "traccar-2": "North", "traccar-3": "Round", "traccar-4": "R"}


def test_a_geofence_is_for_whom_it_is_linked_to() -> None:
    fences = [
        TraccarGeofence(1, "Port", "CIRCLE (60.1 24.9, 200)", "Old", 0, {"speedLimit": 10.0}),
        TraccarGeofence(2, "Nobody's", "CIRCLE (60.1 24.9, 200)", None, 7),
        TraccarGeofence(3, "Broken", "CIRCLE (60.1)"),
    ]
    plan = make_plan(there(devices=[TraccarDevice(5, "Van", "van")], geofences=fences, fenced={1: {5}}))
    port, nobodys = plan.geofences
    assert port["id"] == "traccar-1" and port["properties"]["devices"] == ["van"]
    assert math.isclose(port["properties"]["speed_limit"], 5.14, abs_tol=0.01)
    assert nobodys["properties"]["enabled"] is False and "devices" not in nobodys["properties"]
    assert [each for each in plan.left if each.startswith("geofence")] == [
        "geofence Nobody's: linked to no device there, so it is switched off here",
        "geofence Nobody's: its calendar is not taken: say its hours here",
        "geofence Broken: an area that is not understood: CIRCLE (60.1)",
    ]


def test_people_see_what_they_saw() -> None:
    groups, devices = [TraccarGroup(1, "North")], [TraccarDevice(1, "a", "a", 1), TraccarDevice(2, "b", "b")]
    users = [
        TraccarUser(1, "root@example.org", "Root", administrator=True),
        TraccarUser(2, "ann@example.org", "Ann"),
        TraccarUser(3, "bob@example.org", "Bob", readonly=True),
        TraccarUser(4, "noone", "No"),
        TraccarUser(5, "eve@example.org", "Eve"),
    ]
    plan = make_plan(
        there(
            groups=groups,
            devices=devices,
            users=users,
            groups_of={2: {1}},
            devices_of={2: {1, 2}, 3: {2}},
        )
    )
    assert [(each.email, each.group, each.role) for each in plan.invitations] == [
        ("ann@example.org", "traccar-1", "manager"),
        ("ann@example.org", "traccar-user-2", "manager"),
        ("bob@example.org", "traccar-user-3", "viewer"),
    ]
    assert plan.devices[1].groups == ("traccar-user-2", "traccar-user-3") and plan.devices[0].groups == ("traccar-1",)
    assert [each for each in plan.left if each.startswith("user")] == [
        "user Root: administers that server; who owns this one is said here",
        "user No: has no e-mail address to invite",
        "user Eve: sees no device there",
    ]
