"""The terms, themes and days of a data set in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass

from app.i18n import N_
from app.inputs.open_data_form import DATABASES, MAKERS, PERIODICITIES, THEMES, WORKS, OpenData, Term
from app.views.reader import reader_language

QUESTIONS = {
    "work": N_("Works of authors in the data"),
    "database": N_("The whole as a work of an author"),
    "maker": N_("Special rights to the whole as a database"),
}
"""The three questions of the terms of use, by their field."""
CHOICES = {"work": WORKS, "database": DATABASES, "maker": MAKERS}


@dataclass(frozen=True)
class TermWords:
    """One answer of the terms of use."""

    question: str
    answer: str
    iri: str


def terms_words(said: OpenData) -> list[TermWords]:
    """The terms of use, question by question."""
    say = reader_language().gettext
    terms: dict[str, Term] = {
        "work": WORKS[said.terms.work],
        "database": DATABASES[said.terms.database],
        "maker": MAKERS[said.terms.maker],
    }
    return [TermWords(say(QUESTIONS[name]), say(term.words), term.iri) for name, term in terms.items()]


def theme_words(said: OpenData) -> list[str]:
    """The themes."""
    return [reader_language().gettext(THEMES[code]) for code in said.themes]


def periodicity_words(said: OpenData) -> str:
    """How often the data change."""
    return reader_language().gettext(PERIODICITIES[said.periodicity])
