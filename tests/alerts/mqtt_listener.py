"""Hears all that a broker is told: `python mqtt_listener.py PORT FILE USER PASSWORD`; each message is a line."""

import json
import sys
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, file = int(sys.argv[1]), Path(sys.argv[2])


def connected(client: Client, *_: Any) -> None:
    client.subscribe("#", qos=1)


def subscribed(*_: Any) -> None:
    print(port, flush=True)


def heard(client: Client, _: Any, message: MQTTMessage) -> None:
    kind = getattr(message.properties, "ContentType", None)
    line = {"path": message.topic, "type": kind, "qos": message.qos, "body": message.payload.decode(errors="replace")}
    with file.open("a") as log:
        log.write(json.dumps(line) + "\n")


client = Client(CallbackAPIVersion.VERSION2, "listener", protocol=MQTTProtocolVersion.MQTTv5)
client.username_pw_set(sys.argv[3], sys.argv[4])
client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, heard
client.reconnect_delay_set(1, 1)
session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
session.SessionExpiryInterval = 3600
client.connect_async("127.0.0.1", port, clean_start=False, properties=session)
client.loop_forever(retry_first_connection=True)
