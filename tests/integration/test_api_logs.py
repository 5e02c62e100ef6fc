"""Commands, events and quarantine: what one may ask of what happened."""

import asyncpg
import pytest

from tests.integration.conftest import Caller
from tests.integration.numbered import number_events
from tests.moments import MONDAY
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import Fix
from tracker.model.moment import format_ms, now_ms
from tracker.store.commands import select_open_commands, update_command_answered
from tracker.store.events import insert_transitions
from tracker.store.quarantine import Quarantined, insert_quarantine

AT = MONDAY + 123


async def test_a_command_waits_for_its_answer(admin: Caller, device: Device, conn: asyncpg.Connection) -> None:
    heard: list[str] = []
    await conn.add_listener("tracker_command", lambda _conn, _pid, _name, payload: heard.append(payload))
    made = await admin.post("/api/devices/van-12/commands", {"name": "set_interval", "args": {"seconds": 5, "x": 1}})
    command = await made.get_json()
    assert made.status_code == 201 and command["args"] == {"seconds": 5.0} and command["ok"] is None
    opened = await select_open_commands(conn, device.key)
    assert [each.id for each in opened] == [command["id"]] and heard == [str(device.key)]

    assert not await update_command_answered(conn, device.key + 1, command["id"], ok=True, detail=None)
    assert await update_command_answered(conn, device.key, command["id"], ok=False, detail="too fast")
    assert not await update_command_answered(conn, device.key, command["id"], ok=True, detail=None)
    assert await select_open_commands(conn, device.key) == []
    listed = (await (await admin.get("/api/devices/van-12/commands")).get_json())["commands"]
    assert [(each["ok"], each["detail"]) for each in listed] == [(False, "too fast")]


async def test_an_expired_command_is_not_sent(admin: Caller, device: Device, conn: asyncpg.Connection) -> None:
    made = await (await admin.post("/api/devices/van-12/commands", {"name": "report_now"})).get_json()
    await conn.execute("update command set expires = now() - interval '1 second'")
    assert await select_open_commands(conn, device.key) == []
    assert not await update_command_answered(conn, device.key, made["id"], ok=True, detail=None)


async def test_a_device_holds_a_hundred_open_commands(admin: Caller, device: Device) -> None:
    answers = [await admin.post("/api/devices/van-12/commands", {"name": "report_now"}) for _ in range(101)]
    assert [each.status_code for each in answers] == [201] * 100 + [409]


BAD_COMMANDS = {
    "unknown name": ({"name": "explode"}, "name"),
    "no seconds": ({"name": "set_interval"}, "args.seconds"),
    "seconds of text": ({"name": "set_interval", "args": {"seconds": "5"}}, "args.seconds"),
    "no interval at all": ({"name": "set_interval", "args": {"seconds": 0}}, "args.seconds"),
    "NUL": ({"name": "message", "args": {"text": "\0"}}, "args.text"),
    "expired": ({"name": "report_now", "expires": "2020-01-01T00:00:00Z"}, "expires"),
    "no offset": ({"name": "report_now", "expires": "2027-01-01T00:00:00"}, "expires"),
    "in a year": ({"name": "report_now", "expires": format_ms(now_ms() + 366 * 86_400_000)}, "expires"),
}


async def test_a_bad_command_is_refused(admin: Caller, device: Device, subtests: pytest.Subtests) -> None:
    for case, (body, field) in BAD_COMMANDS.items():
        with subtests.test(case):
            response = await admin.post("/api/devices/van-12/commands", body)
            problem = await response.get_json()
            assert (response.status_code, problem.get("field")) == (422, field), problem


async def test_events_are_read_to_the_end(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    moves = [Transition(device.key, 1, "enter", AT + n, Fix(AT + n, 74246000, 437384000), AT + n) for n in range(5)]
    await insert_transitions(conn, moves, {1: "port"}, detected_at=AT + 10)
    await number_events(conn)
    ids, after = [], 0
    while after < 5:
        page = await (await viewer.get(f"/api/events?limit=2&after={after}")).get_json()
        ids += [event["id"] for event in page["events"]]
        after = page["next"]
    assert ids == [1, 2, 3, 4, 5]
    nothing = await (await viewer.get("/api/events?after=5")).get_json()
    assert nothing == {"events": [], "next": 5}
    event = (await (await viewer.get("/api/events?limit=1")).get_json())["events"][0]
    assert event.pop("evidence") == {}
    assert event == {
        "id": 1,
        "type": "enter",
        "device": "van-12",
        "geofence": "port",
        "at": format_ms(AT),
        "detected_at": format_ms(AT + 10),
        "late": False,
        "lon": 7.4246,
        "lat": 43.7384,
    }


async def test_filters_pass_over_what_they_leave_out(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    moves = [Transition(device.key, n % 2, "enter", AT + n, Fix(AT + n, 0, 0), AT + n) for n in range(6)]
    await insert_transitions(conn, moves, {0: "a", 1: "b"}, detected_at=AT)
    await number_events(conn)
    page = await (await viewer.get("/api/events?geofence=b,c&type=enter&device=van-12")).get_json()
    assert ([event["id"] for event in page["events"]], page["next"]) == ([2, 4, 6], 6)
    assert (await (await viewer.get("/api/events?type=exit")).get_json()) == {"events": [], "next": 6}


async def test_a_bad_query_is_refused(viewer: Caller, subtests: pytest.Subtests) -> None:
    for query in ("after=-1", "after=x", "limit=0", "limit=-5", "after=99999999999999999999"):
        with subtests.test(query):
            response = await viewer.get(f"/api/events?{query}")
            assert response.status_code == 422
            assert (await response.get_json())["field"] == query.split("=")[0]


async def test_what_was_refused_is_there_to_look_at(viewer: Caller, device: Device, conn: asyncpg.Connection) -> None:
    rows = [Quarantined(device.key, AT * 1000, 7, n, "out_of_range", f'{{"lat":{91 + n}}}') for n in range(3)]
    await insert_quarantine(conn, rows)
    page = await (await viewer.get("/api/devices/van-12/quarantine?limit=2")).get_json()
    assert [row["index"] for row in page["quarantine"]] == [2, 1]
    rest = await (await viewer.get(f"/api/devices/van-12/quarantine?limit=2&before={page['next']}")).get_json()
    assert [(row["received_at"], row["text"]) for row in rest["quarantine"]] == [(format_ms(AT), '{"lat":91}')]
    assert (await viewer.get("/api/devices/nobody/quarantine")).status_code == 404
