"""By OwnTracks' HTTP, one fix in each request, as the app sends it."""

from base64 import b64encode
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

import msgspec

from tracker.alerts.carriers.dialer import FAILURES, Dialer
from tracker.alerts.carriers.verdict import explain_failure, read_answer
from tracker.alerts.forwarding.outlet import HEADER, Sent, read_via
from tracker.model.fix import NO_MARKER, Fix, Row
from tracker.model.forward import Forward

AGENT: Final = "tracker-forward/1"
USER: Final = "tracker"
DEADLINE: Final = 20.0  # s for a batch; the request that is under way then has the dialer's own


class OwnTracksOutlet:
    def __init__(self, dialer: Dialer, forward: Forward, own: str) -> None:
        """`own`: what we are called among the servers a fix came through."""
        self.dialer = dialer
        self.forward = forward
        self.own = own

    async def send(self, rows: Sequence[Row]) -> Sent:
        end = monotonic() + DEADLINE
        for count, row in enumerate(rows):
            if monotonic() > end:
                return Sent(count)  # the rest with the next batch, for which the lease is renewed
            if row.fix.flags & NO_MARKER:
                continue  # nobody was there, and OwnTracks has no word for that
            try:
                body = msgspec.json.encode(write_location(row.fix, self.forward.name))
                reply = await self.dialer.post(self.forward.url, self.write_headers(row.fix), body)
            except FAILURES as error:
                return Sent(count, explain_failure(error).told)
            verdict = read_answer(reply.status, reply.retry_after)
            if verdict.result != "sent":
                return Sent(count, verdict.told, verdict.retry_after)
        return Sent(len(rows))

    def write_headers(self, fix: Fix) -> dict[str, str]:
        via = ", ".join((*read_via(fix), self.own))
        headers = {"content-type": "application/json", "user-agent": AGENT, HEADER: via}
        headers |= {"x-limit-u": USER, "x-limit-d": self.forward.name}
        if self.forward.secret:
            headers["authorization"] = "Basic " + b64encode(self.forward.secret.encode()).decode()
        return headers

    def close(self) -> None:
        """Connections are the dialer's."""


def write_location(fix: Fix, name: str) -> dict[str, Any]:
    """https://owntracks.org/booklet/tech/json/: seconds, km/h, percent; what is not known is left out."""
    found: dict[str, Any] = {"_type": "location", "tst": fix.at // 1000, "lat": fix.lat, "lon": fix.lon}
    found |= {"topic": f"owntracks/{USER}/{name}", "tid": name[-2:]}
    found |= {} if fix.accuracy is None else {"acc": round(fix.accuracy)}
    found |= {} if fix.altitude is None else {"alt": round(fix.altitude)}
    found |= {} if fix.speed is None else {"vel": round(fix.speed * 3.6)}
    found |= {} if fix.heading is None else {"cog": round(fix.heading)}
    found |= {} if fix.battery is None else {"batt": round(fix.battery * 100)}
    return found
