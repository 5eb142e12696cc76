"""What a town says of a map in the open-data catalogue, and who the town is there: read from forms and rows.

The choices are those of the code lists that DCAT-AP-CZ 2024-05-28 names: data themes, frequencies, terms of use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from app.errors import InvalidInput, Problem
from app.i18n import N_, Texts
from app.inputs.fields import storable

LANGUAGES = ("cs", "en")
"""The languages of the catalogue; Czech must be there."""
THEMES: Mapping[str, str] = {
    "SOCI": N_("Population and society"),
    "REGI": N_("Regions and cities"),
    "JUST": N_("Justice, legal system and public safety"),
    "GOVE": N_("Government and public sector"),
    "TRAN": N_("Transport"),
    "ENVI": N_("Environment"),
    "HEAL": N_("Health"),
    "EDUC": N_("Education, culture and sport"),
    "ECON": N_("Economy and finance"),
    "TECH": N_("Science and technology"),
    "ENER": N_("Energy"),
    "AGRI": N_("Agriculture, fisheries, forestry and food"),
    "INTR": N_("International issues"),
}
"""EU data themes by code."""
PERIODICITIES: Mapping[str, str] = {
    "UPDATE_CONT": N_("as pins and answers come"),
    "DAILY": N_("once a day"),
    "WEEKLY": N_("once a week"),
    "MONTHLY": N_("once a month"),
    "ANNUAL": N_("once a year"),
    "IRREG": N_("irregularly, as the town answers"),
    "NEVER": N_("never: the data are finished"),
}
"""EU frequencies by code."""


@dataclass(frozen=True)
class Term:
    """One choice of the terms of use: its address in the catalogue, and what it means."""

    iri: str
    words: str
    names_author: bool = False
    """Whether the catalogue then names the town as the author."""


_TERMS = "https://data.gov.cz/podmínky-užití/"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
WORKS: Mapping[str, Term] = {
    "none": Term(
        f"{_TERMS}neobsahuje-autorská-díla/", N_("There are none: short comments are not works of authors.")
    ),
    "cc-by": Term(CC_BY, N_("They may be used under CC BY 4.0, naming the town."), names_author=True),
    "several": Term(
        f"{_TERMS}obsahuje-více-autorských-děl/", N_("There are several, each with terms of its own.")
    ),
}
"""Works of authors among the data."""
DATABASES: Mapping[str, Term] = {
    "none": Term(
        f"{_TERMS}není-autorskoprávně-chráněnou-databází/",
        N_("It is not: everything that people sent is there, nothing was chosen or arranged."),
    ),
    "cc-by": Term(CC_BY, N_("It is, and may be used under CC BY 4.0, naming the town."), names_author=True),
}
"""The database as a work of an author."""
MAKERS: Mapping[str, Term] = {
    "cc0": Term(CC0, N_("The town gives them up (CC0): anybody may take the whole and use it.")),
    "none": Term(f"{_TERMS}není-chráněna-zvláštním-právem-pořizovatele-databáze/", N_("There are none.")),
}
"""The special rights of whoever had the database made."""
PERSON_FREE = f"{_TERMS}neobsahuje-osobní-údaje/"

MOST_DESCRIPTION_CHARACTERS = 2000
MOST_KEYWORDS = 12
MOST_KEYWORD_CHARACTERS = 60
MOST_NAME_CHARACTERS = 120
EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,180}\.[^@\s<>\"]{2,}")
ICO = re.compile(r"[0-9]{8}", re.ASCII)

Form = Mapping[str, Sequence[str]]
"""A form with all values of each field."""


@dataclass(frozen=True)
class Terms:
    """What may be done with the data, by the keys of WORKS, DATABASES and MAKERS."""

    work: str = "none"
    database: str = "none"
    maker: str = "cc0"


@dataclass(frozen=True)
class OpenData:
    """What the town says of one map in the catalogue."""

    themes: Sequence[str]
    periodicity: str
    keywords: Mapping[str, Sequence[str]]
    description: Texts
    terms: Terms = field(default_factory=Terms)
    contact_name: str = ""
    contact_email: str = ""
    person_free: bool = False
    """Whether an editor has confirmed that the comments were read and name nobody."""
    published_at: datetime | None = None
    """When it went into the catalogue; None: it is written down, but not there."""

    def published(self, first: datetime | None = None) -> OpenData:
        """The same in the catalogue, since that moment or now."""
        return replace(self, published_at=first or datetime.now(UTC))

    def withdrawn(self) -> OpenData:
        """The same out of the catalogue; the next publishing has to be confirmed anew."""
        return replace(self, published_at=None, person_free=False)

    def as_json(self) -> dict[str, Any]:
        """What is stored with the map."""
        return {
            "published_at": self.published_at and self.published_at.isoformat(),
            "themes": list(self.themes),
            "periodicity": self.periodicity,
            "keywords": {code: list(words) for code, words in self.keywords.items()},
            "description": dict(self.description),
            "terms": {"work": self.terms.work, "database": self.terms.database, "maker": self.terms.maker},
            "contact": {"name": self.contact_name, "email": self.contact_email},
            "person_free": self.person_free,
        }


def stored_open_data(value: Mapping[str, Any] | None) -> OpenData | None:
    """What `as_json` had stored; None where nothing is."""
    if value is None:
        return None
    published, contact = value["published_at"], value["contact"]
    return OpenData(
        themes=tuple(value["themes"]),
        periodicity=value["periodicity"],
        keywords={code: tuple(words) for code, words in value["keywords"].items()},
        description=value["description"],
        terms=Terms(**value["terms"]),
        contact_name=contact["name"],
        contact_email=contact["email"],
        person_free=value["person_free"],
        published_at=datetime.fromisoformat(published) if published else None,
    )


def parse_open_data(form: Form) -> OpenData:
    """What an editor says of the map; InvalidInput tells every field that is not right yet."""
    problems: list[Problem] = []
    read = _Reading(form, problems)
    found = OpenData(
        themes=read.themes(),
        periodicity=read.one_of("periodicity", PERIODICITIES),
        keywords={code: words for code in LANGUAGES if (words := read.keywords(f"keywords_{code}"))},
        description={code: text for code in LANGUAGES if (text := read.description(f"description_{code}"))},
        terms=Terms(read.one_of("work", WORKS), read.one_of("database", DATABASES), read.one_of("maker", MAKERS)),
        contact_name=read.line("contact_name"),
        contact_email=read.email("contact_email"),
        person_free=bool(form.get("person_free")),
    )
    if "cs" not in found.description and not _has(problems, "description_cs"):
        problems.append(Problem("description_cs", N_("Say in Czech what the data are: the catalogue wants it.")))
    if "cs" not in found.keywords and not _has(problems, "keywords_cs"):
        problems.append(Problem("keywords_cs", N_("Write at least one keyword in Czech.")))
    if problems:
        raise InvalidInput(*problems)
    return found


def parse_ico(text: str) -> str | None:
    """The identification number as eight digits, None for an empty field; InvalidInput for a wrong one."""
    digits = re.sub(r"[\s\u00a0]", "", text)
    if not digits:
        return None
    # Registers write it without the zeros at its beginning.
    number = digits.zfill(8) if digits.isascii() and digits.isdigit() else digits
    if not is_ico(number):
        raise InvalidInput(
            Problem("ico", N_("This is no IČO: it has eight digits, and the last one checks the others."))
        )
    return number


def is_ico(number: str) -> bool:
    """Whether eight digits are an identification number: the last is the check digit modulo 11."""
    if not ICO.fullmatch(number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, range(8, 1, -1), strict=False))
    return int(number[7]) == (11 - total % 11) % 10


def _has(problems: Sequence[Problem], name: str) -> bool:
    return any(problem.field == name for problem in problems)


@dataclass(frozen=True)
class _Reading:
    """One form being read; what is wrong with it gathers in `problems`."""

    form: Form
    problems: list[Problem]

    def wrong(self, name: str, message: str, **data: object) -> None:
        self.problems.append(Problem(name, message, data))

    def line(self, name: str, most: int = MOST_NAME_CHARACTERS) -> str:
        text = "".join(self.form.get(name, ())[:1]).strip()
        if not storable(text):
            self.wrong(name, N_("This must be a text."))
            return ""
        if len(text) > most:
            self.wrong(name, N_("At most %(most)s characters fit here."), most=most)
            return text[:most]
        return text

    def description(self, name: str) -> str:
        return self.line(name, MOST_DESCRIPTION_CHARACTERS).replace("\r\n", "\n")

    def email(self, name: str) -> str:
        text = self.line(name)
        if text and not EMAIL.fullmatch(text):
            self.wrong(name, N_("This is not an e-mail address."))
        return text

    def keywords(self, name: str) -> tuple[str, ...]:
        text = self.line(name, MOST_KEYWORDS * (MOST_KEYWORD_CHARACTERS + 2))
        found = dict.fromkeys(" ".join(word.split()) for word in re.split(r"[,;\n]", text) if word.strip())
        if len(found) > MOST_KEYWORDS or any(len(word) > MOST_KEYWORD_CHARACTERS for word in found):
            self.wrong(
                name,
                N_("At most %(most)s keywords of %(length)s characters, with commas between them."),
                most=MOST_KEYWORDS,
                length=MOST_KEYWORD_CHARACTERS,
            )
        return tuple(found)

    def themes(self) -> tuple[str, ...]:
        asked = set(self.form.get("themes", ()))
        if not asked or not asked <= THEMES.keys():
            self.wrong("themes", N_("Choose at least one theme."))
        return tuple(code for code in THEMES if code in asked)

    def one_of(self, name: str, choices: Mapping[str, object]) -> str:
        value = "".join(self.form.get(name, ())[:1])
        if value not in choices:
            self.wrong(name, N_("Choose one of these."))
        return value
