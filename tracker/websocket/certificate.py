"""A certificate that is renewed while the server runs is read again: certbot changes files and tells nobody here."""

import asyncio
import logging
import ssl as tls
from pathlib import Path
from typing import Final

log = logging.getLogger("tracker.websocket")

EVERY: Final = 30.0
"""Seconds between looks; a certificate is renewed weeks before the old one ends."""

Stamp = tuple[int, ...]


async def follow(context: tls.SSLContext | None, certificate: Path | None, key: Path | None) -> None:
    """Until cancelled. Who connects after a change is shown the new certificate; connections that are open stay."""
    if context is None or certificate is None or key is None:
        return
    seen = find_stamp(certificate, key)
    while True:
        await asyncio.sleep(EVERY)
        now = find_stamp(certificate, key)
        if now is None or now == seen:
            continue
        seen = now
        try:
            await asyncio.to_thread(load, context, certificate, key)
        except (OSError, ValueError) as error:  # of which SSLError is one
            log.warning("the certificate has changed and cannot be read; the one before it stays: %s", error)
        else:
            log.info("the certificate was read again, as its files have changed")


def load(context: tls.SSLContext, certificate: Path, key: Path) -> None:
    """Tried apart first: a key that does not fit would leave the server without any."""
    for each in (tls.SSLContext(tls.PROTOCOL_TLS_SERVER), context):
        each.load_cert_chain(certificate, key, password=lambda: "")


def find_stamp(*paths: Path) -> Stamp | None:
    """Of what the names lead to: certbot's are links that it points elsewhere. None while a file is being replaced."""
    try:
        found = [path.stat() for path in paths]
    except OSError:
        return None
    return tuple(number for each in found for number in (each.st_ino, each.st_mtime_ns, each.st_size))
