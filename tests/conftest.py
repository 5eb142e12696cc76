"""Real PostGIS for every test that needs one: a template from the real migrations, a clone for each worker."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from app import create_app
from app.config import ROOT, Config, with_driver
from app.db import EXTENSION, Database, open_database
from app.services import accounts
from tests.compiled_once import compile_once
from tests.databases import TEMPLATE_LOCK, cloned, empty, migrated


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: a broken function is told before a minute of clicking."""
    items.sort(key=lambda item: "e2e" in item.path.parts)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Argon2 at its weakest: a thousand sign-ins of tests need not be slow to guess."""
    accounts.PasswordHasher = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Addresses and templates are the same in every app of the tests."""
    compile_once(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def server_url() -> str:
    """The PostgreSQL server on which tests make their databases."""
    url = os.environ.get("POCIT_TEST_DATABASE_URL")
    if not url:
        pytest.fail("POCIT_TEST_DATABASE_URL is not set: start the tests with ./run test")
    return with_driver(url)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a migrated, empty database; made once for each state of the migrations."""
    migrations = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    state = hashlib.sha256(b"".join(path.read_bytes() for path in migrations)).hexdigest()[:12]
    name = f"pocit_template_{state}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with disposed(engine), engine.connect() as connection:
        # Several workers start at once: one makes the template, the others wait for it.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": TEMPLATE_LOCK})
        exists = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if not connection.scalar(exists, {"name": name}):
            draft = f"{name}_draft"
            connection.execute(text(f"DROP DATABASE IF EXISTS {draft}"))
            connection.execute(text(f"CREATE DATABASE {draft} TEMPLATE template0 ENCODING 'UTF8'"))
            migrated(server_url, draft)
            connection.execute(text(f"ALTER DATABASE {draft} RENAME TO {name}"))
    return name


@contextmanager
def disposed(engine: Engine) -> Iterator[None]:
    """Let go of the connections, also after a failure: a pooled one would keep the lock and stop everybody."""
    try:
        yield
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def database_url(server_url: str, template: str, worker_id: str) -> Iterator[str]:
    """A database of this worker's own."""
    yield from cloned(server_url, template, f"pocit_test_{os.getpid()}_{worker_id}")


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """The engine of the worker's database."""
    made = create_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def bound(engine: Engine) -> Iterator[Database]:
    """A database whose every commit is undone after the test."""
    with engine.connect() as connection:
        outer = connection.begin()
        maker = sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        yield Database(engine, maker, maker)
        outer.rollback()


@pytest.fixture
def session(bound: Database) -> Iterator[Session]:
    """A session of the test itself; commit before asking the client."""
    with bound.session() as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    """Settings of an app under test."""
    return Config(database_url=database_url, home=tmp_path / "home", secret_key="tests only")


@pytest.fixture
def app(config: Config, bound: Database) -> Flask:
    """The whole app on the test's transaction."""
    made = create_app(config)
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    made.extensions[EXTENSION] = bound
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a screen."""
    return app.test_client()


@pytest.fixture(scope="session")
def live_url(server_url: str, template: str, worker_id: str) -> Iterator[str]:
    """A database whose rows are really committed, for browsers."""
    yield from cloned(server_url, template, f"pocit_live_{os.getpid()}_{worker_id}")


@pytest.fixture(scope="session")
def live_server(live_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the running app."""
    home = tmp_path_factory.mktemp("home")
    app = create_app(Config(database_url=live_url, home=home, secret_key="tests only"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions[EXTENSION].engine.dispose()


@pytest.fixture
def live_session(live_url: str, live_server: str) -> Iterator[Session]:
    """A session on the live database, which is emptied afterwards."""
    database = open_database(live_url)
    with database.session() as opened:
        yield opened
    empty(live_url)
    database.engine.dispose()
