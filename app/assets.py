"""Static files under names that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

SCRIPTS = "js"
VENDORED = {"leaflet": "vendor/leaflet/leaflet-src.esm.js"}
"""Bare module names of third-party scripts, and their files under static/."""


class Assets:
    """The static folder: the address of each file with its fingerprint, and the scripts' import map."""

    def __init__(self, folder: Path, url_prefix: str = "/static", *, watch: bool = False) -> None:
        """Read from this folder; with `watch` fingerprints are computed anew each time (development)."""
        self.folder = folder
        self.url_prefix = url_prefix
        self.watch = watch
        self._fingerprints: dict[str, str] = {}

    def url(self, name: str) -> str:
        """The address of a file under static/, with `?v=` of its content; unknown files get a bare address."""
        mark = self.fingerprint(name)
        return f"{self.url_prefix}/{name}?v={mark}" if mark else f"{self.url_prefix}/{name}"

    def fingerprint(self, name: str) -> str:
        """Ten hex digits of the file's content, or an empty text where there is no such file."""
        if self.watch or name not in self._fingerprints:
            path = self.folder / name
            self._fingerprints[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""
        return self._fingerprints[name]

    @cached_property
    def _script_names(self) -> list[str]:
        root = self.folder / SCRIPTS
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.js"))

    def imports(self) -> Mapping[str, str]:
        """Bare specifiers of our modules (`#js/…`) and of third-party ones, to addresses."""
        ours = {f"#js/{name}": self.url(f"{SCRIPTS}/{name}") for name in self._script_names}
        return ours | {name: self.url(file) for name, file in VENDORED.items()}

    def import_map(self) -> str:
        """The import map as JSON for an inline script."""
        return json.dumps({"imports": dict(self.imports())}, separators=(",", ":"))
