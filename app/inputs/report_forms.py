"""The form that asks for a council report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import InvalidInput, Problem
from app.i18n import N_, languages


@dataclass(frozen=True)
class ReportWish:
    """What report is wanted: in which language."""

    language: str


def parse_report_wish(form: Mapping[str, str]) -> ReportWish:
    """The wish of the form; InvalidInput for a language we have no words for."""
    language = form.get("language", "")
    if language not in languages():
        raise InvalidInput(Problem("language", N_("Please choose a language.")))
    return ReportWish(language)
