"""The demo's content: migrations, sample maps, two officials – loaded once, never over what people changed.

A stamp in POCIT_HOME says, for each database, which maps were loaded in which version and with which password
the officials were made. A sample map is loaded again only when its folder changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.console import Console
from deploy.local.places import Places
from deploy.local.surroundings import Surroundings

TOWN = "vzorov"
OFFICIALS = {"urad@vzorov.example": "editor", "moderator@vzorov.example": "moderator"}


@dataclass(frozen=True)
class Content:
    """How to sign in to the demo."""

    email: str
    password: str


@dataclass(frozen=True)
class _Task:
    """One thing to load: its name, a mark of its content, and the commands of `pocit` that load it."""

    name: str
    state: str
    commands: Sequence[tuple[str, ...]]
    loads: str = ""
    """The slug of the map that it makes."""


def load(around: Surroundings, console: Console) -> Content:
    """Migrate, load the sample maps and make the officials where that isn't done yet."""
    places = around.places
    password = demo_password(places)
    with _one_at_a_time(places):
        facts = around.database_facts()
        stamps = _Stamps(places.home / "demo.json", facts["identity"])
        tasks = list(_tasks(places, password, facts))
        # Restored from a backup: what is there is what people made of it.
        found = [task for task in tasks if stamps.get(task.name) is None and task.loads in facts["maps"].split()]
        if found:
            stamps.put({task.name: task.state for task in found})
        wanting = [task for task in tasks if stamps.get(task.name) != task.state]
        if wanting:
            with console.step(", ".join(task.name for task in wanting)):
                commands = [command for task in wanting for command in task.commands]
                around.cli(*commands, POCIT_OFFICIAL_PASSWORD=password)
                facts = around.database_facts()
                stamps.put({task.name: task.state for task in _tasks(places, password, facts)})
    return Content(next(iter(OFFICIALS)), password)


def _tasks(places: Places, password: str, facts: dict[str, str]) -> Iterator[_Task]:
    """All there is to load, each with the state it is in when loaded."""
    # The app itself would say so too, but asking costs seconds of loading it.
    scripts = folder_digest(places.checkout / "migrations", "*.py")
    yield _Task("migrations", f"{scripts} at {facts['revision']}", [("db", "upgrade")])
    for folder in sample_maps(places.checkout):
        yield _Task(f"map {folder.name}", folder_digest(folder), [("map", "import", str(folder))], folder.name)
    made = hashlib.scrypt(password.encode(), salt=facts["identity"].encode(), n=2**12, r=8, p=1).hex()
    add = [("official", "add", email, "--town", TOWN, "--role", role) for email, role in OFFICIALS.items()]
    yield _Task("officials", made, add)


def sample_maps(checkout: Path) -> list[Path]:
    """The folders that are maps."""
    return sorted(file.parent for file in (checkout / "sample_maps").glob("*/map.json"))


def folder_digest(folder: Path, pattern: str = "*") -> str:
    """A digest of the files of a folder, by their names and contents."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob(pattern) if path.is_file()):
        content = hashlib.sha256(file.read_bytes()).digest()
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()


def demo_password(places: Places) -> str:
    """The officials' password: POCIT_DEMO_PASSWORD, else one made at the first start and kept."""
    given = os.environ.get("POCIT_DEMO_PASSWORD")
    if given:
        return given
    kept = places.secrets / "demo-password"
    try:
        found = kept.read_text().strip()
    except FileNotFoundError:
        found = ""
    if found:
        return found
    places.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = secrets.token_urlsafe(12)
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{made}\n")
    return made


class _Stamps:
    """What was loaded into which database."""

    def __init__(self, file: Path, identity: str) -> None:
        self.identity = identity
        self._file = file
        try:
            self._all: dict[str, dict[str, str]] = json.loads(file.read_text())
        except (OSError, ValueError):
            self._all = {}

    def get(self, what: str) -> str | None:
        return self._all.get(self.identity, {}).get(what)

    def put(self, states: dict[str, str]) -> None:
        self._all.setdefault(self.identity, {}).update(states)
        half = self._file.with_suffix(".new")
        half.write_text(json.dumps(self._all, indent=1) + "\n")
        half.replace(self._file)


@contextmanager
def _one_at_a_time(places: Places) -> Iterator[None]:
    """Two demos on one POCIT_HOME load one after the other."""
    with (places.home / "demo.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
