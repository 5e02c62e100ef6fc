"""Who PostgreSQL runs as: it refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from tracker.errors import ClusterFailed

# `postgres` comes with Debian's package. It must have a name: initdb looks it up.
CANDIDATES: Final = ("postgres", "nobody")


class AccountIds(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    def identity(self) -> AccountIds:
        """Arguments for subprocess; none when it is us already, since changing to oneself needs rights too."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Asks the kernel, as that user: mode bits alone do not know about ACLs, mounts and the parents."""
        asked = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
        quiet = subprocess.DEVNULL
        return subprocess.run(asked, cwd="/", stderr=quiet, check=False, **self.identity()).returncode == 0

    def own(self, folder: Path) -> None:
        if self.uid != os.geteuid():
            os.chown(folder, self.uid, self.gid)


def postgres_account() -> Account:
    """Ourselves, unless we are root: then the first of the accounts that exist."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise ClusterFailed(f"PostgreSQL does not run as root, and there is no account {' or '.join(CANDIDATES)} for it")
