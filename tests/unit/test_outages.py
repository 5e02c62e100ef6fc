"""Why a phone stopped is told by its make, system and app: each known cause has a recording that leads to it, in the
shape of what was reported: what a phone said until it said nothing more."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.moments import MONDAY
from tracker.ingest.apps import carry
from tracker.model.finding import Vitals
from tracker.model.fix import Fix
from tracker.model.moment import format_ms
from tracker.model.report import App
from tracker.phones.causes import CAUSES, PAGE, Cause, find_cause
from tracker.phones.decode import decode_post
from tracker.phones.findings import find_all
from tracker.phones.judge import judge
from tracker.phones.makers import find_make, find_maker
from tracker.phones.measure import find_interval
from tracker.phones.post import Post
from tracker.words.languages import ALL

OUTAGES = Path(__file__).parents[1] / "outages"


def fill(value: Any, at: int) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text.replace("<s>", str(at // 1000)).replace("<ms>", str(at)).replace("<iso>", format_ms(at))


def play(cause: Cause, now: int) -> Vitals:
    """What is known two hours later of whoever said what stands in the recording."""
    lines = [msgspec.json.decode(line) for line in (OUTAGES / f"{cause.id}.jsonl").read_bytes().splitlines()]
    about = lines.pop(0) if "ago" not in lines[0] else {}
    app: App | None = None
    fixes: list[Fix] = []
    for line in lines:
        at = now - line["ago"] * 1000
        body = fill(line.get("stream") or line.get("body") or "", at).encode()
        report = decode_post(Post(body, fill(line.get("query", ""), at), line.get("agent", ""), at))
        assert report.faults == ()
        if "stream" not in line:
            app = report.app if app is None else carry(report.app, app)
        judged = [judge(reading, 0, at) for reading in report.readings]
        fixes += [fix for fix in judged if isinstance(fix, Fix)]
    name = app.name if app is not None else PAGE if "page" in about else None
    seen = now - lines[-1]["ago"] * 1000
    system, make = (app.system, app.make) if app is not None else (None, None)
    return Vitals(
        now,
        seen,
        fixes[-1].at,
        name,
        interval=find_interval(fixes),
        battery=fixes[-1].battery,
        system=system,
        make=make or find_make(about.get("notes", "")),
    )


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_each_cause_has_a_source_and_a_recording_that_leads_to_it(cause: Cause) -> None:
    vitals = play(cause, MONDAY)
    assert cause.source and find_cause(vitals.app, vitals.system, vitals.make) == cause
    for words in ALL.values():
        said = [each for each in find_all(vitals, words) if each.code == "silent"]
        assert [each.text for each in said] == [words.causes[cause.id]]
        assert said[0].since == vitals.last_seen


def test_every_text_and_recording_belongs_to_a_cause() -> None:
    ids = {cause.id for cause in CAUSES}
    assert {path.stem for path in OUTAGES.glob("*.jsonl")} == ids == set(ALL["en"].causes)


@pytest.mark.parametrize(
    ("agent", "system", "make"),
    [
        ("Dalvik/2.1.0 (Linux; U; Android 14; SM-A546B Build/UP1A.231005.007)", "Android", "Samsung"),
        ("Dalvik/2.1.0 (Linux; U; Android 13; 2201117TY Build/TKQ1.221114.001)", "Android", "Xiaomi"),
        ("Dalvik/1.6.0 (Linux; U; Android 4.2.2; HUAWEI Y511-U30 Build/HUAWEIY511-U30)", "Android", "Huawei"),
        ("Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)", "Android", None),
        ("okhttp/4.12.0", "Android", None),
        ("Overland/1.4 CFNetwork/1568.200.51 Darwin/24.1.0", "iOS", "Apple"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)", "iOS", "Apple"),
        ("curl/7.88.1", None, None),
        ("", None, None),
    ],
)
def test_a_phone_is_told_by_its_user_agent(agent: str, system: str | None, make: str | None) -> None:
    assert find_maker(agent) == (system, make)


@pytest.mark.parametrize("text", ["Anna's phone", "a poem by Vivien", "mi casa", "honored guest", "id 2026AB", ""])
def test_a_name_is_no_make(text: str) -> None:
    assert find_make(text) is None


def test_a_make_alone_says_the_system() -> None:
    assert find_cause("OwnTracks", None, "Samsung").id == "samsung"
    assert find_cause(None, None, "Apple").id == "any"
