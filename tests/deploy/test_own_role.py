"""The role that the containers' app uses: it can do all that the app does, and nothing of a superuser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.config import ROOT

SCRIPT = ROOT / "deploy" / "postgresql" / "own-role.sh"
PASSWORD = "only'letters"


@pytest.fixture
def own_url(server_url: str) -> Iterator[str]:
    """A database made by the script for the image, as its own role."""
    if shutil.which("psql") is None:
        pytest.skip("no psql on this machine")
    name = f"pocit_role_{os.getpid()}_{uuid.uuid4().hex[:6]}"
    url = make_url(server_url)
    host = url.host or str(url.query.get("host", ""))
    at = {"PGHOST": host, "PGPORT": str(url.port or 5432), "PGPASSWORD": url.password or ""}
    environment = os.environ | at | {"POCIT_DB_NAME": name, "POCIT_DB_PASSWORD": PASSWORD}
    environment["POSTGRES_USER"] = url.username or "postgres"
    try:
        done = subprocess.run(["sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        yield url.set(database=name, username=name, password=PASSWORD).render_as_string(hide_password=False)
    finally:
        engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"DROP ROLE IF EXISTS {name}"))
        engine.dispose()


def test_the_apps_role_migrates_backs_up_and_restores_but_is_no_superuser(own_url: str, tmp_path: Path) -> None:
    environment = os.environ | {"DATABASE_URL": own_url, "POCIT_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment.pop("POCIT_SECRET_KEY", None)
    file = str(tmp_path / "all.backup")
    for words in (["db", "upgrade"], ["backup", file], ["restore", "--replace", file]):
        command = [sys.executable, "-m", "app.cli", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    with psycopg.connect(own_url.replace("+psycopg", "")) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY (SELECT 1) TO PROGRAM 'true'")


def test_the_containers_app_does_not_connect_as_the_superuser() -> None:
    told = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    database, server = told["services"]["database"], told["services"]["server"]
    superuser = database["environment"]["POSTGRES_USER"]
    assert make_url(server["environment"]["DATABASE_URL"].replace("${", "{").split(":?")[0] + "@x/y").username != (
        superuser
    )
    assert "POCIT_DB_ADMIN_PASSWORD" not in str(server)
    assert any("own-role.sh:/docker-entrypoint-initdb.d/" in one for one in database["volumes"])
