"""uMap from PyPI, as its makers run it behind a server for its files, with the town of our demo on a map.

Kinder to it than a real one: it has no tiles of a background to fetch, and its files come compressed and for ever.
"""

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

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from bench.servers import READY_S, free_port, wait_ready

LIST = Path(__file__).parent / "page_peers.txt"
DATABASE = "pocit_bench_umap"
SETTINGS = """
import json, os
DEBUG = False
SECRET_KEY = "bench"
ALLOWED_HOSTS = ["*"]
SITE_URL = "http://localhost"
STATIC_ROOT = os.environ["STATIC_ROOT"]
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
DATABASES = {"default": json.loads(os.environ["BENCH_DATABASE"])}
"""
FILES_SERVER = """
from django.conf import settings
from umap.wsgi import application
from whitenoise import WhiteNoise
application = WhiteNoise(
    application, root=settings.STATIC_ROOT, prefix="static/", immutable_file_test=lambda path, url: True
)
"""
MAKE_MAP = """
import json, os, sys, uuid
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "umap.settings"
django.setup()
from django.contrib.auth import get_user_model
from django.contrib.gis.geos import Point
from django.core.files.base import ContentFile
from umap.models import DataLayer, Licence, Map, TileLayer
BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
TileLayer.objects.create(name="none", url_template=BLANK, attribution="none", rank=1)
centre = Point(15.52, 49.62)
shown = {"type": "Feature", "geometry": json.loads(centre.geojson), "properties": {"name": "Vzorov", "zoom": 14}}
the_map = Map.objects.create(
    name="Vzorov", slug="vzorov", center=centre, zoom=14, licence=Licence.objects.create(name="none"),
    owner=get_user_model().objects.create(username="bench"), share_status=Map.PUBLIC, settings=shown,
)
options = {"name": "Vzorov", "displayOnLoad": True}
layer = DataLayer(uuid=uuid.uuid4(), map=the_map, name="Vzorov", display_on_load=True, settings=options)
drawn = json.load(open(sys.argv[1])) | {"_umap_options": options}
layer.geojson.save("town.geojson", ContentFile(json.dumps(drawn).encode()), save=False)
layer.save()
print("at", the_map.get_absolute_url())
"""


class NoPeer(Exception):
    """uMap can't be measured here, and why."""


@contextmanager
def umap(home: Path, url: str, geojson: Path) -> Iterator[str]:
    """The address of a running uMap's map of the town; NoPeer where it can't be had."""
    python = _installed(home)
    folder = python.parent.parent / "served"
    folder.mkdir(exist_ok=True)
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "files_server.py").write_text(FILES_SERVER)
    (folder / "make_map.py").write_text(MAKE_MAP)
    ours = make_url(url)
    with _own_database(ours):
        environment = _environment(folder, ours)
        command = str(python.parent / "umap")
        if not (folder / "static" / "staticfiles.json").exists():
            _do([command, "collectstatic", "--noinput"], environment)
            _do([str(python), "-m", "whitenoise.compress", "--quiet", str(folder / "static")], environment)
        _do([command, "migrate"], environment)
        said = _do([str(python), str(folder / "make_map.py"), str(geojson)], environment)
        path = said.rpartition("at ")[2].strip()
        port = free_port()
        serve = [str(python), "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "2", "-k", "gthread"]
        serve += ["--threads", "8", "--log-level", "error", "files_server:application"]
        process = subprocess.Popen(serve, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_ready(port, path, process)
            yield f"http://localhost:{port}{path}"
        except RuntimeError as error:
            raise NoPeer(str(error)) from error
        finally:
            process.terminate()
            process.wait(READY_S)


def _installed(home: Path) -> Path:
    """The Python of an environment with the listed versions; made once for each state of the list."""
    mark = hashlib.sha256(LIST.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = home / f"bench-umap-{mark}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        print("bench: installing uMap beside us …", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        _do([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(LIST)], None)
        ready.touch()
    return python


@contextmanager
def _own_database(ours: URL) -> Iterator[None]:
    """A database beside ours, dropped at the end."""
    engine = create_engine(ours, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {DATABASE}"))
        own = create_engine(ours.set(database=DATABASE), isolation_level="AUTOCOMMIT")
        with own.connect() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
        own.dispose()
        yield
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))
        engine.dispose()


def _environment(folder: Path, ours: URL) -> dict[str, str]:
    place = ours.query.get("host")
    database = {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": DATABASE,
        "USER": ours.username or "",
        "PASSWORD": ours.password or "",
        "HOST": ours.host or (place if isinstance(place, str) else ""),
        "PORT": str(ours.port or ours.query.get("port") or ""),
    }
    theirs = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "DATABASE_URL"}}
    return theirs | {
        "PYTHONPATH": str(folder),
        "UMAP_SETTINGS": str(folder / "settings.py"),
        "STATIC_ROOT": str(folder / "static"),
        "MEDIA_ROOT": str(folder / "uploads"),
        "BENCH_DATABASE": json.dumps(database),
    }


def _do(command: list[str], environment: Mapping[str, str] | None) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPeer(
            f"`{' '.join(command[:3])} …` ended with {done.returncode}:\n{(done.stdout + done.stderr)[-1500:]}"
        )
    return done.stdout
