"""The laws of what is told: with and without restarts the same, whatever dies where, and in whatever order fixes come
between two changes."""

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import asyncpg
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from tests.integration.player import AT, Script, Told, awaits_of, play
from tests.integration.told_already import ALREADY, BALANCED, NOTED
from tests.integration.told_changes import CHANGES, EXPECTED
from tests.integration.told_scripts import SCRIPTS, hours
from tests.laws import examples
from tracker.ingest import log, numberer, refresh
from tracker.model.moment import format_ms
from tracker.pipeline import vigil
from tracker.store.pool import open_connection

ALL: Final = SCRIPTS | CHANGES | ALREADY
Play = Callable[[Script, bool], Told]


@pytest.fixture
def played(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Plays a script in a loop of its own, for hypothesis has none. A standby looks more often than one that has
    nothing else to do, and a batch waits for the geofences that a script draws however busy the machine is."""
    monkeypatch.setattr(log, "STANDBY_POLL", 0.01)
    monkeypatch.setattr(numberer, "AGAIN", 0.01)
    monkeypatch.setattr(numberer, "STALLED", 0.05)
    monkeypatch.setattr(refresh, "PATIENCE", 60.0)
    monkeypatch.setattr(vigil, "FROZEN_MS", 60_000)  # a script has five minutes
    monkeypatch.setattr(vigil, "FROZEN_FIXES", 3)
    with asyncio.Runner() as runner:
        conn: asyncpg.Connection = runner.run(open_connection(database_url))
        yield lambda script, dies: runner.run(play(database_url, conn, script, dies=dies))
        runner.run(conn.close())


@pytest.mark.parametrize("name", ALL)
def test_a_script_tells_what_is_right_whatever_dies(name: str, played: Play) -> None:
    script, expected = ALL[name]
    assert played(script, False).lines() == expected
    assert played(script, True).lines() == expected


def test_what_is_folded_ahead_is_used_where_nothing_came_between(played: Play) -> None:
    """Or no script would tell whether it is right."""
    sends = ("send", (0, 1), (10, 0), (20, 1)), ("send2", (20, 0), (30, 1))
    assert played([("fence", "a", 0, {}), *sends], True).foreseen == 4
    between = [("send", (0, 1)), ("bad",), ("send", (10, 0)), ("standing", "hidden"), ("send", (20, 1))]
    assert played(between, True).foreseen == 0
    assert played([("send", (20, 1)), ("send", (10, 0))], True).foreseen == 0  # the table has to be asked for that


PLACES: Final = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4])
SPEEDS: Final = st.sampled_from([None, None, 5.0, 30.0])
MOMENTS: Final = st.integers(0, 300)
RULES: Final = st.sampled_from(
    [
        {},
        {},
        {"name": "the same by another name"},
        {"dwell": 40},
        {"dwell": 90},
        {"speed_limit": 10.0},
        {"preset": "balanced"},
        {"preset": "balanced", "dwell": 40, "speed_limit": 10.0},
        {"preset": "calm"},
        {"preset": "calm", "dwell": 40},
        {"enabled": False},
        {"categories": ["truck"]},
        {"devices": ["van-1"]},
        {"devices": ["van-2"]},
        hours("00:01", "00:03"),
        {"expires": format_ms(AT + 120_000)},
        EXPECTED,
        NOTED,
        NOTED | {"dwell": 40},
        BALANCED,
        BALANCED | {"dwell": 40, "speed_limit": 10.0},
    ]
)
FENCE: Final = st.tuples(st.just("fence"), st.sampled_from("ab"), st.sampled_from([None, 0, 0, 1, 2]), RULES)
SEND: Final = st.tuples(MOMENTS, PLACES, SPEEDS).map(lambda fix: ("send", fix))
PHONE: Final = st.tuples(MOMENTS, PLACES, SPEEDS).map(lambda fix: ("phone", fix))
DRAINING: Final = st.tuples(MOMENTS, PLACES, st.none(), st.sampled_from([0.9, 0.5, 0.16, 0.14, 0.05])).map(
    lambda fix: ("send", fix)
)
FINER: Final = st.tuples(MOMENTS, PLACES).map(lambda fix: ("phone", (fix[0] + 0.25, fix[1])))
SEND2: Final = st.tuples(MOMENTS, PLACES).map(lambda fix: ("send2", fix))
CHANGE: Final = st.one_of(
    FENCE,
    FENCE,
    st.sampled_from([("category", "truck"), ("category", "car"), ("pair", 100.0), ("pair", 150.0), ("pair", None)]),
    st.sampled_from([("pair", 100.0, "balanced"), ("pair", 100.0, "calm")]),
)
DEATH: Final = st.one_of(
    st.sampled_from([("restart",), ("crash",), ("take_over",), ("put_off",)]),
    st.tuples(st.just("crash"), st.integers(1, 25)),
    st.tuples(st.just("cut"), st.integers(1, 25)),
    st.tuples(st.just("crash"), st.just(0), st.integers(1, 40)),
)
REST: Final = st.one_of(
    st.sampled_from([("fold_in",), ("fold_in",), ("checkpoint",), ("slice",), ("outage",), ("judged",)]),
    st.tuples(st.just("clock"), MOMENTS),
    st.sampled_from([("standing", "hidden"), ("standing", "visible"), ("sos", "m-1"), ("sos", "m-2")]),
    st.tuples(st.just("standing"), st.just("visible"), st.integers(0, 3)),
    st.tuples(st.just("walk"), st.integers(0, 3), st.sampled_from([0, AT])),
    st.sampled_from([("rhythm", 60.0), ("rhythm", 6000.0)]),
    st.sampled_from([("wished", False), ("wished", True)]),
    st.sampled_from([("guard", 30.0), ("guard", 100.0), ("guard", 0.0), ("guard", None, True), ("guard", None, False)]),
)
RARE: Final = st.sampled_from(
    [("replace", "van-1"), ("replace", "van-2"), ("most_refolded", 1), ("refuse",), ("refuse", False), ("bad",)]
)
STEPS: Final = st.lists(
    st.one_of(SEND, SEND, SEND, DRAINING, SEND2, st.one_of(PHONE, FINER), CHANGE, DEATH, REST, RARE), max_size=24
)


def test_restarts_change_nothing_of_what_is_told(played: Play) -> None:
    @settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def law(steps: list[Any]) -> None:
        script = [("interval", 60), *steps, ("fold_in",)]
        with_deaths = played(script, True)
        event(f"{min(len(with_deaths.events), 9)} events")
        assert played(script, False).lines() == with_deaths.lines()

    law()


TOGETHER: Final = st.sampled_from([0, 5, 10, 290, 305, 310])  # s: some are too far apart in time to say anything
MEETING: Final = st.one_of(
    st.tuples(st.sampled_from(["send", "send2"]), st.tuples(TOGETHER, st.integers(0, 2))),
    st.tuples(st.just("phone"), st.tuples(TOGETHER.map(lambda at: at + 0.25), st.integers(0, 2))),
    st.sampled_from([("crash",), ("checkpoint",), ("fold_in",)]),
)


def test_restarts_change_nothing_of_who_is_near_whom_whatever_comes_by_two_ways(played: Play) -> None:
    @settings(max_examples=examples(4), deadline=None, suppress_health_check=list(HealthCheck))
    @example([("send", (310, 0)), ("phone", (10.25, 0))], "strict")
    @given(st.lists(MEETING, max_size=12), st.sampled_from(["strict", "balanced"]))
    def law(steps: list[Any], preset: str) -> None:
        script = [("pair", 100.0, preset), ("send2", (0, 0)), ("send", (10, 0)), *steps, ("crash",)]
        script += [("send2", (320, 0)), ("send", (320, 0)), ("send2", (330, 0)), ("fold_in",)]
        assert played(script, False).lines() == played(script, True).lines()

    law()


def test_between_two_changes_the_order_of_fixes_is_all_the_same(played: Play) -> None:
    sends = st.lists(st.one_of(SEND, SEND, SEND, PHONE, FINER), min_size=1, max_size=6)
    blocks = st.lists(st.tuples(CHANGE, sends), min_size=1, max_size=4)

    @settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
    @given(blocks, st.randoms(use_true_random=False))
    def law(given: list[Any], chance: random.Random) -> None:
        in_order: list[Any] = []
        mixed: list[Any] = []
        for change, sends in given:
            moments = {send[1][0]: send for send in sends}  # a moment has one place
            ordered = [moments[at] for at in sorted(moments)]
            shuffled = list(ordered)
            chance.shuffle(shuffled)
            in_order += [change, *ordered, ("fold_in",)]
            mixed.append(change)
            for send in shuffled:
                mixed += [send, ("fold_in",)] if chance.random() < 0.5 else [send]
            mixed.append(("fold_in",))
        assert played(in_order, False).standing() == played(mixed, False).standing()

    law()


# What no script of one server and a willing database can wait at.
MEGABYTES: Final = "only for megabytes of geofences: tests/integration/test_changed_geofences"
FOR_GOOD: Final = "what is refused for good: tests/integration/test_numberer"
NEVER_WAITED_AT: Final = {
    "log.py: await asyncio.sleep(STANDBY_POLL)": "a standby waits here, and owns nothing",
    "log.py: await self.commit(frames)": "after a partition was dropped: tests/integration/test_late_partitions",
    "refresh.py: await begin(conn, fences, revision)": MEGABYTES,
    "refresh.py: await open_connection(url)": MEGABYTES,
    "refresh.py: await made": MEGABYTES,
    "expecting.py: await writer.decide(lambda due=due: judge_due(writer.log, due))": "the writer's, whose log this is",
    "numberer.py: await self.attempt()": "the loop, which a script is",
    "numberer.py: await self.pause()": "the loop, which a script is",
    "numberer.py: await self.told.wait()": "the loop, which a script is",
    "numberer.py: await asyncio.sleep(REST)": "the loop, which a script is",
    "numberer.py: await self.idle.wait()": "at the end of a server",
    "numberer.py: await self.bear(error)": FOR_GOOD,
    "numberer.py: await self.set_aside(self.conn, self.first, error)": FOR_GOOD,
    "numberer.py: await select_told(conn, id)": FOR_GOOD,
    "numberer.py: await number_one(conn, id)": FOR_GOOD,
    "numberer.py: await insert_refused(conn, told, events[0].id if events else None, repr(error))": FOR_GOOD,
    "numberer.py: await select_oldest_unnumbered(self.conn)": "what is refused by itself: integration/test_numberer",
}


def test_every_await_of_the_log_is_one_a_script_dies_at(played: Play) -> None:
    """A new await must be reached by a script, so that the law ranges over a death at it."""
    reached: set[str] = set()
    for script, _ in SCRIPTS.values():
        reached |= played([*script, ("slice",), ("checkpoint",)], True).places
    reached |= played([("bad",), ("pair", 9.0), ("cut", 2), ("send", (0, 0)), ("delete", "van-2")], True).places
    refused = [("refuse",), ("send", (10, 1)), ("fold_in",), ("send", (11, 1)), ("fence", "a", 0, {"dwell": 9})]
    reached |= played([("fence", "a", 0, {}), ("send", (0, 0), (20, 0)), *refused, ("send", (30, 0))], True).places
    expected = [("fence", "a", 0, EXPECTED), ("send", (0, 1)), ("judged",)]
    reached |= played(expected, True).places
    reached |= played([("send", (0, 0)), ("walk", 7)], True).places
    reached |= played([("send", (0, 0), (9, 1)), ("phone", (0, 0), (5, 1)), ("phone", (5, 1))], True).places
    numbered = [step for at in range(4, 24) for step in (("cut", at), ("send", (at, at % 2)))]
    reached |= played([("fence", "a", 0, {}), *numbered], True).places
    unmoved = [("send", (30, 0), (31, 0)), ("wished", True), ("send", (40, 1))]  # of which some tell nothing
    reached |= played([("fence", "a", 0, {}), ("wished", False), *numbered, *unmoved], True).places
    missed = {
        text
        for name in (
            "log.py",
            "inputs.py",
            "folds.py",
            "notes.py",
            "days.py",
            "checkpoint.py",
            "replay.py",
            "refresh.py",
            "expecting.py",
            "numberer.py",
        )
        for text, places in awaits_of(name).items()
        if text not in NEVER_WAITED_AT and places.isdisjoint(reached)
    }
    assert not sorted(missed), "\n".join(sorted(missed))
