"""The check of a recording, and of a client that connects."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tracker.check_client.listen import PATH, Streams, Trial, build_app, listen
from tracker.check_client.remark import Remarks
from tracker.check_client.stream import Stream, read_line
from tracker.errors import Invalid
from tracker.model.frame import Frame
from tracker.model.moment import now_ms

Tell = Callable[[str], None]


def check_file(file: Path, tell: Tell) -> int:
    """One message a line. The exit code: 1 where the server would refuse something. The window is not judged: nobody
    knows when an answer came."""
    report, stream = Remarks(tell), Stream()
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Invalid(f"{file} is not UTF-8; binary messages stand in it as hex digits, one message a line") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            examine(stream, read_line(line.strip()), f"line {number}", report)
    report.connections = 1
    tell(report.sum_up())
    return int(report.is_wrong)


def examine(stream: Stream, message: str | bytes, where: str, report: Remarks) -> None:
    decoded, findings = stream.hear(message, now_ms())
    report.messages += 1
    for finding in findings:
        report.add(finding, where)
    if isinstance(decoded, Frame):
        report.fixes += len(decoded.entries)
        stream.answer(decoded.seq)


async def check_live(bind: str, trial: Trial, seconds: float | None, shutdown: asyncio.Event, tell: Tell) -> int:
    report = Remarks(tell)

    def announce(address: str) -> None:
        until = f"for {seconds:g} s" if seconds else "until Ctrl-C"
        tell(f"listening on {address} {until}: let the device connect to ws://{address}{PATH}")

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(end_after(seconds, shutdown))
        streams = Streams()
        await listen(bind, build_app(report, streams, trial), shutdown, announce)
        waiting.cancel()
    for device, stream in streams.known.items():
        for finding in stream.settle():
            report.add(finding, device)
    tell(report.sum_up())
    return int(report.is_wrong)


async def end_after(seconds: float | None, shutdown: asyncio.Event) -> None:
    if seconds is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await shutdown.wait()
        shutdown.set()
