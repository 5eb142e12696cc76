"""What browsers fetch is built when anything of it changed, and only then."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import pytest

from deploy.local import front_end
from deploy.local.console import Console, Refused
from deploy.local.places import CHECKOUT, Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A small checkout: one page with its script and sheet, and the builder."""
    made = Places(tmp_path, tmp_path / ".local")
    for name in ("front_end.mjs", "front_end_styles.mjs"):
        _copied(tmp_path, f"deploy/{name}")
    for name in ("gis/palette.json", "gis/palette.py", "package-lock.json", "package.json"):
        _copied(tmp_path, name)
    (tmp_path / "node_modules").symlink_to(CHECKOUT / "node_modules")
    files = {
        "templates/base.html": "{% block head %}{% endblock %}",
        "templates/page.html": '{% extends "base.html" %}{% block head %}'
        '<link rel="stylesheet" href="{{ asset(\'css/page.css\') }}">'
        "<script src=\"{{ asset('js/pages/page.js') }}\"></script>{% endblock %}",
        "static/css/page.css": "a { color: red }",
        "static/js/lib/word.js": 'export const word = "hello";',
        "static/js/pages/page.js": 'import { word } from "#js/lib/word.js"; console.log(word);',
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    made.python.parent.mkdir(parents=True)
    made.python.write_text(f'#!/bin/sh\nPYTHONPATH="{CHECKOUT}" exec "{sys.executable}" "$@"\n')
    made.python.chmod(0o755)
    return made


def _copied(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CHECKOUT / name, folder / name)


def build(places: Places) -> dict[str, dict[str, dict[str, str]]]:
    """The manifest after a build."""
    front_end.build(places, Console(io.StringIO()))
    manifest: dict[str, dict[str, dict[str, str]]] = json.loads((places.build / "manifest.json").read_text())
    return manifest


def test_a_build_is_current_until_a_script_a_sheet_or_a_template_changes(places: Places) -> None:
    assert front_end.can_build(places)
    assert not front_end.is_current(places)
    first = build(places)
    assert front_end.is_current(places)
    file = places.build / first["scripts"]["js/pages/page.js"]["file"]
    assert "hello" in file.read_text()
    assert file.with_name(f"{file.name}.br").is_file()
    (places.checkout / "static" / "js" / "lib" / "word.js").write_text('export const word = "goodbye";')
    assert not front_end.is_current(places)
    second = build(places)
    assert front_end.is_current(places)
    assert second["scripts"]["js/pages/page.js"]["file"] != file.name
    assert file.is_file(), "pages that are open may still ask for the last build's files"
    (places.checkout / "templates" / "more.html").write_text("")
    assert not front_end.is_current(places)


def test_a_script_that_can_not_be_read_is_named(places: Places) -> None:
    (places.checkout / "static" / "js" / "pages" / "page.js").write_text("import {")
    with pytest.raises(Refused, match=r"page\.js"):
        build(places)
    assert not front_end.is_current(places)


def test_where_there_is_nothing_to_build_nothing_is_missing(tmp_path: Path) -> None:
    assert front_end.is_current(Places(tmp_path, tmp_path / ".local"))
