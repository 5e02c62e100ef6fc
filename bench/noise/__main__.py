"""What the presets make of noise, as Markdown: `python -m bench.noise`, with `--write` into docs/geofences.md."""

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from bench.noise.bus import TRACK, rode
from bench.noise.run import PRESETS, results
from bench.noise.table import bus_table, table

DOCS: Final = Path(__file__).resolve().parents[2] / "docs/geofences.md"
BEGIN, END = "<!-- python -m bench.noise --write -->\n", "<!-- until here -->\n"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true")
    chosen = arguments.parse_args()
    begin = time.perf_counter()
    text = table(results())
    if TRACK.exists():
        text += "\n\nThe bus:\n\n" + bus_table((preset, rode(preset)) for preset in PRESETS)
    else:
        print("without the bus: its recording is not beside the repository", file=sys.stderr)
    print(text)
    print(f"{time.perf_counter() - begin:.0f} s", file=sys.stderr)
    if chosen.write:
        write(text)


def write(text: str) -> None:
    before, rest = DOCS.read_text().split(BEGIN)
    _, after = rest.split(END)
    DOCS.write_text(f"{before}{BEGIN}\n{text}\n\n{END}{after}")


if __name__ == "__main__":
    main()
