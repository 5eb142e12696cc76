"""The servers that others wrote, each as its makers run it, in an environment that is not ours."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url

from bench.servers import READY_S, free_port, wait_ready

LIST = Path(__file__).parent / "peers.txt"
COLLECTION = "bench_pins"
HOME = "https://bench.example"
WORKERS = str(min(max(2, len(os.sched_getaffinity(0))), 8))
"""As many processes as ours has."""


def installed_peers(cache: Path) -> Path:
    """The Python of an environment with the listed versions; made once for each state of the list."""
    mark = hashlib.sha256(LIST.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache / f"bench-peers-{mark}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        print("bench: installing tipg and pygeoapi beside us …", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(LIST)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            sys.exit(
                f"{done.stdout}\nbench: tipg and pygeoapi could not be installed: there is nothing to compare with"
            )
        ready.touch()
    return python


@contextmanager
def tipg(python: Path, url: str, page: int) -> Iterator[int]:
    """The port of a running tipg that knows one view."""
    port = free_port()
    environment = {
        "DATABASE_URL": _plain(url),
        "TIPG_DB_SCHEMAS": '["public"]',
        "TIPG_DB_TABLES": json.dumps([f"public.{COLLECTION}"]),
        "TIPG_DB_EXCLUDE_FUNCTION_SCHEMAS": '["public"]',
        "TIPG_MAX_FEATURES_PER_QUERY": str(page),
        "TIPG_CATALOG_TTL": "86400",
    }
    command = ["uvicorn", "tipg.main:app", "--port", str(port), "--workers", WORKERS, "--log-level", "error"]
    with _running([str(python), "-m", *command], environment, port, f"/collections/public.{COLLECTION}"):
        yield port


@contextmanager
def pygeoapi(python: Path, url: str, page: int, folder: Path) -> Iterator[int]:
    """The port of a running pygeoapi that knows one view."""
    port = free_port()
    config, definition = folder / "pygeoapi.json", folder / "pygeoapi-openapi.json"
    config.write_text(json.dumps(_pygeoapi_config(make_url(url), port, page)))  # JSON is YAML too
    environment = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(definition)}
    generate = ["openapi", "generate", str(config), "--format", "json", "-of", str(definition)]
    done = subprocess.run(
        [str(python.parent / "pygeoapi"), *generate],
        env=_environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\nbench: pygeoapi could not describe the view")
    command = ["gunicorn", "-b", f"127.0.0.1:{port}", "-w", WORKERS, "-k", "gthread", "--threads", "8"]
    command += ["--log-level", "error", "--timeout", "120", "pygeoapi.flask_app:APP"]
    with _running([str(python), "-m", *command], environment, port, f"/collections/{COLLECTION}?f=json"):
        yield port


def _pygeoapi_config(url: URL, port: int, page: int) -> dict[str, object]:
    host, database_port = _place(url)
    data = {
        "host": host,
        "port": database_port,
        "dbname": url.database,
        "user": url.username,
        "password": url.password or "",
        "search_path": ["public"],
    }
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": data,
        "id_field": "id",
        "table": COLLECTION,
        "geom_field": "geom",
    }
    words = {"title": "bench", "description": "bench", "keywords": ["bench"]}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,
            "languages": ["en-US"],
            "limits": {"default_items": page, "max_items": page},
            "map": {"url": f"{HOME}/{{z}}/{{x}}/{{y}}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": words | {"terms_of_service": "none", "url": HOME},
            "license": {"name": "none", "url": HOME},
            "provider": {"name": "bench", "url": HOME},
            "contact": {"name": "bench", "email": "bench@bench.example", "url": HOME},
        },
        "resources": {
            COLLECTION: words
            | {
                "type": "collection",
                "links": [],
                "extents": {
                    "spatial": {"bbox": [15, 49, 16, 50], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
                },
                "providers": [provider],
            }
        },
    }


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], port: int, path: str) -> Iterator[None]:
    process = subprocess.Popen(command, env=_environment(environment), stdout=subprocess.DEVNULL)
    try:
        wait_ready(port, path, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(READY_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Ours without what would lead another Python to our packages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return kept | dict(more)


def _plain(url: str) -> str:
    """The URL as tipg reads it: a socket's folder as the host."""
    parts = make_url(url)
    host, port = _place(parts)
    whole = parts.set(drivername="postgresql", host="HOST", port=port, query={})
    return whole.render_as_string(hide_password=False).replace("@HOST", f"@{quote(host, safe='')}", 1)


def _place(url: URL) -> tuple[str, int]:
    """Where the database listens."""
    given = {name: value for name, value in url.query.items() if isinstance(value, str)}
    return url.host or given.get("host", "localhost"), url.port or int(given.get("port", 5432))
