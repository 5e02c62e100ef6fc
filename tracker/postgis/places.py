"""Where a private cluster lies: its folder, its socket, its log and its lock."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracker.errors import ClusterFailed
from tracker.postgis.account import Account

FALLBACK: Final = Path("/var/lib/tracker")  # for root, when the wanted folder lies where PostgreSQL's account cannot go
ELSEWHERE: Final = "name a folder of your own with --data (TRACKER_DATA)"
SOCKET: Final = ".s.PGSQL.5432"
SOCKET_PATH_BYTES: Final = 100  # the kernel allows 107, and the lock file's name is 5 longer


@dataclass(frozen=True)
class Places:
    home: Path

    @property
    def cluster(self) -> Path:
        return self.home / "pgdata"

    @property
    def unfinished(self) -> Path:
        return self.home / "pgdata.new"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        near = self.home / "run"
        if len(os.fsencode(near / SOCKET)) <= SOCKET_PATH_BYTES:
            return near
        return Path("/tmp") / f"tracker-{_name_of(self.home)}"


def places_for(data: Path, account: Account) -> Places:
    """`data`, or for root a folder under /var/lib/tracker when `account` cannot reach `data` (a checkout in /root)."""
    wanted = data.absolute()
    if blocked := next((each for each in (wanted, *wanted.parents) if each.exists() and not each.is_dir()), None):
        raise ClusterFailed(f"{blocked} is no folder: {ELSEWHERE}")
    if os.geteuid() == 0 and not account.can_enter(_nearest(wanted)):
        wanted = FALLBACK / _name_of(wanted)
    try:
        _make(wanted, account)
    except OSError as error:
        raise ClusterFailed(f"{wanted} cannot be made ({error.strerror}): {ELSEWHERE}") from None
    if not os.access(wanted, os.R_OK | os.W_OK | os.X_OK):
        raise ClusterFailed(f"{wanted} may not be written by us (it belongs to {_owner_of(wanted)}): {ELSEWHERE}")
    return Places(wanted)


def make_private(folder: Path, account: Account) -> None:
    """A folder only `account` can open. Refuses one that is somebody else's: /tmp is everybody's."""
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid not in (account.uid, os.geteuid()):
        raise ClusterFailed(f"{folder} belongs to another user")
    account.own(folder)
    folder.chmod(0o700)


def _owner_of(folder: Path) -> str:
    try:
        return folder.owner()
    except KeyError:
        return f"user {folder.stat().st_uid}"


def _nearest(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.is_dir())


def _make(folder: Path, account: Account) -> None:
    """Makes the folder and its parents so that `account` can pass, whatever the umask; leaves existing ones alone."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        each.chmod(0o700 if account.uid == os.geteuid() else 0o711)


def _name_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
