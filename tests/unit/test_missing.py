"""What the page says of the presets while one draws is what decides."""

import re
from pathlib import Path

from tracker.geofence.fences import GAP_METRES, GAP_MS
from tracker.pipeline.presets import PRESETS, SHALLOW

SAID = (Path(__file__).resolve().parents[2] / "web" / "src" / "geofences" / "missing.ts").read_text(encoding="utf-8")


def number_of(name: str, text: str = SAID) -> float:
    [found] = re.findall(rf"\b{name}(?: =|:) ([\d._]+)", text)
    return float(found)


def test_the_page_knows_the_presets() -> None:
    for name, rules in PRESETS.items():
        [line] = re.findall(rf"  {name}: {{(.*?)}}", SAID)
        told = {field: number_of(field, line) for field in ("accuracy", "band", "fixes", "seconds")}
        decides = (rules.accuracy, rules.band, rules.fixes, rules.seconds)
        assert tuple(told.values()) == decides
        assert rules.is_plain or rules.worst == number_of("WORST")
    assert tuple(map(number_of, ("SHALLOW", "GAP_METRES", "GAP_S"))) == (SHALLOW, GAP_METRES, GAP_MS / 1000)
