"""Autobahn's own runner, all 517 cases: `python -m tests.websocket.autobahn WSTEST`. It needs Python 2.7."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from .server import Server
from .test_autobahn import LIMITS, verdict


def main(wstest: str) -> int:
    with Server(limits=LIMITS) as server, tempfile.TemporaryDirectory() as folder:
        specification = {
            "outdir": folder,
            "cases": ["*"],
            "exclude-cases": [],
            "exclude-agent-cases": {},
            "servers": [{"agent": "room", "url": f"ws://127.0.0.1:{server.address.port}/echo"}],
        }
        written = Path(folder, "specification.json")
        written.write_text(json.dumps(specification))
        subprocess.run([wstest, "-m", "fuzzingclient", "-s", str(written)], check=True, stdout=subprocess.DEVNULL)
        found = json.loads(Path(folder, "index.json").read_text())["room"]
    verdicts = {case: verdict(result["behavior"], result["behaviorClose"]) for case, result in found.items()}
    print(len(verdicts), dict(Counter(verdicts.values())))
    for case, said in verdicts.items():
        if said not in ("OK", "UNIMPLEMENTED"):
            print(case, said)
    return 1 if any("FAILED" in said or "WRONG" in said for said in verdicts.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
