"""What only the system's packages can give: PostgreSQL with PostGIS, a browser for the tests, Python's venv."""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracker.errors import PostgisMissing, SetupFailed
from tracker.postgis.binaries import find_binaries
from tracker.setup import browser, environment
from tracker.setup.steps import Display, explain, run

APT_PATIENCE_S: Final = 300  # another apt may be at work: a fresh machine updates itself
# Debian makes a cluster of its own with the package unless told not to, and starts whatever is a service. We need only
# the binaries: no cluster is made, nothing is started now (policy-rc.d), and neither a broker nor a
# proxy with the machine's next start.
ONLY_BINARIES: Final = """
set -e
conf=/etc/postgresql-common/createcluster.d/00-tracker.conf
mkdir -p "${conf%/*}"
policy=/usr/sbin/policy-rc.d
[ -e "$policy" ] && policy=
trap 'rm -f "$conf" $policy' EXIT
trap 'exit 1' INT TERM HUP
echo 'create_main_cluster = false' > "$conf"
[ -z "$policy" ] || { printf '#!/bin/sh\\nexit 101\\n' > "$policy"; chmod 755 "$policy"; }
apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 -o DPkg::Use-Pty=0 "$@"
for service in mosquitto nginx caddy; do
    case " $* " in *" $service "*) systemctl disable "$service" 2>&1 || true ;; esac
done
case " $* " in *" gpsd "*) systemctl disable gpsd.socket gpsd 2>&1 || true ;; esac
"""


@dataclass(frozen=True)
class Package:
    name: str  # Debian's
    what: str


# What only tests use that are skipped without it: a file that is there once the package is, and the package.
OF_LONG_TESTS: Final = {
    "/usr/bin/cc": Package("gcc", "for the example in C"),
    "/usr/include/stdio.h": Package("libc6-dev", "for the example in C"),
    "/usr/include/libwebsockets.h": Package("libwebsockets-dev", "for the example in C"),
    "/usr/include/cjson/cJSON.h": Package("libcjson-dev", "for the example in C"),
    "/usr/bin/go": Package("golang-go", "for the example in Go"),
    "/usr/share/gocode/src/github.com/gorilla/websocket": Package(
        "golang-github-gorilla-websocket-dev", "for the example in Go"
    ),
    "/usr/share/perl5/Protocol/WebSocket.pm": Package("libprotocol-websocket-perl", "for the example in Perl"),
    "/usr/bin/ogr2ogr": Package("gdal-bin", "for the tests of map programs"),
    "/usr/bin/gpsbabel": Package("gpsbabel", "for the tests of map programs"),
    "/usr/sbin/nginx": Package("nginx", "for the tests behind proxies"),
    "/usr/bin/caddy": Package("caddy", "for the tests behind proxies"),
    "/usr/sbin/gpsd": Package("gpsd", "for the tests of receivers"),
    "/usr/bin/gpsfake": Package("gpsd-clients", "for the tests of receivers"),
}


def missing_for_long() -> list[Package]:
    """None on a machine without apt: those tests are skipped there, and `tracker test` says why."""
    if not shutil.which("apt-get"):
        return []
    return [package for path, package in OF_LONG_TESTS.items() if not Path(path).exists()]


def missing(*, postgis: bool, chromium: bool, broker: bool, environ: Mapping[str, str]) -> list[Package]:
    """What has to be installed for the parts that are wanted."""
    found: list[Package] = []
    if environment.find_uv() is None and importlib.util.find_spec("ensurepip") is None:
        found.append(Package(f"python3.{sys.version_info.minor}-venv", "to make .venv"))
    if postgis and not has_postgis():
        found.append(Package("postgresql-postgis", "PostgreSQL with PostGIS"))
    if chromium and browser.find_chromium(environ) is None:
        found.append(Package("chromium", "a browser, for the tests of the page"))
    if broker and find_mosquitto() is None:
        found.append(Package("mosquitto", "an MQTT broker, for the tests of alerts"))
    if chromium and sys.platform == "linux" and not has_library("libatomic.so.1"):
        found.append(Package("libatomic1", "for Playwright, which drives the browser"))
    return found


def has_postgis() -> bool:
    try:
        find_binaries()
    except PostgisMissing:
        return False
    return True


def find_mosquitto() -> str | None:
    """Debian has it where only root looks."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def install_command(packages: Sequence[Package]) -> str:
    """What a person would type."""
    names = " ".join(package.name for package in packages)
    if shutil.which("brew"):
        broker = " mosquitto" if "mosquitto" in names else ""
        return f"brew install postgis{broker}" + (" && brew install --cask chromium" if "chromium" in names else "")
    return f"apt-get update && apt-get install --no-install-recommends {names}"


@dataclass(frozen=True)
class Apt:
    """apt-get, as root or through sudo. `asks`: sudo wants the password each time, so its line has to be left alone."""

    sudo: tuple[str, ...]
    asks: bool = False

    def update(self) -> bool:
        """False where not all lists could be fetched, which need not matter: they may be there from before. Tries again
        while another apt holds the lists: unlike install, update does not wait for its lock."""
        deadline = time.monotonic() + APT_PATIENCE_S
        command = [*self.sudo, "apt-get", "update", "-q"]
        while (completed := run(command, cwd=Path("/"))).code != 0:
            if "Could not get lock" not in completed.output or time.monotonic() > deadline:
                raise SetupFailed(f"apt-get update: {reason_of(completed.output)}")
            time.sleep(1)
        return explain(completed.output) is None

    def install(self, packages: Sequence[Package]) -> None:
        command = [*self.sudo, "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", ONLY_BINARIES, "sh"]
        completed = run([*command, *(package.name for package in packages)], cwd=Path("/"))
        if completed.code != 0:
            names = ", ".join(package.name for package in packages)
            raise SetupFailed(f"apt-get could not install {names}: {reason_of(completed.output)}")


def reason_of(output: str) -> str:
    """Why apt gave up: what we know a sentence for, else its own errors."""
    errors = dict.fromkeys(line for line in output.splitlines() if line.startswith("E: "))
    return explain(output) or "\n".join(list(errors)[:5]) or output[-2000:]


def find_apt(packages: Sequence[Package], display: Display) -> Apt:
    """Says what will be installed, and asks for the password if one is needed. Raises SetupFailed where we cannot."""
    what = "; ".join(f"{package.name} ({package.what})" for package in packages)
    if not shutil.which("apt-get"):
        raise SetupFailed(f"needed from the system: {what}. {without_apt(packages)}")
    display.say(f"Installing with apt: {what}")
    if os.geteuid() == 0:
        return Apt(())
    if not shutil.which("sudo"):
        raise SetupFailed(f"that needs root, and there is no sudo. As root, run: {install_command(packages)}")
    display.say("This needs root: sudo may ask for your password.")
    if subprocess.run(["sudo", "-v"], check=False).returncode != 0:
        raise SetupFailed(f"sudo refused. As root, run: {install_command(packages)}")
    asks = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode != 0
    if asks:
        display.hush()
    return Apt(("sudo",), asks)


def without_apt(packages: Sequence[Package]) -> str:
    """The next step on a machine that is no Debian: how, where we know it, and what to look for where we do not."""
    if shutil.which("brew"):
        return f"Please run: {install_command(packages)}"
    return (
        "There is no apt-get here: install what corresponds with this system's own tool and run it again. Without"
        " PostgreSQL here, name another one with PostGIS: --database postgresql://user@host/name"
    )
