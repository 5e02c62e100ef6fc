"""What all tests keep, so that none fails only because the machine is busy."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]
CLIENTS: Final = r"httpx2\.(get|post|put|delete|patch|request|head|options|stream|Client|AsyncClient)"


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(TESTS)}:{node.lineno}", node


def test_whoever_asks_a_server_says_how_long_it_waits() -> None:
    """The client's own five seconds are over where eight servers start beside ours."""
    found = [
        place
        for place, call in calls()
        if re.fullmatch(CLIENTS, ast.unparse(call.func)) and "timeout" not in {each.arg for each in call.keywords}
    ]
    assert not found, found
