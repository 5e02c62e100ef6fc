"""What a batch that was stored says of how the server does, counted."""

from collections.abc import Iterable

from tracker.ingest.repeats import Repeats
from tracker.metrics import Metrics
from tracker.model.fix import Fix
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_us


def measure(
    metrics: Metrics, repeats: Repeats, batch: Iterable[tuple[Frame, object]], outcomes: Iterable[Outcome]
) -> None:
    now = now_us()
    frames = stored = duplicate = quarantined = 0
    for (frame, _), outcome in zip(batch, outcomes, strict=True):
        metrics.received_to_stored.observe((now - frame.received_at) / 1e6)
        if frame.entries and type(newest := frame.entries[-1]) is Fix:
            metrics.fix_to_received.observe(max(0.0, frame.received_at / 1e6 - newest.at / 1e3))
        frames += 1
        stored += outcome.stored
        if outcome.duplicate:
            duplicate += outcome.duplicate
            repeats.note(frame.device, outcome.duplicate, now)
        quarantined += len(outcome.refusals)
    metrics.frames_in.inc(frames)
    metrics.fixes_stored.inc(stored)
    metrics.fixes_duplicate.inc(duplicate)
    metrics.fixes_quarantined.inc(quarantined)
    metrics.batch_size.observe(stored)
