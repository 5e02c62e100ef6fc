"""What else alerts go to, each in a process of its own, all asked in the same way: what did you hear?"""

import email
import email.policy
import json
import re
from email.message import EmailMessage
from typing import Any

from tests.alerts.conftest import Receiver

EVENT = re.compile(r"\bevent (\d+)", re.IGNORECASE)


class MailServer(Receiver):
    """A real SMTP server; its letters are in the file."""

    script = "mail_server.py"

    @property
    def settings(self) -> dict[str, str]:
        return {"TRACKER_SMTP_URL": f"smtp://127.0.0.1:{self.port}", "TRACKER_SMTP_FROM": "Tracker <a@example.org>"}

    def channel(self, way: str = "") -> dict[str, Any]:
        return {"kind": "email", "to": [f"{way or 'ada'}@example.org"]}

    def letters(self) -> list[tuple[list[str], EmailMessage]]:
        """To whom, and what."""
        lines = [json.loads(line) for line in self.file.read_text().splitlines()]
        return [
            (line["to"], email.message_from_string(line["letter"], policy=email.policy.default))
            for line in lines
        ]

    def events(self, path: str | None = None) -> list[int]:
        return [int(id) for _, letter in self.letters() for id in EVENT.findall(letter.get_content())]

