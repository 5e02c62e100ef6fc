"""A reading becomes a fix, or the reason why it is none."""

from tracker.model.fix import Fix, Refusal
from tracker.model.reading import Reading
from tracker.pipeline.accept import Refused, accept


def judge(reading: Reading, index: int, now: int) -> Fix | Refusal:
    """`now` in ms: the server's."""
    if reading.lon is None or reading.lat is None:
        return Refusal(index, "bad_value", reading.text)
    if reading.at is None:
        return Refusal(index, "bad_time", reading.text)
    try:
        return accept(reading.at, reading.lon, reading.lat, now, reading)
    except Refused as refused:
        return Refusal(index, refused.args[0], reading.text)
