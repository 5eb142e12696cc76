"""Reading a JSON object key by key: every key known, every type checked, all problems told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from app.errors import InvalidInput, Problem
from app.i18n import N_

T = TypeVar("T")

MISSING = object()
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
LANGUAGE = re.compile(r"[a-z]{2,3}")

Reader = Callable[["Fields", str, Any], T]


class Fields:
    """One JSON object being read; problems of it and of its children gather in one list."""

    def __init__(self, source: Any, path: str = "", problems: list[Problem] | None = None) -> None:
        """Start reading an object; `path` says where it stands, for messages."""
        self.path = path
        self.problems: list[Problem] = problems if problems is not None else []
        self.source: Mapping[str, Any] = source if isinstance(source, dict) else {}
        self._asked: set[str] = set()
        if not isinstance(source, dict):
            self.wrong("", N_("This must be an object with named values."))

    def wrong(self, key: str, message: str, /, **data: object) -> None:
        """Note a problem of one key."""
        where = ".".join(part for part in (self.path, key) if part)
        self.problems.append(Problem(where or "map.json", message, data))

    def take(self, key: str, reader: Reader[T], default: T | object = MISSING) -> T:
        """The value of a key as the reader makes it, or the default; without a default the key must be there."""
        self._asked.add(key)
        value = self.source.get(key)
        if value is None:
            if default is MISSING:
                self.wrong(key, N_("This is missing."))
            return None if default is MISSING else default  # type: ignore[return-value]
        return reader(self, key, value)

    def child(self, key: str, value: Any) -> Fields:
        """An object within this one."""
        return Fields(value, ".".join(part for part in (self.path, key) if part), self.problems)

    def done(self) -> None:
        """Say which keys nobody asked for."""
        for key in self.source.keys() - self._asked:
            self.wrong(str(key), N_("We don't know this key."))

    def refuse_if_wrong(self) -> None:
        """Raise InvalidInput with all problems noted so far."""
        if self.problems:
            raise InvalidInput(*self.problems)


def text(fields: Fields, key: str, value: Any) -> str:
    """A text that can be stored: no NUL, no lone surrogate."""
    if not isinstance(value, str) or not storable(value):
        fields.wrong(key, N_("This must be a text."))
        return ""
    return value


def storable(value: str) -> bool:
    """Whether PostgreSQL and UTF-8 can hold the text."""
    try:
        return b"\x00" not in value.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        return False


def texts(fields: Fields, key: str, value: Any) -> dict[str, str]:
    """A text in several languages: {"cs": …, "en": …}."""
    child = fields.child(key, value)
    for language in child.source:
        if not LANGUAGE.fullmatch(str(language)):
            child.wrong(str(language), N_("A language code has two or three small letters."))
    return {language: child.take(language, text) for language in child.source}


def flag(fields: Fields, key: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        fields.wrong(key, N_("This must be true or false."))
    return bool(value)


def whole(least: int, most: int) -> Reader[int]:
    """A whole number within limits."""

    def read(fields: Fields, key: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            fields.wrong(
                key, N_("This must be a whole number from %(least)s to %(most)s."), least=least, most=most
            )
            return least
        return value

    return read


def choice(*allowed: str) -> Reader[str]:
    """One of a few words."""

    def read(fields: Fields, key: str, value: Any) -> str:
        if value not in allowed:
            fields.wrong(key, N_("This must be one of: %(allowed)s."), allowed=", ".join(allowed))
            return allowed[0]
        return str(value)

    return read


def pattern(expression: re.Pattern[str], message: str) -> Reader[str]:
    """A text of a fixed form."""

    def read(fields: Fields, key: str, value: Any) -> str:
        if not isinstance(value, str) or not expression.fullmatch(value):
            fields.wrong(key, message)
            return ""
        return value

    return read


key_text = pattern(KEY, N_("A key has small letters, digits and underscores, and begins with a letter."))
color = pattern(COLOR, N_("A colour is written as #rrggbb."))


def moment(fields: Fields, key: str, value: Any) -> datetime | None:
    """A moment in RFC 3339; a date alone is its first second in UTC."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        fields.wrong(key, N_("This must be a date and time like 2026-09-14T08:00:00Z."))
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def items(reader: Callable[[Fields], T]) -> Reader[tuple[T, ...]]:
    """A list of objects, each read by the same function, which asks for all it knows."""

    def read(fields: Fields, key: str, value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            fields.wrong(key, N_("This must be a list."))
            return ()
        found = []
        for number, item in enumerate(value):
            child = fields.child(f"{key}[{number}]", item)
            found.append(reader(child))
            child.done()
        return tuple(found)

    return read


def words(fields: Fields, key: str, value: Any) -> tuple[str, ...]:
    """A list of short texts."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        fields.wrong(key, N_("This must be a list of texts."))
        return ()
    return tuple(value)
