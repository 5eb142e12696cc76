"""Homes for private clusters: short paths that PostgreSQL's user may enter, gone at the end."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import postmaster
from deploy.local.cluster import Cluster
from deploy.local.console import Console
from deploy.local.places import CHECKOUT, Places


@pytest.fixture(scope="session")
def homes() -> Iterator[Path]:
    """A folder for homes. pytest's own temporary folders are closed to other users, such as `postgres`."""
    folder = Path(tempfile.mkdtemp(prefix="pocit-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def places(homes: Path) -> Iterator[Places]:
    """One home with a cluster, for all the tests of a module: making one takes two seconds."""
    home = homes / f"příliš žluťoučký {os.getpid()}"
    home.mkdir()
    found = Places(CHECKOUT, home)
    yield found
    assert postmaster.left_over(home / "cluster" / "data") == [], "a test left PostgreSQL running"
    shutil.rmtree(home)


@pytest.fixture
def said() -> io.StringIO:
    """What the console said."""
    return io.StringIO()


@pytest.fixture
def cluster(places: Places, said: io.StringIO) -> Cluster:
    """The private cluster, not yet entered."""
    return Cluster(places, Console(said))
