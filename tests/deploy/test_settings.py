"""The chapter for whoever runs the server says every setting that the code reads, and none that it does not."""

from __future__ import annotations

import re
from pathlib import Path

from app.config import ROOT

CHAPTER = ROOT / "docs" / "handbook" / "provoz.md"
NAME = re.compile(r"\b(?:POCIT_[A-Z_]+[A-Z]|DATABASE_[A-Z_]+URL|DATABASE_URL)\b")
OF_DEVELOPERS = {
    "POCIT_LAUNCHER",  # ./run tells the server who started it
    "POCIT_TEST_DATABASE_URL",
    "POCIT_TEST_PROGRAMS",
    "POCIT_BENCH_DATABASE_URL",
}
OF_PROXY_AND_CONTAINERS = {"POCIT_SITE", "POCIT_UPSTREAM", "POCIT_CADDY_OPTIONS", "POCIT_DB_PASSWORD",
                           "POCIT_DB_ADMIN_PASSWORD"}  # fmt: skip


def named_in(*files: Path) -> set[str]:
    return {name for file in files for name in NAME.findall(file.read_text())}


def test_the_table_has_every_setting_that_the_code_reads() -> None:
    code = [*(ROOT / "app").rglob("*.py"), *(ROOT / "deploy").rglob("*.py")]
    read = {
        name
        for file in code
        for name in re.findall(r"environ(?:\.get\(|\[)\s*\"(POCIT_[A-Z_]+|DATABASE_[A-Z_]+)\"", file.read_text())
    }
    assert {"DATABASE_URL", "POCIT_HOME", "POCIT_METRICS_TOKEN", "POCIT_WORKERS"} <= read
    rows = {
        name
        for line in CHAPTER.read_text().splitlines()
        if line.startswith("| `")
        for name in NAME.findall(line.split("|")[1])
    }
    assert read - OF_DEVELOPERS - rows == set()


def test_the_chapter_names_no_setting_that_nothing_reads() -> None:
    proxies = [ROOT / "deploy" / "compose.yaml", ROOT / "deploy" / "caddy" / "Caddyfile"]
    code = [*(ROOT / "app").rglob("*.py"), *(ROOT / "deploy").rglob("*.py"), *proxies]
    assert named_in(CHAPTER) <= named_in(*code)


def test_what_the_chapter_copies_is_there() -> None:
    named = set(re.findall(r"\bdeploy/[\w./-]+\w", CHAPTER.read_text()))
    assert {"deploy/systemd/pocit.service", "deploy/postgresql/pocit.conf", "deploy/caddy/Caddyfile"} <= named
    # Made by whoever reads it.
    named.discard("deploy/.env")
    missing = {name for name in named if not (ROOT / name).exists()}
    assert missing == set()
