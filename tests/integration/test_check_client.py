"""`tracker check-client`: every slip is named in a sentence, what is right is not, and the examples' device passes."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from websockets.asyncio.client import connect

from tests.patience import PATIENCE_S
from tests.running import ROOT
from tracker.check_client.check import check_file, check_live
from tracker.check_client.listen import Trial
from tracker.check_client.remark import HINT, LOST, WRONG, Remarks
from tracker.check_client.stream import Stream
from tracker.model.frame import Frame
from tracker.model.moment import format_ms, now_ms

HELLO = '{"type":"hello","device":"van-1","boot":"b1","version":1}'


def fix(number: int = 0, **more: Any) -> dict[str, Any]:
    """On a way to the east at 11.1 m/s."""
    return {"at": format_ms(now_ms() - 600_000 + 1000 * number), "lon": 24.9 + number * 2e-4, "lat": 60.17} | more


def frame(seq: int, *fixes: object, **more: object) -> str:
    return msgspec.json.encode({"type": "fixes", "seq": seq, "fixes": fixes or [fix(seq)]} | more).decode()


def hear(*messages: str | bytes) -> Remarks:
    report, stream = Remarks(lambda _: None), Stream()
    for message in messages:
        decoded, findings = stream.hear(message, now_ms())
        for finding in findings:
            report.add(finding)
        if isinstance(decoded, Frame):
            stream.answer(decoded.seq)
    return report


def columns(count: int, size: int, base: int, order: Any = "little", flags: int = 0) -> bytes:
    head = bytes([1, flags]) + count.to_bytes(2, order) + (1).to_bytes(4, order) + base.to_bytes(8, order, signed=True)
    return head + bytes(20 * size)


LOCAL = "two hours from now"
SLIPS: dict[str, tuple[str | bytes, str, str]] = {
    "no type": ('{"seq":1,"fixes":[]}', WRONG, "no `type`"),
    "a bare fix": ('{"lat":60.2,"lng":24.9}', WRONG, "a bare fix"),
    "another type": ('{"type":"position","seq":1}', WRONG, 'the text "position"'),
    "a type without a seq": ('{"type":"ping"}', WRONG, 'the text "ping"'),
    "JSON as binary": (frame(1).encode(), WRONG, "JSON was sent as a binary message"),
    "an array": (f"[{frame(1)}]", WRONG, "an array came"),
    "no JSON": ("$GPRMC,081836,A", WRONG, "not JSON"),
    "seq is text": (frame(1).replace('"seq":1', '"seq":"1"'), WRONG, "Expected `int`"),
    "a first seq that is not 1": (frame(7), WRONG, "the first `seq` of a boot is 1"),
    "too many fixes": (frame(1, *[fix(each) for each in range(501)]), WRONG, "split it"),
    "another name for lon": (frame(1, {"at": fix()["at"], "lng": 24.9, "lat": 60.2}), WRONG, "`lng` is not read"),
    "another name for heading": (frame(1, fix(course=90)), LOST, "`course` is not read; it is called `heading`"),
    "a field of its own": (frame(1, fix(hdop=1)), HINT, "put it into `attributes`"),
    "a number as text": (frame(1, fix(lat="60.2")), WRONG, "expected a number without quotes"),
    "a comma": (frame(1, fix(lat="60,2")), WRONG, "with a point and not a comma"),
    "seconds since 1970": (frame(1, fix(at=1_700_000_000)), WRONG, "seconds since 1970"),
    "milliseconds since 1970": (frame(1, fix(at=1_700_000_000_000)), WRONG, "milliseconds since 1970"),
    "no offset": (frame(1, fix(at="2024-05-01T10:00:00")), WRONG, "has no offset"),
    "no such time": (frame(1, fix(at="01.05.2024 10:00")), WRONG, "is no time of RFC 3339"),
    "local time": (frame(1, fix(at=LOCAL)), WRONG, "2 hours ahead"),
    "the future": (frame(1, fix(at=format_ms(now_ms() + 999_000_000))), WRONG, "more than ten minutes ahead"),
    "a clock never set": (frame(1, fix(at="1980-01-06T00:00:00Z")), WRONG, "clock was not set"),
    "swapped": (frame(1, fix(lon=60.2, lat=124.9)), WRONG, "look swapped"),
    "ten millionths": (frame(1, fix(lon=249_000_000, lat=602_000_000)), WRONG, "multiplied by ten million"),
    "NMEA": (frame(1, fix(lon=2456.1, lat=6010.2)), WRONG, "degrees and minutes"),
    "0, 0": (frame(1, fix(lon=0, lat=0)), LOST, "had no fix yet"),
    "a negative speed": (frame(1, fix(speed=-1)), LOST, "`speed` -1"),
    "percent": (frame(1, fix(battery=83)), LOST, "a share from 0 to 1"),
    "two places at one time": (frame(1, fix(), fix(lat=61)), WRONG, "`at` needs milliseconds"),
    "a lane of its own": (frame(1, lane="fast"), HINT, "there are live and backlog"),
    "a wrong length": (columns(3, 2, now_ms()), WRONG, "3 fixes take 76 bytes, got 56"),
    "big-endian": (columns(2, 2, now_ms(), "big"), WRONG, "little-endian"),
    "base in seconds": (columns(1, 1, now_ms() // 1000), WRONG, "base time is in seconds"),
    "flags": (columns(1, 1, now_ms(), flags=2), LOST, "only bit 0"),
    "another kind": (b"\x02" + columns(1, 1, now_ms())[1:], WRONG, "kind 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_named(name: str) -> None:
    message, weight, said = SLIPS[name]
    if isinstance(message, str):  # of when it is sent: the cases are made long before the last of them is tried
        message = message.replace(LOCAL, format_ms(now_ms() + 7_200_000))
    found = hear(HELLO, message).first.values()
    assert any(said in each.said and each.weight == weight for each in found), [each.said for each in found]


RIGHT = {
    "text": [frame(seq, fix(seq, speed=11.1, heading=90, battery=0.5, attributes={"a": 1})) for seq in range(1, 30)],
    "backlog": [frame(1, lane="backlog"), frame(2, lane="live")],
    "an answer": ['{"type":"result","id":"c","ok":false,"detail":null}', frame(1)],
    "a message and a status": ['{"type":"message","id":"m-1","text":"here"}', '{"type":"status","page":"hidden"}'],
    "null": [frame(1, fix(speed=None, accuracy=None))],
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_not_called_wrong(name: str) -> None:
    report = hear(HELLO, *RIGHT[name])
    assert {kind for kind, each in report.first.items()} <= {"place"} and not report.is_wrong


TURNS = {
    "km/h": ({"speed": 40.0}, "kilometres per hour"),
    "knots": ({"speed": 21.6}, "knots"),
    "radians": ({"heading": 1.5708}, "radians"),
}


@pytest.mark.parametrize("name", TURNS)
def test_units_are_suspected_by_the_way_between_fixes(name: str) -> None:
    more, said = TURNS[name]
    report = hear(HELLO, *[frame(seq, fix(seq, **more)) for seq in range(1, 20)])
    assert any(said in each.said and each.weight == HINT for each in report.first.values()) and not report.is_wrong


def test_order_and_repeats_are_judged() -> None:
    assert any("went from 1 to 3" in each.said for each in hear(HELLO, frame(1), frame(3)).first.values())
    assert any("different content" in each.said for each in hear(HELLO, frame(1), frame(1, fix(9))).first.values())
    assert any("first message" in each.said for each in hear(frame(1)).first.values())
    assert any("no `boot`" in each.said for each in hear('{"type":"hello","device":"v"}').first.values())


def test_a_recording_is_read_by_the_command(tmp_path: Path) -> None:
    file, told = tmp_path / "frames.txt", list[str]()
    file.write_text("\n".join([HELLO, frame(1), "", columns(1, 1, now_ms()).hex()]))
    command = [sys.executable, "-c", "from tracker.cli import main; main()", "check-client", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1 and "line 4: `seq` 1 came twice with different content" in done.stdout, done.stdout
    file.write_text("\n".join([HELLO, frame(1), frame(2)]))
    assert check_file(file, told.append) == 0 and "3 messages with 2 fixes" in told[-1]


@dataclass
class Check:
    address: str = ""
    code: int = -1
    told: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.told)


@asynccontextmanager
async def checking(trial: Trial) -> AsyncIterator[Check]:
    """Listening; after the block, what it told and its exit code."""
    check, shutdown, listening = Check(), asyncio.Event(), asyncio.Event()

    def tell(line: str) -> None:
        check.told.append(line)
        listening.set()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(check_live("127.0.0.1:0", trial, None, shutdown, tell))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await listening.wait()
            check.address = check.told[0].partition("listening on ")[2].split()[0]
            yield check
        finally:
            shutdown.set()
        check.code = await task


async def test_what_only_a_connection_shows() -> None:
    async with checking(Trial(ack_s=5.0, ping_s=0.2, first_message_s=5.0)) as check:
        async with connect(f"ws://{check.address}/device?token=secret") as socket:
            await socket.send(HELLO)
            for seq in range(1, 6):
                await socket.send(frame(seq))
            while "4 may be" not in check.text:  # noqa: ASYNC110  # the check says it as a line
                await asyncio.sleep(0.02)
            await socket.send("x" * 200_000)
            await socket.wait_closed()
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as client:
            assert (await client.post(f"http://{check.address}/ws/device", json={})).status_code == 426
        async with connect(f"ws://{check.address}/ws/device", subprotocols=["mqtt"]) as socket:  # type: ignore[list-item]
            await socket.send(b"\x00")
            await socket.close(1000)
    assert check.code == 1
    for said in ("not /device", "query of the URL (token)", "closed with 1009", "plain POST", "mqtt", "first message"):
        assert said in check.text, check.text
    assert "secret" not in check.text


async def test_the_device_of_the_examples_passes_a_restart_too() -> None:
    began = datetime.now(UTC) - timedelta(seconds=700)
    lines = [{"at": (began + timedelta(seconds=each)).isoformat(), "lon": 24.9, "lat": 60.17} for each in range(500)]
    async with checking(Trial(ack_s=0.02, restart=3)) as check:
        command = [
            sys.executable,
            str(ROOT / "examples/device.py"),
            "van-1",
            "any",
            f"ws://{check.address}/ws/device",
            "-",
        ]
        pipe = asyncio.subprocess.PIPE
        device = await asyncio.create_subprocess_exec(*command, stdin=pipe, stderr=asyncio.subprocess.DEVNULL)
        await device.communicate(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        assert device.returncode == 0
    assert check.code == 0, check.text
    assert "on 2 connections" in check.text and "wrong" not in check.text


async def test_who_does_not_send_again_after_a_restart_is_told() -> None:
    async with checking(Trial(ack_s=0.0, restart=2)) as check:
        for seqs in ((1, 2), (3,)):
            async with connect(f"ws://{check.address}/ws/device") as socket:
                await socket.send(HELLO)
                for seq in seqs:
                    await socket.send(frame(seq))
                    await asyncio.wait_for(socket.recv(), 5)
                if seqs == (1, 2):
                    await asyncio.wait_for(socket.wait_closed(), 5)
    assert "frames 2 had no answer when a connection ended, and never came again" in check.text
