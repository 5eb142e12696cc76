"""The service worker's script: our modules joined into one classic script, which any browser can run."""

from __future__ import annotations

import re
from pathlib import Path

SCRIPTS = "js"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(#js/[\w./-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
_EXPORTED = re.compile(r"^export (?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
_REMARK = re.compile(r"^\s*(?:/\*\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)


def joined_script(folder: Path, entry: str) -> str:
    """The module `entry` and all that it imports as one script; each keeps its names to itself.

    Understands the manner in which our modules are written: named imports from `#js/…` and exported declarations.
    """
    order: list[str] = []
    _visit(folder, entry, order)
    parts = ['"use strict";', "const modules = {};"]
    parts += [_wrapped(name, _source(folder, name)) for name in order]
    return "\n".join(parts) + "\n"


def _visit(folder: Path, name: str, order: list[str]) -> None:
    if name in order:
        return
    for _, further in _IMPORT.findall(_source(folder, name)):
        _visit(folder, further.removeprefix("#"), order)
    order.append(name)


def _source(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def _wrapped(name: str, source: str) -> str:
    names = ", ".join(_EXPORTED.findall(source))
    plain = _REMARK.sub("", source)
    body = _EXPORT.sub("", _IMPORT.sub(_taken, plain)).strip()
    return f'modules["#{name}"] = (() => {{\n{body}\nreturn {{ {names} }};\n}})();'


def _taken(found: re.Match[str]) -> str:
    names = re.sub(r"\s+as\s+", ": ", found[1].strip())
    return f'const {{ {names} }} = modules["{found[2]}"];\n'
