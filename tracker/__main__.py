"""`python3 -m tracker COMMAND` works from a bare checkout: what is missing is set up first, then the command runs."""

import os
import sys

OLDEST = (3, 11)
NEWEST = (3, 13)
PREPARED = "TRACKER_PREPARED"  # holds our pid after we replaced ourselves by the environment's Python


def main() -> int:  # an older Python must be able to read this file, to be told
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return wrong_python()
    from tracker.setup import checkout

    if not checkout.exists() or os.environ.pop(PREPARED, "") == str(os.getpid()):
        from tracker.cli import main as command

        command(prog_name="tracker")
        return 0
    from tracker.setup import prepare

    return prepare.main(sys.argv[1:], {**os.environ, PREPARED: str(os.getpid())})


def wrong_python() -> int:
    """Goes on with a Python we know, where there is one."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = "python3.%d" % minor  # noqa: UP031
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK):
                os.execv(path, [path, "-m", "tracker"] + sys.argv[1:])  # noqa: RUF005
    sys.stderr.write("tracker needs Python 3.11, 3.12 or 3.13; this is %d.%d\n" % sys.version_info[:2])  # noqa: UP031
    return 3


if __name__ == "__main__":
    sys.exit(main())
