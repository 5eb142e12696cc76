"""The words of the map editor: its sections, their choices, the palette by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.errors import Refusal
from app.i18n import N_, public_languages
from app.inputs.map_forms import SECTIONS
from app.models import Moderation, QuestionType, ShowOthers
from app.views.reader import reader_language
from gis.palette import palette

SECTION_WORDS: Mapping[str, tuple[str, str]] = {
    "texts": (N_("Texts"), N_("The title, what people read first, and the languages.")),
    "categories": (N_("Categories"), N_("The feelings and wishes that a pin can say.")),
    "questions": (
        N_("Questions about the place"),
        N_("What you ask with each pin, such as: by day or after dark?"),
    ),
    "about": (N_("Questions about the person"), N_("Who answers: age, gender. Only sums are ever shown.")),
    "rules": (
        N_("What is shown, and to whom"),
        N_("Publishing, looking at pins beforehand, how long data is kept."),
    ),
    "dates": (N_("From when to when"), N_("The map opens and closes by itself.")),
}
"""Each section by its name, and what it is about."""

PUBLISH_WORDS: Mapping[str, tuple[str, str]] = {
    "pins": (N_("Pins and heat"), N_("Everybody sees each place and what was said there, never by whom.")),
    "heat": (N_("Only heat"), N_("Everybody sees where much was pinned, but no single pin and no words.")),
    "nothing": (N_("Nothing"), N_("Everybody sees only how many people took part.")),
    "pins_only": (N_("Only pins"), N_("Single places and words, without heat.")),
}
MODERATION_WORDS: Mapping[str, tuple[str, str]] = {
    Moderation.POST: (N_("At once"), N_("You look at pins afterwards and hide what doesn’t belong there.")),
    Moderation.PRE: (N_("After you have looked at it"), N_("Somebody of your office must look every day.")),
}
SHOW_OTHERS_WORDS: Mapping[str, str] = {
    ShowOthers.AFTER_FIRST: N_("After their own first pin, so that nobody copies what is there"),
    ShowOthers.ALWAYS: N_("From the beginning"),
    ShowOthers.NEVER: N_("Never on the map, only in the results"),
}
TYPE_WORDS: Mapping[str, str] = {
    QuestionType.SINGLE: N_("One answer of several"),
    QuestionType.MULTIPLE: N_("Several answers"),
    QuestionType.SCALE: N_("A scale, from least to most"),
    QuestionType.TEXT: N_("A short text"),
}
COLOR_WORDS: Mapping[str, str] = {
    "#009e73": N_("green"),
    "#d55e00": N_("vermilion"),
    "#0072b2": N_("blue"),
    "#cc79a7": N_("pink"),
    "#e69f00": N_("orange"),
    "#56b4e9": N_("sky blue"),
    "#8c6bb1": N_("violet"),
    "#7a6a55": N_("brown"),
}
SHAPE_WORDS: Mapping[str, str] = {
    "circle": N_("circle"),
    "triangle": N_("triangle"),
    "square": N_("square"),
    "diamond": N_("diamond"),
    "star": N_("star"),
    "cross": N_("cross"),
    "pentagon": N_("pentagon"),
    "hexagon": N_("hexagon"),
    "heart": N_("heart"),
}


def section_words(section: str) -> tuple[str, str]:
    """The section's name and what it is about."""
    name, about = SECTION_WORDS[section]
    words = reader_language()
    return words.gettext(name), words.gettext(about)


def next_section(section: str) -> str | None:
    """The section that comes after."""
    names = list(SECTIONS)
    here = names.index(section) + 1
    return names[here] if here < len(names) else None


def fills() -> list[str]:
    """The colours that colour-blind eyes keep apart, as `#rrggbb` in capitals."""
    every = [default.fill for default in palette().categories.values()] + list(palette().further_fills)
    return [fill.upper() for fill in every]


def language_names(codes: Sequence[str]) -> dict[str, str]:
    """Languages by their names in the reader's language."""
    words, known = reader_language(), public_languages()
    return {
        code: (known[code].locale.get_display_name(words.code) or code) if code in known else code
        for code in codes
    }


def problems_by_field(refusal: Refusal | None) -> dict[str, str]:
    """What is wrong in the reader's language, by the field it stands at."""
    words = reader_language()
    found: dict[str, str] = {}
    for problem in refusal.problems if refusal else ():
        said = words.gettext(problem.message, problem.data)
        found[problem.field] = f"{found[problem.field]} {said}" if problem.field in found else said
    return found
