"""The cells of the matrix that are messages of sockets: each type, for each kind of reader, with what is its own,
another's, private, or not there. A type without a row fails."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, get_args

import asyncpg
import msgspec
import pytest
from websockets import Origin
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.databases import Databases, copied
from tests.integration.sharing import code_of, later
from tests.integration.test_rights_cells import EVENTS, events_of, store_events
from tests.integration.test_rights_live import until
from tests.integration.test_rights_matrix import THINGS, UNKNOWN, sees
from tests.integration.world import DEVICES, build, headers_of_readers
from tests.running import ADMIN_TOKEN, RunningServer, Talk, running
from tracker.access.tokens import issue
from tracker.ingest import frames as device_stream
from tracker.live import frames as live_stream
from tracker.model.moment import format_ms, now_ms
from tracker.store.pool import set_codecs

# Of the live stream: whether it brings things, and then it brings what its reader sees.
LIVE: Final = {"subscribe": True, "pause": False, "resume": True, "ping": False}
# Of the device stream: whose things it is about. None carries the id of a device but the hello.
DEVICE: Final = {
    "hello": "the device of the token",
    "fixes": "the device of the hello",
    "message": "the device of the hello",
    "status": "the device of the hello",
    "result": "a command of the device of the hello",
    "read": "a message to the device of the hello",
}
WORLD: Final = [-180, -90, 180, 90]
PHONE: Final = "phone"
EVERY_DEVICE: Final = (*DEVICES, PHONE)
Headers = Mapping[str, str]


def test_every_message_has_a_row() -> None:
    assert {each.__struct_config__.tag for each in get_args(live_stream.Message)} == set(LIVE)
    assert {*device_stream.TALK, device_stream.WireFixes.__struct_config__.tag} == set(DEVICE)


class Depots:
    """A server on two depots and a phone of a person's own; each device has said where it is, and a message."""

    def __init__(self, server: RunningServer, tokens: dict[str, str], readers: Mapping[str, Headers]) -> None:
        self.server = server
        self.tokens = tokens
        self.readers = readers

    async def speak(self) -> None:
        for id, token in self.tokens.items():
            async with self.server.device(id, token) as talk:
                await talk.fixes(1, {"at": format_ms(now_ms()), "lon": 7.5, "lat": 43.5})
                await talk.say(type="message", id=f"m-of-{id}", text=f"from {id}")
                await talk.hear("message_ack")

    @asynccontextmanager
    async def open(self, path: str, headers: Headers) -> AsyncIterator[Talk]:
        given = {name: value for name, value in headers.items() if name != "Origin"}
        origin = Origin(self.server.url) if "Cookie" in headers else None
        async with connect(
            f"ws://{self.server.address}{path}", additional_headers=given, origin=origin, compression=None
        ) as ws:
            yield Talk(ws)

    def open_link(self, alias: str) -> Headers:
        with self.server.api() as api:
            shown = {"until": later(), "devices": [{"id": "north-van", "alias": alias}]}
            made = api.post("/api/shares", json=shown).raise_for_status().json()
            opened = api.post("/api/session", json={"share": code_of(made)}).raise_for_status().json()
        return {"Authorization": f"Bearer {opened['token']}"}


@pytest.fixture(scope="module")
def depots(databases: Databases) -> Iterator[Depots]:
    async def fill(url: str) -> tuple[dict[str, str], Mapping[str, Headers]]:
        conn = await asyncpg.connect(url)
        await set_codecs(conn)
        await build(conn)
        await store_events(conn)
        keys = await conn.fetch("select key, id from device")
        tokens = {row["id"]: (await issue(conn, "device", device=row["key"]))[1] for row in keys}
        readers = await headers_of_readers(conn, ADMIN_TOKEN)
        await conn.close()
        return tokens, readers

    with copied(databases) as url:
        tokens, readers = asyncio.run(fill(url))
        with running(url) as server:
            depots = Depots(server, tokens, readers)
            asyncio.run(depots.speak())
            yield depots


def seen_by(reader: str, noun: str) -> set[str]:
    return {thing for thing in THINGS[noun] if sees(reader, noun, thing)}


def unseen_by(reader: str) -> set[str]:
    return (
        {thing for noun in ("device", "geofence") for thing in THINGS[noun]}
        - seen_by(reader, "device")
        - seen_by(reader, "geofence")
    )


