"""AllCounts: what all processes count, each with its name, as one registry: whoever scrapes any of them sees all."""

import asyncio
import zlib
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tracker.spread.words import Counts

PATIENCE: Final = 1.0  # s that others have to answer; who does not is left out


class AllCounts:
    def __init__(self, own: CollectorRegistry, name: str) -> None:
        self.own = own
        self.name = name
        self.found: dict[str, Counts] = {}  # by life
        self.missing: set[str] = set()
        self.whole = asyncio.Event()

    def make(self, life: str) -> Counts:
        return Counts(life, self.name, zlib.compress(generate_latest(self.own), 1))  # type: ignore[no-untyped-call]

    def expect(self, lives: Collection[str]) -> None:
        self.found = {life: each for life, each in self.found.items() if life in lives}
        self.missing = set(lives)
        self.whole.clear()

    def take(self, counts: Counts) -> None:
        self.found[counts.life] = counts
        self.missing.discard(counts.life)
        if not self.missing:
            self.whole.set()

    async def wait(self) -> None:
        """Until all have answered, or the time is up; who did not in time is shown as it was."""
        try:
            async with asyncio.timeout(PATIENCE if self.missing else 0):
                await self.whole.wait()
        except TimeoutError:
            return

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        add(families, self.name, self.own.collect())
        for each in self.found.values():
            text = zlib.decompress(each.text).decode()
            add(families, each.name, text_string_to_metric_families(text))  # type: ignore[no-untyped-call]
        yield from families.values()


def add(families: dict[str, Metric], process: str, found: Iterable[Metric]) -> None:
    for family in found:
        whole = families.get(family.name)
        if whole is None:
            whole = families[family.name] = Metric(family.name, family.documentation, family.type, family.unit)
        whole.samples += [sample._replace(labels={"process": process, **sample.labels}) for sample in family.samples]
