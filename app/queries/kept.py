"""What is kept: for each column of the database whose it is, why it is there, how long and who sees it.

From one list (kept_rows.py) the page, the record for programs and the office's record of processing are made. A
column that is not in it fails tests/db/test_kept.py, and so does one that is no more; the same tests run the times
named here and look into the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.i18n import N_


class Whose(StrEnum):
    """Whose data it is."""

    CITIZEN = "citizen"
    OFFICIAL = "official"
    TOWN = "town"
    """Nobody's in person: what the town made, or made of many."""


class Why(StrEnum):
    """What it is kept for."""

    PIN = "pin"
    OWN = "own"
    GROUPS = "groups"
    LOOK = "look"
    PAPER = "paper"
    COUNTING = "counting"
    ANSWER = "answer"
    MAP = "map"
    SIGN_IN = "sign-in"
    DEEDS = "deeds"
    FLOOD = "flood"
    WORK = "work"


class Until(StrEnum):
    """How long it is kept."""

    PIN = "pin"
    """As long as the map, unless its author takes it back."""
    PERSON = "person"
    """Some days after closing, or until its author takes it back."""
    PHOTO = "photo"
    REFUSED = "refused"
    TOMORROW = "tomorrow"
    COUNTED = "counted"
    MAP = "map"
    TOWN = "town"
    ACCOUNT = "account"
    SESSION = "session"
    INVITATION = "invitation"
    TWO_DAYS = "two days"
    GOOD = "good"


class Seen(StrEnum):
    """Who sees it."""

    EVERYBODY = "everybody"
    """As far as the map publishes it."""
    OFFICE = "office"
    SELF = "self"
    """Only the official whose it is, and who administers the server."""
    NOBODY = "nobody"
    """Only the program itself, and who runs the database."""


WHOSE_WORDS: Mapping[Whose, str] = {
    Whose.CITIZEN: N_("people who take part"),
    Whose.OFFICIAL: N_("officials"),
    Whose.TOWN: N_("nobody in person"),
}
WHY_WORDS: Mapping[Why, str] = {
    Why.PIN: N_("so that the town learns how people feel in which place"),
    Why.OWN: N_("so that people can come back to what they wrote, change it or take it back"),
    Why.GROUPS: N_("so that the town sees which groups took part and which are missing"),
    Why.LOOK: N_("so that nobody is named or insulted in public"),
    Why.PAPER: N_("so that marks on paper count as well"),
    Why.COUNTING: N_("so that people are counted once in one place"),
    Why.ANSWER: N_("so that people learn what came of it"),
    Why.MAP: N_("so that the map can be shown"),
    Why.SIGN_IN: N_("so that only officials get into the office"),
    Why.DEEDS: N_("so that it can be told who in the office did what"),
    Why.FLOOD: N_("so that nobody can flood the map or guess passwords and codes"),
    Why.WORK: N_("so that the office can do its work"),
}
SEEN_WORDS: Mapping[Seen, str] = {
    Seen.EVERYBODY: N_("everybody, as far as the map publishes it"),
    Seen.OFFICE: N_("officials of the town"),
    Seen.SELF: N_("the official in person and who runs the server"),
    Seen.NOBODY: N_("nobody; only the program and who runs the database"),
}


@dataclass(frozen=True)
class Kept:
    """Some columns of one table, of which the same is true."""

    table: str
    columns: tuple[str, ...]
    whose: Whose
    what: str
    """A gettext id."""
    why: Why
    until: Until
    seen: Seen

    @property
    def in_backups(self) -> bool:
        """Whether backups hold it."""
        return self.table not in NOT_IN_BACKUPS


NOT_IN_BACKUPS = frozenset({"throttle", "official_session"})
"""Tables whose rows `pocit backup` leaves out."""
