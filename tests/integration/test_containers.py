"""The container files, judged by the real Compose and by hadolint. No engine is needed, and none is tried."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = Path(sys.executable).parent
COMPOSE: Final = ROOT / "docker-compose.yml"
DOCKERFILE: Final = ROOT / "Dockerfile"


def compose(path: Path, *arguments: str, profile: str = "") -> subprocess.CompletedProcess[str]:
    """What Compose makes of it. `profile`: with the services that are started only when it is named."""
    before: list[str] = ["--profile", profile] if profile else []
    command: list[str | Path] = [PROGRAMS / "docker-compose", "-f", path, *before, "config", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    told = compose(COMPOSE, "--format", "json", profile="several")
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)["services"]
    return found


@pytest.mark.parametrize("profile", ["", "several"])
def test_compose_accepts_it_without_a_warning(profile: str) -> None:
    told = compose(COMPOSE, "--quiet", profile=profile)
    assert (told.returncode, told.stderr) == (0, "")


def test_only_who_names_the_profile_gets_several_servers(services: dict[str, Any]) -> None:
    alone = json.loads(compose(COMPOSE, "--format", "json").stdout)["services"]
    assert set(alone) == {"secrets", "server", "database"}
    assert set(services) == {*alone, "first", "second", "nats", "balancer"}


def test_several_servers_are_reached_by_the_balancer_only(services: dict[str, Any]) -> None:
    for name in ("first", "second", "nats"):
        assert "ports" not in services[name]
    for name in ("first", "second", "nats", "balancer"):
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"]
    assert [port["host_ip"] for port in services["balancer"]["ports"]] == ["127.0.0.1"]
    assert list(services["nats"]["networks"]) == ["back"] and list(services["balancer"]["networks"]) == ["front"]
    for name in ("first", "second"):
        assert services[name]["depends_on"]["nats"]["condition"] == "service_healthy"
        assert services["balancer"]["depends_on"][name]["condition"] == "service_healthy"


def test_caddy_may_stand_before_it() -> None:
    files = ("-f", str(COMPOSE), "-f", str(ROOT / "docs/proxies/compose-caddy.yml"))
    told = subprocess.run(
        [str(PROGRAMS / "docker-compose"), *files, "config", "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TRACKER_HOST": "tracker.example.org"},
    )
    assert (told.returncode, told.stderr) == (0, "")
    services = json.loads(told.stdout)["services"]
    caddy, server = services["caddy"], services["server"]
    assert caddy["command"][-4:] == ["--from", "tracker.example.org", "--to", "server:8000"]
    assert set(caddy["networks"]) <= set(server["networks"])
    assert {each["published"] for each in caddy["ports"]} == {"80", "443"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("service_healthy", "service_happy"),
        ("      database:\n        condition: service_h", "      databse:\n        condition: service_h"),
        ("cap_drop", "cap_dorp"),
    ],
)
def test_compose_refuses_a_slip(tmp_path: Path, right: str, wrong: str) -> None:
    text = COMPOSE.read_text()
    assert right in text
    (tmp_path / "docker-compose.yml").write_text(text.replace(right, wrong))
    assert compose(tmp_path / "docker-compose.yml", "--quiet").returncode != 0


def test_the_database_is_healthy_only_when_postgis_answers_over_tcp(services: dict[str, Any]) -> None:
    check = services["database"]["healthcheck"]["test"]
    assert check[check.index("-h") + 1] == "127.0.0.1"
    assert "postgis_lib_version" in check[-1]


def test_the_server_waits_for_the_database_and_is_locked_in(services: dict[str, Any]) -> None:
    server = services["server"]
    assert server["depends_on"]["database"]["condition"] == "service_healthy"
    assert server["init"]
    assert server["read_only"]
    assert server["cap_drop"] == ["ALL"]
    assert [port["host_ip"] for port in server["ports"]] == ["127.0.0.1"]


def test_the_database_has_no_port_and_no_password_in_sight(services: dict[str, Any]) -> None:
    assert "ports" not in services["database"]
    assert list(services["database"]["networks"]) == ["back"]
    assert not any("PASSWORD" in name and not name.endswith("_FILE") for name in services["database"]["environment"])


def hadolint(path: Path) -> int:
    return subprocess.run([PROGRAMS / "hadolint", path], capture_output=True, check=False).returncode


def test_hadolint_finds_nothing(tmp_path: Path) -> None:
    assert hadolint(DOCKERFILE) == 0
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.read_text().replace("python:3.13-slim", "python"))
    assert hadolint(tmp_path / "Dockerfile") != 0


def test_the_image_installs_the_locked_uv() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    version = next(package["version"] for package in packages if package["name"] == "uv")
    assert f"uv=={version}" in DOCKERFILE.read_text()


def test_what_the_image_copies_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copies = [line.split()[1:-1] for line in DOCKERFILE.read_text().splitlines() if line.startswith("COPY ")]
    sources = {name.split("/")[0] for names in copies for name in names if "--from" not in names[0]}
    assert sources <= kept
