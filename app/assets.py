"""Static files under names that change with their content, so that browsers may keep them for ever.

Where a build lies in `static/build/` and was made of just the files that are there now (deploy/front_end.mjs),
pages get one script and one style sheet; else the plain modules with an import map, and each sheet by itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

SCRIPTS = "js"
SHEETS = "css"
BUILD = "build"
PALETTE = "palette.css"
VENDORED = {"leaflet": "vendor/leaflet/leaflet-src.esm.js"}
"""Bare module names of third-party scripts, and their files under static/."""

_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](#js/[\w./-]+\.js|leaflet)["']""")


@dataclass(frozen=True)
class Script:
    """A page's script as built: its file, what it can't begin without, and what it asks for later."""

    file: str
    first: Sequence[str] = ()
    later: Sequence[str] = ()


@dataclass(frozen=True)
class Build:
    """What `static/build/` has to offer; nothing where there is none, or an old one."""

    scripts: Mapping[str, Script] = field(default_factory=dict)
    styles: Mapping[str, str] = field(default_factory=dict)
    """The joined sheet for each list of sheets, their names with spaces between."""


class Assets:
    """The static folder: the address of each file with its fingerprint, and the scripts' import map."""

    def __init__(self, folder: Path, url_prefix: str = "/static", *, watch: bool = False) -> None:
        """Read from this folder; with `watch` fingerprints are computed anew each time (development)."""
        self.folder = folder
        self.url_prefix = url_prefix
        self.watch = watch
        self.build = Build() if watch else _build_of(folder)
        self._fingerprints: dict[str, str] = {}

    def url(self, name: str) -> str:
        """The address of a file under static/, with its content's mark; unknown files get a bare address."""
        built = self.build.scripts.get(name)
        if built:
            return self._built(built.file)
        mark = self.fingerprint(name)
        return f"{self.url_prefix}/{name}?v={mark}" if mark else f"{self.url_prefix}/{name}"

    def fingerprint(self, name: str) -> str:
        """Ten hex digits of the file's content, or an empty text where there is no such file."""
        if self.watch or name not in self._fingerprints:
            path = self.folder / name
            self._fingerprints[name] = _digest(path)[:10] if path.is_file() else ""
        return self._fingerprints[name]

    def style_sheet(self, names: Sequence[str]) -> str | None:
        """The address of one sheet in the place of these (`palette.css` among them); None where none is built."""
        file = self.build.styles.get(" ".join(names))
        return self._built(file) if file else None

    def first_of(self, script: str) -> list[str]:
        """What a page's script imports before it begins: to be asked for beside it, not after it.

        Of plain modules there are too many to name; they are for development.
        """
        built = self.build.scripts.get(script)
        return [self._built(file) for file in built.first] if built else []

    def worker(self, script: str) -> str | None:
        """The address of a script that runs beside the page; None without a build, for it can't be imported."""
        built = self.build.scripts.get(script)
        return self._built(built.file) if built else None

    def files_of(self, script: str) -> list[str]:
        """Every address that a page's script needs, now or later: what a phone must keep to open it offline."""
        built = self.build.scripts.get(script)
        if built:
            return [self._built(file) for file in (built.file, *built.first, *built.later)]
        return [self.url(name) for name in sorted(self._modules_behind(script))]

    @cached_property
    def mark(self) -> str:
        """One fingerprint of all scripts and sheets: another one tells that pages have changed."""
        files = sorted(path for kind in (SCRIPTS, SHEETS) for path in (self.folder / kind).rglob("*.*"))
        digests = "".join(_digest(path) for path in files if path.suffix in (".js", ".css"))
        return hashlib.sha256(digests.encode()).hexdigest()[:10]

    def imports(self) -> Mapping[str, str]:
        """Bare specifiers of our modules (`#js/…`) and of third-party ones, to addresses."""
        ours = {f"#js/{name}": self.url(f"{SCRIPTS}/{name}") for name in self._script_names}
        return ours | {name: self.url(file) for name, file in VENDORED.items()}

    def import_map(self) -> str:
        """The import map as JSON for an inline script; empty where pages get what was built."""
        if self.build.scripts:
            return ""
        return json.dumps({"imports": dict(self.imports())}, separators=(",", ":"))

    @cached_property
    def _script_names(self) -> list[str]:
        root = self.folder / SCRIPTS
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.js"))

    def _built(self, file: str) -> str:
        return f"{self.url_prefix}/{BUILD}/{file}"

    def _modules_behind(self, script: str) -> set[str]:
        reached: set[str] = set()
        waiting = [script]
        while waiting:
            name = waiting.pop()
            path = self.folder / name
            if name in reached or not path.is_file():
                continue
            reached.add(name)
            if name not in VENDORED.values():
                found = _IMPORT.findall(path.read_text(encoding="utf-8"))
                waiting += [VENDORED.get(bare) or bare.removeprefix("#") for bare in found]
        return reached


def read_build(folder: Path) -> Build:
    """What was built of the scripts and sheets in this folder, if it was made of just these; else nothing."""
    try:
        manifest = json.loads((folder / BUILD / "manifest.json").read_text())
        made_of = {name: mark for name, mark in manifest["inputs"].items() if name.startswith("static/")}
        scripts = {name: Script(**parts) for name, parts in manifest["scripts"].items()}
        styles = dict(manifest["styles"])
    except (OSError, ValueError, KeyError, TypeError):
        return Build()
    return Build(scripts, styles) if made_of == _sources(folder) else Build()


@cache
def _build_of(folder: Path) -> Build:
    """The same, read once: a running server's files do not change under it."""
    return read_build(folder)


def _sources(folder: Path) -> dict[str, str]:
    kinds = {SCRIPTS: "*.js", SHEETS: "*.css"}
    files = [path for kind, pattern in kinds.items() for path in (folder / kind).rglob(pattern)]
    return {f"static/{path.relative_to(folder).as_posix()}": _digest(path) for path in files}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
