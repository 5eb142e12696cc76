"""What a map gets when its folder does not say: the three feelings, and the questions about the person."""

from __future__ import annotations

from app.i18n import Texts
from app.inputs.maps import CategoryInput, QuestionInput
from app.models import QuestionType
from gis.palette import palette

_FEELINGS = palette().categories

CATEGORIES = (
    CategoryInput(
        key="safe",
        word={"cs": "Bezpečně", "en": "Safe"},
        label={"cs": "Tady se cítím bezpečně", "en": "Here I feel safe"},
        prompt={"cs": "Čím to je?", "en": "What makes it so?"},
        color=_FEELINGS["safe"].fill,
        shape=_FEELINGS["safe"].shape,
    ),
    CategoryInput(
        key="unsafe",
        word={"cs": "Nebezpečně", "en": "Unsafe"},
        label={"cs": "Tady se necítím bezpečně", "en": "Here I feel unsafe"},
        prompt={"cs": "Co vám tu vadí?", "en": "What bothers you here?"},
        color=_FEELINGS["unsafe"].fill,
        shape=_FEELINGS["unsafe"].shape,
    ),
    CategoryInput(
        key="improve",
        word={"cs": "Zlepšit", "en": "Improve"},
        label={"cs": "Tady je co zlepšit", "en": "This should be improved"},
        prompt={"cs": "Co a jak zlepšit?", "en": "What, and how?"},
        color=_FEELINGS["improve"].fill,
        shape=_FEELINGS["improve"].shape,
    ),
)


CZECH_BASEMAP = {
    "kind": "xyz",
    "url": "https://ags.cuzk.gov.cz/arcgis1/rest/services/ZTM_WM/MapServer/tile/{z}/{y}/{x}",
    "max_zoom": 19,
    "attribution": {"cs": "© ČÚZK", "en": "© ČÚZK"},
}
"""The state's base map, free and without a key; a sheet without streets would be no map."""


def _option(key: str, cs: str, en: str) -> dict[str, str | Texts]:
    return {"key": key, "label": {"cs": cs, "en": en}}


ABOUT = (
    QuestionInput(
        key="age",
        label={"cs": "Kolik je vám let?", "en": "How old are you?"},
        type=QuestionType.SINGLE,
        options=(
            _option("under15", "méně než 15", "under 15"),
            _option("15-24", "15–24", "15–24"),
            _option("25-44", "25–44", "25–44"),
            _option("45-64", "45–64", "45–64"),
            _option("65plus", "65 a více", "65 or more"),
        ),
        categories=(),
        published=False,
    ),
    QuestionInput(
        key="gender",
        label={"cs": "Jste…", "en": "You are…"},
        type=QuestionType.SINGLE,
        options=(
            _option("woman", "žena", "a woman"),
            _option("man", "muž", "a man"),
            _option("other", "jinak", "other"),
        ),
        categories=(),
        published=False,
    ),
    QuestionInput(
        key="relation",
        label={"cs": "Co vás s městem pojí?", "en": "What ties you to the town?"},
        type=QuestionType.SINGLE,
        options=(
            _option("lives", "bydlím tu", "I live here"),
            _option("works", "pracuji tu", "I work here"),
            _option("studies", "chodím tu do školy", "I go to school here"),
            _option("visits", "přijíždím na návštěvu", "I come to visit"),
        ),
        categories=(),
        published=False,
    ),
)
