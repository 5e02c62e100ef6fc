"""A push service and the browser behind it: `python push_service.py PORT FILE CERTIFICATE KEY AUTH`, the last two those
of the browser. It checks who sends, decrypts what came, and writes it into the file. Written from the RFCs, apart from
the code it tests. The end of the path says how it answers: `.../410`, `.../slow`.
"""

import base64
import hmac
import json
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def unpadded(text: str) -> bytes:
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def expand(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF of one block, RFC 5869."""
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\x01", "sha256")[:length]


def opened(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """RFC 8188, 2.1, and RFC 8291, 3.4."""
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    sender, record = body[21 : 21 + length], body[21 + length :]
    assert length == 65 and len(record) <= size and len(body) <= 4096
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    own = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = expand(shared, auth, b"WebPush: info\x00" + own + sender, 32)
    content_key = expand(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = expand(secret, salt, b"Content-Encoding: nonce\x00", 12)
    padded = AESGCM(content_key).decrypt(nonce, record, None).rstrip(b"\x00")
    assert padded.endswith(b"\x02")
    return padded[:-1]


def claims(authorization: str, origin: str) -> tuple[dict[str, object], str]:
    """RFC 8292: what the token claims, and the key it is signed with. ValueError where it is not to be believed."""
    scheme, _, parameters = authorization.partition(" ")
    given = dict(each.strip().split("=", 1) for each in parameters.split(","))
    header, payload, signature = given["t"].split(".")
    raw = unpadded(signature)
    signer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(given["k"]))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    signer.verify(der, f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
    claimed: dict[str, object] = json.loads(unpadded(payload))
    left = int(str(claimed["exp"])) - time.time()
    if scheme != "vapid" or json.loads(unpadded(header))["alg"] != "ES256" or len(raw) != 64:
        raise ValueError("not a token")
    if claimed["aud"] != origin or not 0 < left <= 86_400:
        raise ValueError(f"not for us, or not for now: {claimed}")
    return claimed, given["k"]


class PushService(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            claimed, signer = claims(self.headers["authorization"], f"https://{self.headers['host']}")
        except (ValueError, KeyError, InvalidSignature) as error:
            self.answer(403, repr(error).encode())
            return
        said = json.loads(opened(body, key, auth))
        headers = {name.lower(): value for name, value in self.headers.items()}
        line = {"path": self.path, "headers": headers, "claims": claimed, "key": signer, "said": said}
        with file.open("a") as log:
            log.write(json.dumps(line) + "\n")
        wish = self.path.rpartition("/")[2]
        if wish == "slow":
            time.sleep(0.3)
        self.answer(int(wish) if wish.isdigit() else 201)

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "3000")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever goes away, goes away."""


if __name__ == "__main__":
    file, auth = Path(sys.argv[2]), unpadded(sys.argv[5])
    key = ec.derive_private_key(int.from_bytes(unpadded(sys.argv[4]), "big"), ec.SECP256R1())
    server = Server(("127.0.0.1", int(sys.argv[1])), PushService)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()
