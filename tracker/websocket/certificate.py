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
    seen, failed = find_stamp(certificate, key), None
    while True:
        await asyncio.sleep(EVERY)
        now = find_stamp(certificate, key)
        if now is None or now == seen:
            continue
        try:
            await asyncio.to_thread(load, tls.SSLContext(tls.PROTOCOL_TLS_SERVER), certificate, key)
            load(context, certificate, key)  # here, where handshakes begin, and none in the middle of it
        except (OSError, ValueError) as error:  # of which SSLError is one
            if now != failed:  # tried again at every look, for who may read it can change, and said once
                log.warning("the certificate has changed and cannot be read; the one before it stays: %s", error)
            failed = now
        else:
            seen = now
            log.info("the certificate was read again, as its files have changed")


def load(context: tls.SSLContext, certificate: Path, key: Path) -> None:
    """To be tried apart first: a key that does not fit would leave the server without any."""
    context.load_cert_chain(certificate, key, password=lambda: "")


def find_stamp(*paths: Path) -> Stamp | None:
    """Of what the names lead to: certbot's are links that it points elsewhere. None while a file is being replaced."""
    try:
        found = [path.stat() for path in paths]
    except OSError:
        return None
    return tuple(number for each in found for number in (each.st_ino, each.st_mtime_ns, each.st_ctime_ns, each.st_size))
