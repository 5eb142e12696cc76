"""The private PostgreSQL: shared, stopped by the last, and up again after whatever killed it."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from deploy.local import cluster_home, databases, postmaster
from deploy.local.cluster import Cluster
from deploy.local.console import Console, Refused
from deploy.local.places import CHECKOUT, Places

USER_OF_THE_CLUSTER = """
import signal, sys
from pathlib import Path
from deploy.local.cluster import Cluster
from deploy.local.console import Console
from deploy.local.places import CHECKOUT, Places
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
with Cluster(Places(CHECKOUT, Path(sys.argv[1])), Console(sys.stderr)):
    print("in", flush=True)
    signal.sigwait({signal.SIGTERM})
"""


def ask(url: str, question: str) -> object:
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        answer = connection.execute(question)
        row = answer.fetchone() if answer.description else None
    return row[0] if row else None


def eventually(fact: Callable[[], bool], within_s: float = 5) -> None:
    limit = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < limit
        time.sleep(0.02)


def pid_of(cluster: Cluster) -> int:
    found = postmaster.running(cluster.data)
    assert found is not None
    return found.pid


@contextmanager
def a_run_on(places: Places) -> Iterator[subprocess.Popen[str]]:
    """Another ./run that uses the cluster, until told to go."""
    command = [sys.executable, "-c", USER_OF_THE_CLUSTER, str(places.home)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "in\n"
        yield run
        run.terminate()


def test_it_has_postgis_and_belongs_to_the_app(cluster: Cluster) -> None:
    with cluster:
        url = cluster.database(databases.MAIN)
        assert ask(url, "SELECT PostGIS_Lib_Version()")
        assert ask(url, "SELECT current_user::text") == databases.ROLE
        assert (
            ask(url, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'pocit'") == databases.ROLE
        )
        assert ask(url, "SHOW server_encoding") == "UTF8"


def test_it_is_durable_and_checks_its_pages(cluster: Cluster) -> None:
    with cluster:
        settings = ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"]
        assert [ask(cluster.admin_url(), f"SHOW {name}") for name in settings] == ["on"] * 4


def test_nobody_else_gets_in(cluster: Cluster) -> None:
    with cluster:
        running = postmaster.running(cluster.data)
        assert running is not None
        assert running.socket_folder.stat().st_mode & 0o777 == 0o700
        assert ask(cluster.admin_url(), "SHOW listen_addresses") == ""


def test_data_stay_from_one_start_to_the_next(places: Places) -> None:
    with Cluster(places, Console(io.StringIO())) as first:
        ask(first.database(databases.MAIN), "SELECT 7 AS n INTO kept")
    with Cluster(places, Console(io.StringIO())) as second:
        assert ask(second.database(databases.MAIN), "SELECT n FROM kept") == 7


def test_the_last_one_out_stops_it(places: Places, cluster: Cluster) -> None:
    other = Cluster(places, Console(io.StringIO()))
    with cluster:
        first = pid_of(cluster)
        with other:
            assert pid_of(other) == first
        assert ask(cluster.admin_url(), "SELECT 1") == 1
    assert postmaster.running(cluster.data) is None
    assert postmaster.left_over(cluster.data) == []


def test_one_that_a_killed_run_left_is_taken_over(places: Places, cluster: Cluster) -> None:
    with a_run_on(places) as run:
        left = pid_of(cluster)
        run.kill()
        run.wait()
    with cluster:
        assert pid_of(cluster) == left
    assert postmaster.running(cluster.data) is None


def test_a_run_that_still_uses_it_keeps_it(places: Places, cluster: Cluster) -> None:
    with a_run_on(places):
        with cluster:
            pass
        assert postmaster.running(cluster.data) is not None
    assert postmaster.running(cluster.data) is None


def test_a_killed_server_is_started_again_for_those_who_use_it(cluster: Cluster) -> None:
    with cluster:
        url = cluster.database(databases.MAIN)
        assert not cluster.heal()
        os.kill(pid_of(cluster), signal.SIGKILL)
        eventually(lambda: postmaster.running(cluster.data) is None)
        assert cluster.heal()
        assert ask(url, "SELECT 1") == 1


def test_a_pid_file_whose_number_now_is_someone_elses_does_not_matter(cluster: Cluster) -> None:
    with cluster:
        pass
    owner = (cluster.data / "PG_VERSION").stat()
    as_them = {} if owner.st_uid == os.geteuid() else {"user": owner.st_uid}
    someone = subprocess.Popen(["/bin/sleep", "60"], cwd="/", **as_them)  # type: ignore[call-overload]
    try:
        lines = [str(someone.pid), str(cluster.data), "1700000000", "5432", "", "", "", "ready"]
        (cluster.data / "postmaster.pid").write_text("\n".join(lines) + "\n")
        with cluster:
            assert pid_of(cluster) != someone.pid
            assert ask(cluster.admin_url(), "SELECT 1") == 1
        assert someone.poll() is None
    finally:
        someone.kill()
        someone.wait()


def test_a_database_that_was_made_half_is_made_anew(cluster: Cluster) -> None:
    with cluster:
        cluster.database(databases.MAIN)
        with psycopg.connect(cluster.admin_url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("CREATE DATABASE pocit_bench_half_made")
        assert ask(cluster.database(databases.BENCH), "SELECT PostGIS_Lib_Version()")


def test_a_cluster_that_was_made_half_is_made_anew(homes: Path) -> None:
    home = homes / "half"
    (home / "cluster").mkdir(parents=True)
    cluster = Cluster(Places(CHECKOUT, home), Console(io.StringIO()))
    shutil.rmtree(home / "cluster")
    cluster_home.make(cluster.base, cluster_home.owner_of(cluster.base))
    half = cluster.base / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("15\n")
    with cluster:
        assert ask(cluster.admin_url(), "SELECT 1") == 1
    assert not half.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the cluster to another user")
def test_a_home_that_postgres_may_not_enter_has_its_cluster_elsewhere(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_home, "ELSEWHERE", homes / "var")
    home = homes / "closed" / "home"
    home.mkdir(parents=True)
    (homes / "closed").chmod(0o700)
    with Cluster(Places(CHECKOUT, home), Console(io.StringIO())) as cluster:
        assert cluster.base.parent == homes / "var"
        assert ask(cluster.database(databases.MAIN), "SELECT 1") == 1
    assert Cluster(Places(CHECKOUT, home), Console(io.StringIO())).base == cluster.base


def test_a_path_too_long_for_a_socket_gets_a_short_one(homes: Path) -> None:
    base = homes / ("hluboko" * 15)
    base.mkdir()
    owner = cluster_home.owner_of(base)
    folder = cluster_home.socket_folder(base, owner)
    try:
        assert folder.parent == cluster_home.SHORT_ROOT
        assert folder.stat().st_uid == owner.uid
    finally:
        folder.rmdir()


def test_a_socket_folder_that_someone_else_took_is_not_used(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_home, "SHORT_ROOT", homes)
    base = homes / ("jinde" * 20)
    base.mkdir()
    owner = cluster_home.owner_of(base)
    usual = cluster_home.socket_folder(base, owner)
    usual.chmod(0o777)
    assert cluster_home.socket_folder(base, owner) != usual


def test_data_of_a_version_that_is_gone_say_which_package_to_install(homes: Path) -> None:
    home = homes / "old"
    cluster = home / "cluster"
    (cluster / "data").mkdir(parents=True)
    (cluster / "data" / "PG_VERSION").write_text("9\n")
    if os.geteuid() == 0:
        shutil.chown(cluster / "data", "postgres")
    with pytest.raises(Refused, match="postgresql-9-postgis-3"):
        Cluster(Places(CHECKOUT, home), Console(io.StringIO()))
