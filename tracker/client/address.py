"""Where the device stream of a server is."""

from urllib.parse import urlsplit, urlunsplit


def stream_url(url: str) -> str:
    """The device stream of the server at `url`, http:// or https://."""
    scheme, place, path, _, _ = urlsplit(url)
    return urlunsplit((scheme.replace("http", "ws", 1), place, path.rstrip("/") + "/ws/device", "", ""))
