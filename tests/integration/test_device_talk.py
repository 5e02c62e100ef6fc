"""What a device says beside its fixes: answers that cannot be read, and what it says before it is welcome."""

import asyncpg
import msgspec
import pytest

from tests.running import RunningServer, Talk
from tracker.model.moment import format_ms, now_ms


def order(server: RunningServer, count: int) -> list[str]:
    """Commands for the van; their ids."""
    with server.api() as api:
        made = [api.post("/api/devices/van/commands", json={"name": "report_now", "args": None}) for _ in range(count)]
    return [answer.raise_for_status().json()["id"] for answer in made]


def answers(ids: list[str]) -> list[dict[str, object]]:
    kinds: list[dict[str, object]] = [
        {"ok": "yes"},
        {"ok": True, "detail": "x" * 50_000},
        {"ok": True, "detail": {}},
        {"ok": True, "detail": "\0"},
    ]
    return [{"type": "result", "id": id} | kinds[number % len(kinds)] for number, id in enumerate(ids)]


def fix() -> dict[str, object]:
    return {"at": format_ms(now_ms()), "lon": 24.9, "lat": 60.2}


async def errors(talk: Talk, count: int) -> list[tuple[str, str | None]]:
    return [(said["code"], said.get("id")) for said in [await talk.hear("error") for _ in range(count)]]


@pytest.mark.town
async def test_results_that_cannot_be_read_are_refused_one_by_one(server: RunningServer) -> None:
    token = server.new_device("van")
    ids = order(server, 12)
    async with server.device("van", token) as device:
        for answer in answers(ids):
            await device.say(**answer)
        assert await errors(device, 12) == [("bad_frame", id) for id in ids]
        assert (await device.fixes(1, fix()))["stored"] == 1
        with server.api() as api:
            open_now = api.get("/api/devices/van/commands").json()["commands"]
        assert [command["answered_at"] for command in open_now] == [None] * 12
        for id in ids:
            await device.say(type="result", id=id, ok=True, detail=None)
        for id in ids:
            await device.say(type="result", id=id, ok=True)
        assert sorted(await errors(device, 12)) == sorted(("unknown_command", id) for id in ids)
    with server.api() as api:
        assert all(command["ok"] for command in api.get("/api/devices/van/commands").json()["commands"])


@pytest.mark.town
async def test_what_a_device_cannot_answer_expires(server: RunningServer, conn: asyncpg.Connection) -> None:
    token = server.new_device("van")
    ids = order(server, 2)
    for _ in range(2):  # it is sent again for as long as it is open
        async with server.device("van", token) as device:
            for answer in answers(ids):
                await device.say(**answer)
            heard = [await device.hear() for _ in range(4)]
            assert sorted(each["id"] for each in heard if each["type"] == "command") == sorted(ids)
    await conn.execute("update command set expires = now() - interval '1 second' where id = $1", ids[0])
    async with server.device("van", token) as device:
        assert (await device.hear("command"))["id"] == ids[1]
        await device.say(type="result", id=ids[0], ok=True)
        assert await errors(device, 1) == [("unknown_command", ids[0])]


@pytest.mark.town
async def test_what_is_said_before_the_welcome_counts_by_what_it_is(server: RunningServer) -> None:
    token = server.new_device("van")
    ids = order(server, 40)
    async with server.socket("/ws/device", token) as device:
        await device.say(type="hello", device="van", boot=None)
        for answer in answers(ids):
            await device.say(**answer)
        for seq in range(1, 5):
            await device.say(type="fixes", seq=seq, fixes=[fix()])
        assert sorted(await errors(device, 40)) == sorted(("bad_frame", id) for id in ids)
        assert [(await device.hear("ack"))["seq"] for _ in range(4)] == [1, 2, 3, 4]


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.town
async def test_thousands_of_answers_hold_nobody_up_and_close_nothing(server: RunningServer, early: bool) -> None:
    """Each asks the database. The device waits, as its socket is not read meanwhile."""
    token = server.new_device("van")
    async with server.socket("/ws/device", token) as device:
        await device.say(type="hello", device="van")
        if not early:
            await device.hear("welcome")
        for number in range(400):
            await device.say(type="result", id=f"c-{number}", ok=True)
        assert len(await errors(device, 400)) == 400
        assert (await device.fixes(1, fix()))["stored"] == 1


@pytest.mark.town
async def test_what_we_do_not_know_is_named_and_closes_nothing(server: RunningServer) -> None:
    token = server.new_device("van")
    async with server.device("van", token) as device:
        for number in range(20):
            await device.say(type="weather", id=number)
        said = [await device.hear("error") for _ in range(20)]
        assert {each["message"] for each in said} == {"there is no message 'weather'"}
        for _ in range(9):
            await device.send(msgspec.json.encode([1, 2]).decode())
        assert await errors(device, 9) == [("bad_frame", None)] * 9
        assert (await device.fixes(1, fix()))["stored"] == 1
