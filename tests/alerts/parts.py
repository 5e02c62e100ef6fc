"""What else alerts go to, each in a process of its own, all asked in the same way: what did you hear?"""

import email
import email.policy
import getpass
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import trustme

from tests.alerts.conftest import Receiver, started
from tests.lines import read_lines
from tests.running import RunningServer
from tracker.setup.system import find_mosquitto

USER, PASSWORD = "tracker", "p@ss"
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
        lines = [json.loads(line) for line in read_lines(self.file)]
        return [(line["to"], email.message_from_string(line["letter"], policy=email.policy.default)) for line in lines]

    def events(self, path: str | None = None) -> list[int]:
        return [int(id) for _, letter in self.letters() for id in EVENT.findall(letter.get_content())]


# The browser of RFC 8291's appendix A.
BROWSER_KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
BROWSER = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}


class PushService(Receiver):
    """One over TLS, as all are, and a browser that is subscribed to it."""

    script = "push_service.py"

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.trust = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(self.trust))
        shown = folder / "push_service.pem"
        self.authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(shown))
        super().__init__(folder, str(shown), BROWSER_KEY, BROWSER["auth"])

    @property
    def settings(self) -> dict[str, str]:
        return super().settings | {"SSL_CERT_FILE": str(self.trust)}

    def channel(self, way: str = "") -> dict[str, Any]:
        return {"kind": "webpush", "endpoint": f"https://127.0.0.1:{self.port}/push/{way or 'x'}", "keys": BROWSER}

    def received(self, path: str | None = None) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in read_lines(self.file)]
        return [line for line in lines if path in (None, line["path"])]

    def events(self, path: str | None = None) -> list[int]:
        return [int(id) for each in self.received(path) for id in EVENT.findall(each["said"]["body"])]


class Mosquitto(Receiver):
    """Debian's broker, and somebody who is subscribed to everything; that one writes what it hears into the file, and a
    broker that was away brings it what it missed."""

    script = "mqtt_listener.py"

    def __init__(self, folder: Path, more: str = "") -> None:
        """`more`: lines of its configuration, another listener for one."""
        super().__init__(folder, USER, PASSWORD)
        self.configuration = more
        self.folder = folder / "mosquitto"
        self.folder.mkdir()
        self.broker: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, str]:
        return {"TRACKER_MQTT_URL": f"mqtt://{USER}:{quote(PASSWORD)}@127.0.0.1:{self.port}"}

    def channel(self, way: str = "") -> dict[str, Any]:
        return {"kind": "mqtt", "topic": "alerts/{device}/{geofence}/{type}"}

    def start(self) -> None:
        if self.broker is None:
            self.configure()
        found = find_mosquitto()
        assert found, "mosquitto is not installed; `python3 -m tracker test` installs it"
        with (self.folder / "log").open("ab") as log:
            self.broker = subprocess.Popen([found, "-c", self.folder / "mosquitto.conf"], stdout=log, stderr=log)
        if not hasattr(self, "process"):
            super().start()

    def configure(self) -> None:
        """Everybody needs the password; the topics below `secret/` are closed to us."""
        (self.folder / "passwords").touch(mode=0o600)
        program = Path(find_mosquitto() or "").parent.parent / "bin/mosquitto_passwd"
        subprocess.run([program, "-b", self.folder / "passwords", USER, PASSWORD], check=True, capture_output=True)
        (self.folder / "topics").write_text(f"user {USER}\ntopic read #\ntopic write alerts/#\n")
        (self.folder / "topics").chmod(0o600)
        (self.folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {self.folder}/passwords\n"
            f"acl_file {self.folder}/topics\npersistence true\npersistence_location {self.folder}/\n"
            f"user {getpass.getuser()}\nmax_packet_size 100000\nlog_type error\n" + self.configuration
        )

    def stop_broker(self) -> None:
        assert self.broker
        self.broker.send_signal(signal.SIGTERM)
        self.broker.wait()

    def end(self) -> None:
        super().end()
        if self.broker and self.broker.poll() is None:
            self.broker.send_signal(signal.SIGCONT)
            self.stop_broker()


@contextmanager
def one_of_each(folder: Path) -> Iterator[list[Receiver]]:
    """Webhooks, mail, MQTT and push, in this order."""
    kinds: tuple[type[Receiver], ...] = (Receiver, MailServer, Mosquitto, PushService)
    with ExitStack() as stack:
        yield [stack.enter_context(started(kind(folder))) for kind in kinds]


def settings_of(parts: list[Receiver]) -> dict[str, str]:
    return {name: value for part in parts for name, value in part.settings.items()}


def subscribe_all(server: RunningServer, parts: list[Receiver], way: str = "") -> list[str]:
    """The ids."""
    with server.api() as api:
        made = [api.post("/api/subscriptions", json={"channel": part.channel(way)}) for part in parts]
    return [each.raise_for_status().json()["id"] for each in made]