class Heard:
    """All that a socket was told, by type."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.told: list[dict[str, Any]] = []

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(60):
            while not holds():
                self.told.append(await self.talk.hear(within=60))

    async def settle(self, number: int) -> None:
        """All that was sent before this is heard."""
        await self.talk.say(type="ping", id=number)
        await self.until(lambda: any(each["type"] == "pong" and each["id"] == number for each in self.told))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.told if each["type"] == kind]

    @property
    def snapshots(self) -> list[set[str]]:
        return [{each["device"] for each in told["positions"]} for told in self.of("snapshot")]

    @property
    def text(self) -> str:
        return msgspec.json.encode(self.told).decode()


async def test_each_message_of_the_live_stream_brings_what_its_reader_sees(depots: Depots) -> None:
    """And names nothing else, whatever is asked for: devices, events and messages of others are as those that are not
    there."""
    for reader, headers in depots.readers.items():
        if reader in ("device", "person nobody"):
            await check_that_nothing_opens(depots, reader, headers)
            continue
        devices, events = seen_by(reader, "device"), events_of(reader)
        async with depots.open("/ws/live", headers) as talk:
            heard = Heard(talk)
            asked = {"devices": [*EVERY_DEVICE, UNKNOWN], "events": {"after": 0}, "messages": {"after": 0}}
            await talk.say(type="subscribe", viewport=WORLD, rate=50, **asked)
            await heard.until(lambda heard=heard: heard.snapshots)
            assert heard.snapshots == [devices], reader
            await heard.until(lambda: len(heard.of("event")) == len(events))  # noqa: B023  # called here only
            await heard.until(lambda: len(heard.of("message")) == len(devices))  # noqa: B023
            assert {each["event"]["id"] for each in heard.of("event")} == events, reader
            assert {each["message"]["device"] for each in heard.of("message")} == devices, reader
            await talk.say(type="pause")
            await talk.say(type="resume")
            await heard.until(lambda: len(heard.snapshots) == 2)  # noqa: B023
            await talk.say(type="subscribe", devices=[*unseen_by(reader), UNKNOWN])
            await heard.until(lambda: len(heard.snapshots) == 3)  # noqa: B023
            await heard.settle(1)
            assert heard.snapshots[1:] == [devices, set()], reader
            named = [each for each in unseen_by(reader) if f'"{each}"' in heard.text]
            assert not named, (reader, named)


async def check_that_nothing_opens(depots: Depots, reader: str, headers: Headers) -> None:
    """A device is refused the handshake, somebody without a right is told so and nothing else."""
    try:
        async with depots.open("/ws/live", headers) as talk:
            heard = Heard(talk)
            with suppress(ConnectionClosed):
                await talk.say(type="subscribe", viewport=WORLD, events={"after": 0}, messages={"after": 0})
                await heard.until(lambda: False)
            assert talk.ws.close_code == 4504 and {each["type"] for each in heard.told} <= {"error"}, reader
    except InvalidStatus as refused:
        assert reader == "device" and refused.response.status_code == 403


async def test_the_bearer_of_a_link_is_brought_what_it_shows(depots: Depots) -> None:
    """By each message; the ids that devices have here are not there for it."""
    async with depots.open("/ws/live", depots.open_link("17")) as talk:
        heard = Heard(talk)
        await talk.say(
            type="subscribe", viewport=WORLD, devices=[*EVERY_DEVICE, "17"], events={"after": 0}, messages={"after": 0}
        )
        await heard.until(lambda: "17" in set().union(*heard.snapshots) or '"device":"17"' in heard.text)
        await talk.say(type="pause")
        await talk.say(type="resume")
        await heard.until(lambda: len(heard.snapshots) == 2)
        await heard.settle(1)
        assert heard.snapshots[1] == {"17"}
        assert not [each for noun in ("device", "geofence") for each in THINGS[noun] if f'"{each}"' in heard.text]
        assert not heard.of("event") and not heard.of("message")


async def say_hello(depots: Depots, headers: Headers, id: str) -> tuple[object, ...]:
    """What becomes of it, with the id left out."""
    try:
        async with depots.open("/ws/device", headers) as talk:
            bearer = headers.get("Authorization", "").removeprefix("Bearer ")
            await talk.say(type="hello", device=id, boot="other", **({"token": bearer} if bearer else {}))
            told = await talk.hear(within=60)
            if told["type"] == "welcome":
                return ("welcome", told["device"])
            return told["code"], told["message"].replace(id, "THING"), await talk.closed(within=60)
    except InvalidStatus as refused:
        return ("refused", refused.response.status_code)


async def test_a_hello_is_for_the_device_of_the_token_alone(depots: Depots) -> None:
    """A foreign device, a private one and one that is not there answer the same, to everybody."""
    strangers: dict[str, Headers] = {"stranger": {}, "link": depots.open_link("18"), **depots.readers}
    for reader, headers in strangers.items():
        unknown = await say_hello(depots, headers, UNKNOWN)
        assert unknown[0] != "welcome"
        for id in EVERY_DEVICE:
            answer = await say_hello(depots, headers, id)
            if reader == "device" and id == "north-van":
                assert answer == ("welcome", id)
            else:
                assert answer == unknown, (reader, id)


def write_messages(id: str) -> dict[str, dict[str, Any]]:
    """One of each type but the hello, about this command."""
    return {
        "fixes": {"seq": 2, "fixes": [{"at": format_ms(now_ms()), "lon": 7.6, "lat": 43.6}]},
        "message": {"id": "m-late", "text": "x"},
        "status": {"page": "visible", "steps": 7},
        "result": {"id": id, "ok": True},
        "read": {"id": id},
    }


def count_all(depots: Depots, command: str) -> dict[str, object]:
    """What is known of each device: places, messages, and the answers to its commands."""
    with depots.server.api() as api:
        found: dict[str, object] = {}
        for id in DEVICES:  # the phone's are nobody else's business
            track = api.get(f"/api/devices/{id}/track").raise_for_status().json()["properties"]["fixes"]
            thread = api.get(f"/api/devices/{id}/messages").raise_for_status().json()["messages"]
            status = api.get(f"/api/devices/{id}").raise_for_status().json().get("status")
            states = [(each["text"], each["state"]) for each in thread if each["id"] != command]
            found[id] = (track, states, status and status["steps"])
    return found


@pytest.mark.parametrize("kind", [each for each in DEVICE if each != "hello"])
async def test_before_the_hello_no_message_does_anything(depots: Depots, kind: str) -> None:
    before = count_all(depots, "")
    for headers in ({}, {"Authorization": f"Bearer {depots.tokens['north-van']}"}):
        async with depots.open("/ws/device", headers) as talk:
            await talk.say(type=kind, **write_messages("c-1")[kind])
            assert await talk.closed(within=60)
    assert count_all(depots, "") == before


async def test_each_message_of_a_device_is_about_itself(depots: Depots) -> None:
    """An answer to another's command is one to a command that is not there, and changes nothing."""
    with depots.server.api() as api:
        foreign = api.post("/api/devices/south-van/messages", json={"text": "to the south"}).raise_for_status().json()
    before = count_all(depots, foreign["id"])
    async with depots.server.device("north-van", depots.tokens["north-van"], boot="second") as talk:
        await talk.fixes(1, {"at": format_ms(now_ms()), "lon": 7.6, "lat": 43.6})
        await talk.say(type="message", id="m-second", text="again")
        await talk.hear("message_ack")
        await talk.say(type="status", page="visible", steps=7)
        for kind in ("result", "read"):
            answers = []
            for id in (foreign["id"], "c-unknown"):
                await talk.say(type=kind, **write_messages(id)[kind])
                told = await talk.hear("error")
                answers.append((told["code"], told["message"].replace(id, "THING"), told["id"] == id))
            assert answers[0] == answers[1] and answers[0][2], kind

    def changed() -> set[str]:
        after = count_all(depots, foreign["id"])
        return {id for id in DEVICES if after[id] != before[id]}

    await until(lambda: changed() == {"north-van"}, 60)
    with depots.server.api() as api:
        thread = api.get("/api/devices/south-van/messages").raise_for_status().json()["messages"]
        assert [each["state"] for each in thread if each["id"] == foreign["id"]] == ["queued"]
    assert EVENTS  # they were stored, and are told by the live stream's test
