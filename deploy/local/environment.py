"""The virtual environment and the front-end files: made from the locked lists, renewed when those change.

A stamp written last says which lists the result was made from. A start that was killed half-way leaves
no stamp, so the next one does the work again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from deploy.local import front_end, system
from deploy.local.console import Console, Refused
from deploy.local.places import Places
from deploy.local.processes import CHILDREN, Stopped

STAMP = ".made-from.json"

VENDOR = {
    # The ESM file for the pages, the UMD file for the standalone folium map.
    "leaflet": (
        "dist/leaflet-src.esm.js",
        "dist/leaflet.js",
        "dist/leaflet.css",
        "dist/images",
        "LICENSE",
    ),
}
"""npm package → what of it is served, copied into static/vendor/<package>/ without `dist/`."""


def prepare(places: Places, level: str, needs: list[system.Need], console: Console) -> None:
    """Have everything there: system packages, the environment of this level, the front-end files.

    What doesn't wait for each other runs side by side.
    """
    places.make_home()
    with _one_at_a_time(places, console) as lock:
        make_venv = not venv_is_current(places, level)
        make_pages = not front_end.is_current(places)
        make_vendor = not vendor_is_current(places, level) or (make_pages and not front_end.can_build(places))
        if make_venv and not _usable(places):
            needs = [system.VENV, *needs]
        if make_vendor:
            needs = [*needs, system.NODE, system.NPM]
        elif make_pages:
            needs = [*needs, system.NODE]
        wanting = system.missing(needs)
        apt = system.apt_command() if wanting else None
        if wanting and apt is None:
            raise system.refusal(wanting, "they can't be installed from here: no root, no sudo, or no apt")
        with ThreadPoolExecutor(3) as pool:
            work: list[Future[None]] = []
            packages = pool.submit(system.install, wanting, apt, places, console) if apt else None
            if make_venv:
                first = packages if system.VENV in wanting else None
                work.append(pool.submit(_after, first, make_environment, places, level, console, (lock,)))
            if make_vendor:
                first = packages if {system.NODE, system.NPM} & set(wanting) else None
                work.append(pool.submit(_after, first, make_front_end, places, level, console, (lock,)))
            _wait_for(([packages] if packages else []) + work)
        if make_pages:
            front_end.build(places, console, (lock,))


def _after(first: Future[None] | None, work: object, *arguments: object) -> None:
    if first:
        first.result()
    work(*arguments)  # type: ignore[operator]


def _wait_for(work: list[Future[None]]) -> None:
    """Wait for all; the first failure, or a signal, ends the rest."""
    try:
        for future in work:
            future.result()
    except (Refused, Stopped):
        CHILDREN.end_all()
        raise


@contextmanager
def _one_at_a_time(places: Places, console: Console) -> Iterator[int]:
    """Set-up of one checkout is one process's work; the others wait for it.

    The lock hangs on the locked list itself, so that it needs no file of its own. pip and npm inherit its
    descriptor: one that outlives a killed start still keeps the next from working beside it.
    """
    with places.lock("runtime").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with console.step("Waiting for another ./run that is setting up"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


# ── Python ──────────────────────────────────────────────────────────────────────────────────────────────────


def venv_is_current(places: Places, level: str) -> bool:
    """Whether the virtual environment has what the locked list of this level says."""
    stamp = _read_stamp(places.venv)
    return stamp.get(level) == _digest(places.lock(level)) and _usable(places, version=stamp.get("python"))


def make_environment(places: Places, level: str, console: Console, held: tuple[int, ...] = ()) -> None:
    """Make the virtual environment, or bring the one that is there up to the locked list."""
    lock = places.lock(level)
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    with console.step(f"Python packages ({count})") as step:
        stamp = _read_stamp(places.venv)
        (places.venv / STAMP).unlink(missing_ok=True)
        if not _usable(places, version=stamp.get("python")) or not (stamp or _whole(places)):
            shutil.rmtree(places.venv, ignore_errors=True)
            console.run(step, [sys.executable, "-m", "venv", str(places.venv)], places.log("venv"), pass_fds=held)
            stamp = {}
        # Without --no-compile pip spends two thirds of its time on files that are never imported.
        options = [
            "--require-hashes",
            "--no-deps",
            "--no-compile",
            "--no-input",
            "--disable-pip-version-check",
        ]
        command = [str(places.python), "-m", "pip", "install", *options, "-r", str(lock)]
        console.run(step, command, places.log("pip"), env=_without_python_variables(), pass_fds=held)
        stamp.update(python=_venv_version(places) or "")
        stamp[level] = _digest(lock)
        if level == "dev":
            stamp["runtime"] = _digest(places.lock("runtime"))
        _write_stamp(places.venv, stamp)


def _usable(places: Places, *, version: str | None = None) -> bool:
    """Whether the virtual environment's Python starts, is new enough, and is the one it was made with."""
    found = _venv_version(places)
    return found is not None and version in (None, found)


