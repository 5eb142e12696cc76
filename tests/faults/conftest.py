"""What faults are tried on: one private PostgreSQL for all tests of a worker, an installation for each module."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.cluster import Cluster
from tests.faults.stack import Installation, a_cluster, an_installation


@pytest.fixture(scope="session")
def fault_homes() -> Iterator[Path]:
    """A folder that PostgreSQL's user may enter too, with a path short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="pocit-faults-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def private_cluster(fault_homes: Path) -> Iterator[Cluster]:
    """A PostgreSQL that may be killed: nobody else is on it."""
    home = fault_homes / "cluster"
    home.mkdir()
    with a_cluster(home) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def served(private_cluster: Cluster, fault_homes: Path) -> Iterator[Installation]:
    """The app with its database, as `./run demo` serves it, for all tests of a module."""
    with an_installation(private_cluster, fault_homes / "served") as made:
        yield made


@pytest.fixture
def installation(served: Installation) -> Installation:
    """The same with all of it running, whatever was killed before, and no pins on its map."""
    served.begin_anew()
    return served


@pytest.fixture
def unserved(private_cluster: Cluster, fault_homes: Path) -> Iterator[Installation]:
    """The same without a server in front: only its database is there."""
    with an_installation(private_cluster, fault_homes / "unserved", "pocit_unserved", serving=False) as made:
        yield made


@pytest.fixture
def fresh(private_cluster: Cluster, fault_homes: Path) -> Iterator[Installation]:
    """An app with a database of its own, whose tables may be changed."""
    with an_installation(private_cluster, fault_homes / "fresh", "pocit_fresh") as made:
        yield made
