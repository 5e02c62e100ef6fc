"""`mqtts://` to a real broker whose certificate an authority of one's own has signed: what phones publish, commands and
alerts go over TLS with a user and a password; without that authority nobody is spoken to."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from tests.alerts.conftest import started, until
from tests.alerts.parts import PASSWORD, USER
from tests.alerts.test_owntracks_broker import Phone, PhonesBroker, adopt, reading, unknown
from tests.databases import Databases, copied
from tests.ports import free_port
from tests.running import RunningServer
from tracker.errors import Invalid
from tracker.settings import Settings, from_environment


class SealedBroker(PhonesBroker):
    """It has a door for whoever speaks TLS, beside that for the test itself."""

    def __init__(self, folder: Path) -> None:
        self.sealed_port, authority, shown = free_port(), trustme.CA(), folder / "certificate.pem"
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(shown))
        super().__init__(folder, f"listener {self.sealed_port} 127.0.0.1\ncertfile {shown}\nkeyfile {shown}\n")

    @property
    def settings(self) -> dict[str, str]:
        url = f"mqtts://{USER}:{quote(PASSWORD)}@127.0.0.1:{self.sealed_port}"
        return {"TRACKER_OWNTRACKS_URL": url, "TRACKER_MQTT_URL": url}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[SealedBroker]:
    with started(SealedBroker(tmp_path)) as broker:
        yield broker


async def test_phones_commands_and_alerts_by_a_certificate_of_ones_own(
    databases: Databases, broker: SealedBroker
) -> None:
    with copied(databases) as url:
        server, phone = RunningServer(url, **broker.settings), Phone(broker.port)
        try:
            server.start()
            await until(lambda: "CERTIFICATE_VERIFY_FAILED" in server.text(), 60)
            with server.api() as api:
                assert not unknown(api), "nobody is heard whose certificate nobody vouches for"
            server.end()
            server = RunningServer(url, **broker.settings, TRACKER_BROKER_CA=str(broker.authority))
            server.start()
            await adopt(server, phone)
            phone.report(range(1, 20))
            async with reading(url) as conn:
                await until(lambda: conn.fetchval("select count(*) = 20 from fix"), 60)
            with server.api() as api:
                assert api.post("/api/subscriptions", json={"channel": broker.channel()}).status_code == 201
                assert api.post("/api/devices/jane/commands", json={"name": "report_now"}).status_code == 201
                await until(lambda: broker.orders(), 60)
                address = api.get("/api/devices/jane").json()["ingest_url"]
                assert api.get(address, params={"id": "1", "alarm": "sos"}).status_code == 200
                await until(lambda: [each for each in broker.received() if each["path"] == "alerts/jane/_/sos"], 60)
        finally:
            phone.end()
            server.end()


def test_a_file_without_certificates_is_told_at_the_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for file in (empty, tmp_path / "missing.pem"):
        with pytest.raises(Invalid, match="no certificates in"):
            from_environment({"TRACKER_BROKER_CA": str(file)})


def test_both_brokers_are_trusted_by_it(tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    given = {"TRACKER_MQTT_URL": "mqtts://a.example", "TRACKER_OWNTRACKS_URL": "mqtts://b.example"}
    found = from_environment(given | {"TRACKER_BROKER_CA": str(file)})
    assert found.mqtt and found.owntracks and found.mqtt.authority == found.owntracks.authority == file
    assert Settings().broker_ca is None