def _whole(places: Places) -> bool:
    """Whether every package in the environment was installed to its end, which is when pip writes its RECORD.

    An environment without a stamp is one that a killed start left, or one that a person made.
    """
    packages = [folder for folder in places.venv.glob("lib/python3.*/site-packages/*") if folder.is_dir()]
    return all((folder / "RECORD").exists() for folder in packages if folder.suffix == ".dist-info") and not any(
        folder.name.startswith("~")
        for folder in packages  # what pip set aside while replacing a package
    )


def _venv_version(places: Places) -> str | None:
    """The version of the environment's Python; None when it doesn't start, or has no pip."""
    script = "import sys, importlib.util as u; print(*sys.version_info[:2], bool(u.find_spec('pip')))"
    try:
        told = subprocess.run(
            [str(places.python), "-I", "-c", script], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    parts = told.stdout.split()
    return f"{parts[0]}.{parts[1]}" if len(parts) == 3 and parts[2] == "True" else None


def _without_python_variables() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME", "PIP_USER"}
    }


# ── Front end ───────────────────────────────────────────────────────────────────────────────────────────────


def vendor_is_current(places: Places, level: str) -> bool:
    """Whether static/vendor has what the npm lock and our list say, and node_modules what this level needs."""
    stamp = _read_stamp(places.vendor)
    has_level = stamp.get("level") in (level, "dev")
    return (
        has_level
        and stamp.get("npm") == _vendor_digest(places)
        and all(
            (places.vendor / package / _name(file)).exists() for package, files in VENDOR.items() for file in files
        )
    )


def make_front_end(places: Places, level: str, console: Console, held: tuple[int, ...] = ()) -> None:
    """Fetch the front-end packages of this level with npm and copy what is served into static/vendor."""
    with console.step("Front-end packages") as step:
        # What only tests need comes with them; once there, a demo does not take it away again.
        whole = level == "dev" or _read_stamp(places.vendor).get("level") == "dev"
        (places.vendor / STAMP).unlink(missing_ok=True)
        npm = shutil.which("npm") or "npm"
        less = [] if whole else ["--omit=dev"]
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *less]
        console.run(step, command, places.log("npm"), cwd=places.checkout, pass_fds=held)
        for package, files in VENDOR.items():
            target = places.vendor / package
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            for file in files:
                _copy(places.checkout / "node_modules" / package / file, target / _name(file))
        _write_stamp(places.vendor, {"npm": _vendor_digest(places), "level": "dev" if whole else level})


def _name(file: str) -> str:
    return file.removeprefix("dist/")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _vendor_digest(places: Places) -> str:
    listed = json.dumps(VENDOR, sort_keys=True).encode()
    return hashlib.sha256((places.checkout / "package-lock.json").read_bytes() + listed).hexdigest()


# ── Stamps ──────────────────────────────────────────────────────────────────────────────────────────────────


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read_stamp(folder: Path) -> dict[str, str]:
    try:
        stamp = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(folder: Path, stamp: dict[str, str]) -> None:
    half = folder / f"{STAMP}.new"
    half.write_text(json.dumps(stamp, indent=1) + "\n")
    half.replace(folder / STAMP)
