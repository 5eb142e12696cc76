"""What an official says of a layer of facts: its name, whence and of when it is, which columns to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fact_reader import FactWanted
from app.inputs.fields import storable

MOST_NAME: Final = 60
MOST_NOTE: Final = 200
MOST_COLUMN: Final = 200
MOST_ADDRESS: Final = 1_000


@dataclass(frozen=True)
class FactForm:
    """A layer as it is described."""

    name: str
    """What they are called in the plural, in the town's language: "pouliční lampy"."""
    note: str = ""
    day: str = ""
    """Of which day the data are, as ISO has it; empty for nobody knows."""
    label: str = ""
    happened: str = ""
    crs: int | None = None
    address: str = ""
    """Whence it can be loaded again; empty for a file."""

    def wanted(self, near: tuple[float, float, float, float] | None) -> FactWanted:
        """What is asked of the file."""
        return FactWanted(self.label or None, self.happened or None, self.crs, near)

    def source(self, filename: str) -> dict[str, Any]:
        """As it is stored."""
        said = {
            "note": self.note, "day": self.day, "label": self.label, "happened": self.happened, "crs": self.crs,
        }  # fmt: skip
        whence = {"address": self.address} if self.address else {"file": filename}
        return whence | {key: value for key, value in said.items() if value}


def parse_fact_form(form: Mapping[str, str], *, with_address: bool) -> FactForm:
    """The form of a new layer; InvalidInput with all that is wrong."""
    problems: list[Problem] = []
    name = _line(form, "name", MOST_NAME, problems)
    if not name and not problems:
        problems.append(Problem("name", N_("Say what they are called, in the plural: street lamps, bus stops.")))
    note = _line(form, "note", MOST_NOTE, problems)
    label, happened = (_line(form, key, MOST_COLUMN, problems) for key in ("label", "happened"))
    address = _line(form, "address", MOST_ADDRESS, problems) if with_address else ""
    if with_address and not _is_address(address):
        problems.append(Problem("address", N_("An address begins with https:// or http://.")))
    day, crs = _day(form.get("day", ""), problems), _crs(form.get("crs", ""), problems)
    if problems:
        raise InvalidInput(*problems)
    return FactForm(name, note, day, label, happened, crs, address)


def stored_form(name: str, source: Mapping[str, Any]) -> FactForm:
    """What was said of a layer that is there."""
    keys = ("note", "day", "label", "happened", "address")
    return FactForm(name, crs=source.get("crs"), **{key: str(source.get(key, "")) for key in keys})


def _line(form: Mapping[str, str], name: str, most: int, problems: list[Problem]) -> str:
    text = " ".join(form.get(name, "").split())
    if not storable(text):
        problems.append(Problem(name, N_("The text holds characters that can't be stored.")))
        return ""
    if len(text) > most:
        told = {"length": len(text), "most": most}
        problems.append(Problem(name, N_("The text has %(length)s characters; the most is %(most)s."), told))
    return text


def _day(text: str, problems: list[Problem]) -> str:
    if not text.strip():
        return ""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        problems.append(Problem("day", N_("This must be a day like 2026-09-14.")))
        return ""


def _crs(text: str, problems: list[Problem]) -> int | None:
    code = text.strip().upper().removeprefix("EPSG:").strip()
    if not code:
        return None
    if not (code.isascii() and code.isdigit() and len(code) <= 6):
        problems.append(Problem("crs", N_("A coordinate system is written EPSG:5514.")))
        return None
    return int(code)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
