"""Metrics: what the server counts and measures, in a registry of its own that is passed to who needs it."""

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

LATENCY: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
# A device's clock and its buffer are in this one: seconds for a live phone, hours for one that was in a tunnel.
AGE: Final = (*LATENCY[:-2], 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0)
ANSWER: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0)
BATCH: Final = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)


class Timings(Collector):
    """A histogram of seconds that only the loop's thread observes, so it takes no lock.

    prometheus_client's own takes 3 us for each observation, as much as the rest of a fix; this one takes 0.3.
    """

    def __init__(self, name: str, help: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._name, self._help, self._bounds = name, help, bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        registry.register(self)

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        upper = [*map(floatToGoString, self._bounds), "+Inf"]
        buckets = list(zip(upper, accumulate(self._counts), strict=True))
        yield HistogramMetricFamily(self._name, self._help, buckets, self._sum)


def begin_registry() -> CollectorRegistry:
    """Without a second series for each that says when it was made: Prometheus has no use for that."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    return CollectorRegistry()


class Counted(Protocol):
    """What can be shown by /metrics."""

    def collect(self) -> Iterable[Metric]: ...


async def refresh_nothing() -> None:
    """One process has its own counts."""


class Metrics:
    """One for the process. Times in seconds; labels have few values, never an id."""

    def __init__(self) -> None:
        self.registry = registry = begin_registry()
        self.shown: Counted = registry  # what /metrics shows: of this process, or of all
        self.refresh: Callable[[], Awaitable[None]] = refresh_nothing
        self.process: str | None = None  # which of several this is
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

        # the path of a fix, stage by stage
        self.fix_to_received = Timings(
            "tracker_fix_to_received_seconds", "From the device's time to ours", AGE, registry
        )
        self.received_to_stored = Timings(
            "tracker_received_to_stored_seconds", "From receipt to commit", LATENCY, registry
        )
        self.stored_to_sent = Timings(
            "tracker_stored_to_sent_seconds", "From commit to a viewer's socket", LATENCY, registry
        )

        # what became of them
        fixes = Counter("tracker_fixes", "Fixes, by what became of them", ["outcome"], registry=registry)
        self.fixes_stored = fixes.labels("stored")
        self.fixes_duplicate = fixes.labels("duplicate")
        self.fixes_quarantined = fixes.labels("quarantined")
        frames = Counter("tracker_frames", "WebSocket messages", ["direction"], registry=registry)
        self.frames_in = frames.labels("in")
        self.frames_out = frames.labels("out")
        self.events = Counter("tracker_events", "Events made", registry=registry)
        self.refused_events = Gauge("tracker_events_refused", "Events the database refused", registry=registry)

        # the writer
        self.batch_size = Histogram("tracker_batch_fixes", "Fixes per commit", buckets=BATCH, registry=registry)
        self.commit = Histogram("tracker_commit_seconds", "Time of a commit", buckets=LATENCY, registry=registry)
        self.waiting = Gauge("tracker_waiting_fixes", "Fixes that wait for the writer", registry=registry)
        self.storage_failures = Counter("tracker_storage_failures", "Batches tried again", registry=registry)

        # who is connected
        self.connections = Gauge("tracker_device_connections", "Open sockets of devices", registry=registry)
        self.viewers = Gauge("tracker_viewer_connections", "Open sockets of viewers", registry=registry)
        self.hears = Gauge("tracker_hears_positions", "1 where all positions are heard", registry=registry)
        self.hears.set(1)  # a process alone makes them
        self.slow_viewers = Counter("tracker_slow_viewers", "Viewers cut for reading nothing", registry=registry)

        # the rest
        self.requests = Counter("tracker_http_requests", "HTTP answers", ["method", "status"], registry=registry)
        self.request_time = Histogram(
            "tracker_http_request_seconds",
            "From a request's head to its answer's, by the route's template",
            ["method", "route"],
            buckets=ANSWER,
            registry=registry,
        )


class AlertMetrics:
    """Those of the process that sends alerts. The server's registry shows them too, so no name may be in both."""

    def __init__(self) -> None:
        self.registry = registry = begin_registry()
        ProcessCollector(namespace="tracker_carriers", registry=registry)
        self.alerts = Counter("tracker_alerts", "Attempts to send one, by outcome", ["outcome"], registry=registry)
        for outcome in ("sent", "failed", "dead"):
            self.alerts.labels(outcome)  # at 0 from the start: a rate has no first value otherwise
        self.alerts_waiting = Gauge("tracker_alerts_waiting", "Messages to be sent", registry=registry)
        self.alerts_dead = Gauge("tracker_alerts_dead", "Messages that were given up", registry=registry)
        self.alerts_oldest = Gauge("tracker_alerts_oldest_seconds", "Since when one waits", registry=registry)

    def text(self) -> bytes:
        """As OpenMetrics."""
        text: bytes = generate_latest(self.registry)  # type: ignore[no-untyped-call]
        return text
