"""Two thousand apps are made for the tests, all with the same addresses and templates: each is compiled once.

That was half of the time of all tests of pages. What an app answers is not touched by it: the compiled builder of
an address knows nothing of its app, and Jinja compares a template's text before it takes bytecode.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

_builders: dict[Any, Callable[..., tuple[str, str]]] = {}


class KnownRule(Rule):
    """A rule that takes the builder of an equal rule."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]


def compile_once(folder: Path) -> None:
    """Let every app that is made from here on share what is compiled."""
    Flask.url_rule_class = KnownRule
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(folder))}
