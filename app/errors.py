"""Failures a user can cause, as data; their HTTP statuses in one table; words are chosen at the edge.

A message is an English gettext id with named placeholders: the edge translates it and fills in the data.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.i18n import N_


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one field of the input."""

    field: str
    message: str
    data: Mapping[str, object] = dataclasses.field(default_factory=dict)


class Refusal(Exception):
    """Something the user asked for can't be done; carries what is wrong, field by field."""

    title: ClassVar[str] = N_("This can't be done.")

    def __init__(self, *problems: Problem, **data: object) -> None:
        """Keep the problems and the data the title may name."""
        self.problems = problems
        self.data = data
        super().__init__(self.title % data if data else self.title)

    def __str__(self) -> str:
        """All problems in English, for logs and tracebacks."""
        said = [f"{p.field}: {p.message % p.data if p.data else p.message}" for p in self.problems]
        title = self.title % self.data if self.data else self.title
        return f"{title.rstrip('.')}: {'; '.join(said)}" if said else title


class Malformed(Refusal):
    """The bytes are not what they claim to be."""

    title = N_("We could not read what was sent.")


class NotSignedIn(Refusal):
    """Nobody, or somebody unknown, is asking."""

    title = N_("We don't know who you are.")


class IdentityRefused(Refusal):
    """Somebody came back from an identity provider, but not as one of ours."""

    title = N_("You could not be signed in.")


class ProviderAway(Refusal):
    """A town's identity provider does not answer, or not as one."""

    title = N_("The other side does not answer just now. Please try again later, or sign in with your password.")


class NotAllowed(Refusal):
    """Known, but not for them."""

    title = N_("You may not do this.")


class NotYours(NotAllowed):
    """A pin of somebody else."""

    title = N_("This pin belongs to someone else.")


class Unknown(Refusal):
    """There is nothing by that name."""

    title = N_("There is nothing here.")


class Conflict(Refusal):
    """It clashes with what is stored."""

    title = N_("A pin with this id already exists.")


class AlreadyDecided(Conflict):
    """What somebody read is not what is there any more."""

    title = N_("The pin changed in the meantime. Please read it again and decide then.")


class PhotoChanged(AlreadyDecided):
    """The photo somebody looked at is not the one that is there any more."""

    title = N_("The photo changed in the meantime. Please look at it again and decide then.")


class AnswerChanged(Conflict):
    """A colleague answered otherwise since the official read it."""

    title = N_("A colleague has changed this answer in the meantime. Please read it again.")


class MapChanged(Conflict):
    """The map's frame changed between reading and writing; once more on the new one."""

    title = N_("The map has just changed. Please try again.")


class FormOutdated(Conflict):
    """Somebody else saved what the form is about after it had been opened."""

    title = N_("Somebody changed this while you were writing. Nothing is lost; look at it and save once more.")


class NotComputed(Conflict):
    """A layer of an analysis that nobody has had made of this map yet."""

    title = N_("This has not been computed yet. Please start the analysis first.")


class TooLarge(Refusal):
    """More bytes than we take."""

    title = N_("That is too much at once.")


class WrongType(Refusal):
    """A content type we don't read."""

    title = N_("We don't read this type of content.")


class Unacceptable(Refusal):
    """Understood, but it breaks a rule of the map."""

    title = N_("We can't accept this.")


class MapClosed(Unacceptable):
    """The map does not collect now."""

    title = N_("This map is closed.")


class Anonymised(Unacceptable):
    """Nobody can tell any more which pins are whose."""

    title = N_("It is no longer known who placed which pins of this map.")


class TooMany(Refusal):
    """Too often; carries after how many seconds to come again."""

    title = N_("Too many attempts. Please try again later.")

    def __init__(self, retry_after_s: int) -> None:
        """Keep the waiting time."""
        self.retry_after_s = retry_after_s
        super().__init__()


class TooFast(TooMany):
    """One device sends more than a person does."""

    title = N_("That is a lot at once. Please wait a moment; what you wrote is not lost.")


class ProofNeeded(Refusal):
    """The map is being flooded: a small sum done by the device shows that somebody means it."""

    title = N_("Many messages are coming in just now. Your device has to do a small sum first.")

    def __init__(self, challenge: Mapping[str, object], retry_after_s: int = 30) -> None:
        """Keep the sum, and when to come again for who can't do it: the flood may be over by then."""
        self.challenge = challenge
        self.retry_after_s = retry_after_s
        super().__init__()


class ServerBusy(TooMany):
    """As much of this is under way as the machine bears; carries after how many seconds to come again."""

    title = N_("Others are taking files just now. Please try again in a moment.")

    def __init__(self, retry_after_s: int = 20) -> None:
        """Keep the waiting time."""
        super().__init__(retry_after_s)


class FormTooSmall(Unacceptable):
    """A form of file that can't hold so much."""

    title = N_("A Shapefile can't hold so much. Please take a GeoPackage, or fewer pins.")


class InvalidInput(Refusal):
    """A file, folder or form that breaks its own rules."""

    title = N_("Something is not right yet.")


STATUS: dict[type[Refusal], int] = {
    Malformed: 400,
    NotSignedIn: 401,
    IdentityRefused: 403,
    ProviderAway: 503,
    NotAllowed: 403,
    NotYours: 403,
    Unknown: 404,
    Conflict: 409,
    TooLarge: 413,
    WrongType: 415,
    Unacceptable: 422,
    MapClosed: 422,
    InvalidInput: 422,
    TooMany: 429,
    ProofNeeded: 429,
    ServerBusy: 503,
}


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal: its own class's, or the nearest parent's."""
    return next(STATUS[cls] for cls in type(refusal).__mro__ if cls in STATUS)
