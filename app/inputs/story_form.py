"""The words of a story as an official types them, in the languages of the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable

MOST_STORY_CHARACTERS = 20_000


def parse_story(form: Mapping[str, str], languages: Sequence[str]) -> dict[str, str]:
    """The text in each language that has one; InvalidInput names the fields that are too long."""
    problems = []
    texts = {}
    for language in languages:
        text = "\n".join(form.get(f"story_{language}", "").splitlines()).strip()
        if len(text) > MOST_STORY_CHARACTERS:
            most = {"most": MOST_STORY_CHARACTERS}
            problems.append(Problem(f"story_{language}", N_("This has at most %(most)s characters."), most))
        elif not storable(text):
            problems.append(Problem(f"story_{language}", N_("There is a sign in the text that we can't store.")))
        elif text:
            texts[language] = text
    if problems:
        raise InvalidInput(*problems)
    return texts
