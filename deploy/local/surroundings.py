"""What our children are given: the environment, and the database – the private one or one that was named."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local import databases
from deploy.local.cluster import Cluster
from deploy.local.console import Console, Refused
from deploy.local.places import Places


@dataclass(frozen=True)
class Surroundings:
    """The places, the database in use, and the private cluster it is in, unless it is somewhere else."""

    places: Places
    database_url: str
    cluster: Cluster | None

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a child: our modules findable from wherever the person stands.

        pip did not compile what it installed, so children may write down what they compile: without that every
        start would compile some two thousand files anew.
        """
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {
            **inherited,
            "PYTHONPATH": str(self.places.checkout),
            "POCIT_HOME": str(self.places.home),
            "DATABASE_URL": self.database_url,
            **more,
        }

    def python(self, *arguments: str) -> list[str]:
        """A command in the virtual environment; -P: a folder `app` where the person stands is not ours."""
        return [str(self.places.python), "-P", *arguments]

    def cli(self, *commands: tuple[str, ...], **more: str) -> None:
        """Run commands of the app's command line, one after the other; a refusal in its own words."""
        done = subprocess.run(
            self.python("-m", "deploy.local.cli_commands"),
            cwd=self.places.checkout,
            env=self.environment(**more),
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip()[-2000:]
            raise Refused(f"The app's command line ended with {done.returncode}:\n{said}")

    def kept(self) -> tuple[int, ...]:
        """The descriptors a child inherits, so that the cluster stays up for as long as it runs."""
        return (self.cluster.users_lock,) if self.cluster else ()

    def database_facts(self) -> dict[str, str]:
        """Which database this is (`identity`), and its migration (`revision`, empty in a new one)."""
        done = subprocess.run(
            self.python("-m", "deploy.local.database_facts"),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Refused(f"The database does not answer: {done.stderr.strip()[-1000:]}")
        facts: dict[str, str] = json.loads(done.stdout)
        return facts


@contextmanager
def surroundings(places: Places, console: Console, *, name: str = databases.MAIN) -> Iterator[Surroundings]:
    """The surroundings with a database that is up: the one DATABASE_URL names, else the private cluster's."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield Surroundings(places, given, None)
        return
    with Cluster(places, console) as cluster:
        yield Surroundings(places, cluster.database(name), cluster)
