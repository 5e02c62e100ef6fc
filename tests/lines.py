"""Reading what another process writes while it writes."""

from pathlib import Path


def read_lines(path: Path) -> list[str]:
    """Those that are finished: the last one may be half there, and half a port is a port as well."""
    text = path.read_bytes() if path.exists() else b""
    return text[: text.rfind(b"\n") + 1].decode().splitlines()
