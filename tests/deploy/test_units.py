"""Units of systemd, compose and rules of Prometheus: read by the programs they are for, where those are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric

from app import meters
from app.config import ROOT
from app.views.metrics import MEANING

DEPLOY = ROOT / "deploy"
UNITS = DEPLOY / "systemd"
PYTHON = "/opt/pocit/current/.venv/bin/python"
SERVICES = ("pocit.service", "pocit-backup.service")
MOST_EXPOSED = 2.0
"""Of ten; systemd calls that OK, and most services of a Debian have over nine."""


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine; docs/decisions/0027-logs-and-metrics.md says when it was run")
    return found


def settings(unit: str) -> list[tuple[str, str]]:
    lines = (UNITS / unit).read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith(("#", "[")))
    return [(name, value) for name, _, value in pairs]


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    for unit in UNITS.glob("pocit*.[st]*"):
        if unit.suffix in {".service", ".socket", ".timer"}:
            # The programs lie where they lie here: that they are there is looked at too.
            (tmp_path / unit.name).write_text(unit.read_text().replace(PYTHON, sys.executable))
    units = sorted(str(path) for path in tmp_path.iterdir())
    assert len(units) == 4
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_may_do_little(unit: str) -> None:
    command = [program("systemd-analyze"), "security", "--offline=true", str(UNITS / unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_nobody_in_particular_and_starts_through_the_link(unit: str) -> None:
    found = settings(unit)
    assert ("User", "pocit") in found
    assert ("NoNewPrivileges", "yes") in found
    starts = [value for name, value in found if name.startswith("Exec") and "kill" not in value]
    assert starts
    assert all(value.startswith(f"{PYTHON} -m ") for value in starts)


def test_an_upgrade_migrates_before_the_new_version_begins() -> None:
    found = settings("pocit.service")
    reloads = [value for name, value in found if name == "ExecReload"]
    assert [value.rpartition(" -m ")[2] for value in reloads[:1]] == ["app.cli db upgrade"]
    assert reloads[1:] == ["/bin/kill -USR2 $MAINPID"]
    assert ("NotifyAccess", "all") in found


def test_the_jail_of_strangers_files_gets_its_calls() -> None:
    found = settings("pocit.service")
    allowed = next(value for name, value in found if name == "SystemCallFilter")
    assert {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp"} <= set(
        allowed.split()
    )
    assert ("RestrictNamespaces", "user net") in found


# ── Containers ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def test_only_the_proxy_is_open_to_the_world(compose: dict[str, Any]) -> None:
    ports = {name: service.get("ports", []) for name, service in compose["services"].items()}
    assert ports.pop("caddy") == ["80:80", "443:443", "443:443/udp"]
    assert ports.pop("server") == ["127.0.0.1:8000:8000"]
    assert not any(ports.values())
    assert compose["networks"]["inside"] == {"internal": True}
    assert compose["services"]["caddy"]["networks"] == ["outside"]
    assert compose["services"]["database"]["networks"] == ["inside"]


def test_containers_of_ours_may_do_little_and_log_within_bounds(compose: dict[str, Any]) -> None:
    for name in ("server", "migrations", "backup", "caddy"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["logging"]["options"]["max-size"]


def test_every_setting_of_the_containers_is_one_of_ours(compose: dict[str, Any]) -> None:
    known = set(re.findall(r"POCIT_[A-Z_]+|DATABASE_URL", (ROOT / "app" / "config.py").read_text()))
    known |= {"POCIT_WORKERS", "POCIT_THREADS"}
    assert set(compose["services"]["server"]["environment"]) <= known


def test_what_is_copied_into_the_image_is_there() -> None:
    for file, folder in ((DEPLOY / "Dockerfile", ROOT), (DEPLOY / "caddy" / "Dockerfile", DEPLOY / "caddy")):
        for line in file.read_text().replace("\\\n", " ").splitlines():
            words = line.split()
            if words[:1] == ["COPY"] and not words[1].startswith("--"):
                assert all((folder / word).exists() for word in words[1:-1]), line


def test_gunicorns_settings_find_all_they_need_in_the_image() -> None:
    copied = next(line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if "gunicorn.conf.py" in line)
    imported = set(re.findall(r"from deploy\.(\w+)", (DEPLOY / "gunicorn.conf.py").read_text()))
    assert all(f"deploy/{name}.py" in copied for name in imported)


def test_the_programs_for_backups_are_as_new_as_the_database(compose: dict[str, Any]) -> None:
    server = re.fullmatch(r"postgis/postgis:(\d+)-[\d.]+", compose["services"]["database"]["image"])
    client = re.search(r"postgresql-client-(\d+)", (DEPLOY / "Dockerfile").read_text())
    assert server
    assert client
    assert int(client[1]) >= int(server[1])


# ── Prometheus ──────────────────────────────────────────────────────────────────────────────────────────────


def test_alerts_hang_on_numbers_that_there_are() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "pocit-rules.yml").read_text())
    asked = {
        name
        for group in rules["groups"]
        for rule in group["rules"]
        for name in re.findall(r"\bpocit_\w+", rule["expr"])
    }
    told: set[str] = {f"pocit_{name}" for name in MEANING}
    told |= {"pocit_database_up", "pocit_home_free_bytes", "pocit_home_size_bytes"}
    told |= {"pocit_backup_last_success_timestamp_seconds"}
    for metric in meters.collected().collect():
        told |= _series(metric)
    assert asked <= told, asked - told


def test_every_alert_is_explained_in_the_handbook() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "pocit-rules.yml").read_text())
    chapter = (ROOT / "docs" / "handbook" / "provoz.md").read_text()
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["alert"] in chapter


def test_promtool_understands_the_rules() -> None:
    command = [program("promtool"), "check", "rules", str(DEPLOY / "prometheus" / "pocit-rules.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _series(metric: Metric) -> set[str]:
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {metric.name + end for end in ends.get(metric.type, ("",))}
