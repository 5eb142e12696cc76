"""Packages of the operating system: which are missing, and getting them with apt where that may be done.

What counts is whether the program is there, not how it came: a Node.js of one's own is as good as Debian's.
"""

from __future__ import annotations

import ctypes.util
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import postgres
from deploy.local.console import Console, Refused
from deploy.local.places import Places

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))


@dataclass(frozen=True)
class Need:
    """Something the operating system must bring: what for, Debian's package, and whether it is there."""

    what: str
    package: str
    present: Callable[[], bool]


def _program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


def _venv_can_be_made() -> bool:
    # Debian splits ensurepip off into python3-venv; without it a venv has no pip.
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def _library(name: str) -> Callable[[], bool]:
    return lambda: ctypes.util.find_library(name) is not None


def _fonts_present() -> bool:
    return any(next(folder.rglob("*.[to]tf"), None) for folder in FONT_FOLDERS if folder.is_dir())


VENV = Need("virtual environments", f"python3.{sys.version_info.minor}-venv", _venv_can_be_made)
NODE = Need("Node.js", "nodejs", _program("node"))
NPM = Need("npm, for the front-end packages", "npm", _program("npm"))
CHROMIUM = Need("Chromium, for the browser tests", "chromium", _program("chromium"))
FIREFOX = Need("Firefox, for the browser tests", "firefox-esr", _program("firefox-esr"))
GDAL = Need("GDAL's command line, for the tests of the exports", "gdal-bin", _program("ogrinfo"))
FONTS = Need("a font, for printed pages and the browser tests", "fonts-dejavu-core", _fonts_present)
PANGO = Need("Pango, for reports and posters in PDF", "libpangoft2-1.0-0", _library("pangoft2-1.0"))
HARFBUZZ = Need("HarfBuzz, for the fonts in PDF", "libharfbuzz-subset0", _library("harfbuzz-subset"))
PRINTING = (FONTS, PANGO, HARFBUZZ)


def postgis() -> Need:
    """PostgreSQL with PostGIS; where a server is already there, the PostGIS that fits it."""
    return Need("PostgreSQL with PostGIS", postgres.package(), lambda: postgres.newest() is not None)


def missing(needs: Sequence[Need]) -> list[Need]:
    """Those that are not there."""
    return [need for need in needs if not need.present()]


def apt_command() -> list[str] | None:
    """How apt-get can be run from here, or None where it can't."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    if not shutil.which("sudo"):
        return None
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n", "apt-get"]
    # On a terminal sudo may ask for the password once, before the steps begin to be drawn.
    if sys.stdin.isatty() and subprocess.run(["sudo", "-v"], check=False).returncode == 0:
        return ["sudo", "-n", "apt-get"]
    return None


def refusal(needs: Sequence[Need], why: str) -> Refused:
    """What is missing, for what, and the command to type."""
    width = max(len(need.package) for need in needs)
    rows = "\n".join(f"  {need.package:<{width}}  {need.what}" for need in needs)
    command = "apt-get install " + " ".join(need.package for need in needs)
    return Refused(
        f"Missing system packages ({why}):\n{rows}\nHave them installed and start again:\n  sudo {command}"
    )


def install(needs: Sequence[Need], apt: list[str], places: Places, console: Console) -> None:
    """Install the packages; Refused with their names when that fails."""
    log = places.log("apt")
    packages = [need.package for need in needs]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    quiet = [*apt[:-1], "env", "DEBIAN_FRONTEND=noninteractive"]
    waiting = ["-o", "DPkg::Lock::Timeout=300"]
    with console.step(f"System packages: {', '.join(packages)}") as step:
        try:
            # A killed start leaves dpkg half-way; this finishes it, and does nothing otherwise.
            console.run(step, [*quiet, "dpkg", "--configure", "-a"], log, env=environment)
            try:
                console.run(step, [*quiet, "apt-get", *waiting, "update"], log, env=environment)
            except Refused:
                console.say("    The lists of packages could not be renewed; trying with those that are here.")
            # --no-install-recommends: npm alone would bring a compiler with it.
            options = [*waiting, "install", "-y", "--no-install-recommends"]
            console.run(step, [*quiet, "apt-get", *options, *packages], log, env=environment)
        except Refused as failure:
            raise refusal(needs, f"apt-get could not install them\n{failure}\n") from failure
    still = missing(needs)
    if still:
        raise refusal(still, "apt-get installed its packages, but these can't be found")
