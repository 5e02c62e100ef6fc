"""What schemathesis finds between the reference and a real server: nothing, but for what is named with a reason."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.running import ADMIN_TOKEN, RunningServer
from tracker.setup.checkout import ENVIRONMENT
from tracker.setup.environment import find_uv

VERSION: Final = "schemathesis==4.32.5"
NOT_CHECKED: Final = {
    "positive_data_acceptance": "a schema cannot say that a ring closes, two devices differ or a text is a time: 422",
    "ignored_auth": "after ten wrong tokens the answer is 429 and not 401",
}
ENDLESS: Final = ("/api/events/stream", "/api/geofences/dry-run")
# Its own list of what refuses wrong data, and 431: a filter of thousands of characters makes the head of the request
# too large before anybody can look for the filter.
REFUSALS: Final = [400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, 431]
LONGEST: Final = 400  # characters of a line that is shown: it may quote a whole request


@pytest.mark.long
def test_schemathesis_finds_nothing(server: RunningServer, tmp_path: Path) -> None:
    settings = f"[checks]\nnegative_data_rejection.expected-statuses = {REFUSALS}\n"
    (tmp_path / "schemathesis.toml").write_text(settings)
    uv = find_uv() or ENVIRONMENT / "bin/uv"
    command = [str(uv), "tool", "run", "--from", VERSION, "st", "run", f"{server.url}/openapi.json", "--no-color"]
    command += ["-H", f"Authorization: Bearer {ADMIN_TOKEN}", "--phases", "fuzzing,coverage", "--max-examples", "5"]
    command += ["--request-timeout", "30", "--suppress-health-check", "all", "--continue-on-failure"]
    command += ["--exclude-checks", ",".join(NOT_CHECKED)]
    for path in ENDLESS:
        command += ["--exclude-path", path]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = [line[:LONGEST] for line in done.stdout.partition("FAILURES")[2].splitlines()]
    assert done.returncode == 0, "\n".join(lines[:300]) + done.stderr[-2000:]
