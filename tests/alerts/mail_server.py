"""A mail server: `python mail_server.py PORT FILE [CERTIFICATE]`. The first part of an address says how it is treated;
what was taken is a line in the file. With a certificate it asks for STARTTLS and the password, without one it takes a
password in the clear.
"""

import asyncio
import json
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

file = Path(sys.argv[2])
refused: set[tuple[str, str]] = set()


def record(line: Mapping[str, object]) -> None:
    with file.open("a") as log:
        log.write(json.dumps(line) + "\n")


class Mailboxes:
    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: object) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("full") and (before := ("full", address)) not in refused:
            refused.add(before)
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if any(each.startswith("spam") for each in envelope.rcpt_tos):
            return "554 5.7.1 we do not believe this"
        if any(each.startswith("slow") for each in envelope.rcpt_tos):
            await asyncio.sleep(0.3)
        content = envelope.content
        assert isinstance(content, bytes)
        line = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None}
        record(line | {"letter": content.decode("ascii")})
        return "250 taken"


def authenticate(server: SMTP, session: Session, envelope: Envelope, kind: str, data: object) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"tracker", b"p@ss"), handled=False)


async def main() -> None:
    options: dict[str, object] = {"authenticator": authenticate, "auth_require_tls": False}
    if len(sys.argv) > 3:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[3])
        options |= {"tls_context": context, "require_starttls": True, "auth_required": True, "auth_require_tls": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Mailboxes(), hostname="localhost", loop=loop, **options),  # type: ignore[arg-type]
        "127.0.0.1",
        int(sys.argv[1]),
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
