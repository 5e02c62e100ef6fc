"""Whether the server of this container is alive, for its HEALTHCHECK: the image has no curl.

It asks /livez. A standby, or a server whose database is away, is not ready and still right to wait: to end it would
help nobody.
"""

import ssl
import sys
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from tracker.settings import Settings, from_environment
from tracker.start import bound_url

ANSWER_S: Final = 4


def is_alive(settings: Settings) -> bool:
    """By https where the server speaks it, whatever its certificate says: we know whom we ask."""
    trusting = ssl._create_unverified_context() if settings.tls_certificate else None
    try:
        with urlopen(f"{bound_url(settings, settings.bind)}/livez", timeout=ANSWER_S, context=trusting) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError) as error:
        print(error, file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(0 if is_alive(from_environment()) else 1)
