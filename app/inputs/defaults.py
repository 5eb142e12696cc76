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
        word={
            "cs": "Bezpečně",
            "en": "Safe",
            "uk": "Безпечно",
            "sk": "Bezpečne",
            "de": "Sicher",
            "pl": "Bezpiecznie",
            "nb": "Trygt",
        },
        label={
            "cs": "Tady se cítím bezpečně",
            "en": "Here I feel safe",
            "uk": "Тут я почуваюся безпечно",
            "sk": "Tu sa cítim bezpečne",
            "de": "Hier fühle ich mich sicher",
            "pl": "Tu czuję się bezpiecznie",
            "nb": "Her føler jeg meg trygg",
        },
        prompt={
            "cs": "Čím to je?",
            "en": "What makes it so?",
            "uk": "Чому так?",
            "sk": "Čím to je?",
            "de": "Woran liegt das?",
            "pl": "Dlaczego?",
            "nb": "Hva gjør at det er slik?",
        },
        color=_FEELINGS["safe"].fill,
        shape=_FEELINGS["safe"].shape,
    ),
    CategoryInput(
        key="unsafe",
        word={
            "cs": "Nebezpečně",
            "en": "Unsafe",
            "uk": "Небезпечно",
            "sk": "Nebezpečne",
            "de": "Unsicher",
            "pl": "Niebezpiecznie",
            "nb": "Utrygt",
        },
        label={
            "cs": "Tady se necítím bezpečně",
            "en": "Here I feel unsafe",
            "uk": "Тут я не почуваюся безпечно",
            "sk": "Tu sa necítim bezpečne",
            "de": "Hier fühle ich mich unsicher",
            "pl": "Tu nie czuję się bezpiecznie",
            "nb": "Her føler jeg meg utrygg",
        },
        prompt={
            "cs": "Co vám tu vadí?",
            "en": "What bothers you here?",
            "uk": "Що вам тут заважає?",
            "sk": "Čo vám tu prekáža?",
            "de": "Was stört Sie hier?",
            "pl": "Co tu przeszkadza?",
            "nb": "Hva plager deg her?",
        },
        color=_FEELINGS["unsafe"].fill,
        shape=_FEELINGS["unsafe"].shape,
    ),
    CategoryInput(
        key="improve",
        word={
            "cs": "Zlepšit",
            "en": "Improve",
            "uk": "Поліпшити",
            "sk": "Zlepšiť",
            "de": "Verbessern",
            "pl": "Poprawić",
            "nb": "Forbedre",
        },
        label={
            "cs": "Tady je co zlepšit",
            "en": "This should be improved",
            "uk": "Тут є що поліпшити",
            "sk": "Tu je čo zlepšiť",
            "de": "Hier sollte etwas besser werden",
            "pl": "Tu jest co poprawić",
            "nb": "Her bør noe bli bedre",
        },
        prompt={
            "cs": "Co a jak zlepšit?",
            "en": "What, and how?",
            "uk": "Що і як поліпшити?",
            "sk": "Čo a ako zlepšiť?",
            "de": "Was und wie?",
            "pl": "Co i jak poprawić?",
            "nb": "Hva, og hvordan?",
        },
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


def _option(key: str, /, **label: str) -> dict[str, str | Texts]:
    return {"key": key, "label": label}


def _figures(key: str, figures: str) -> dict[str, str | Texts]:
    """An option that every language writes alike."""
    return _option(key, **dict.fromkeys(("cs", "en", "uk", "sk", "de", "pl", "nb"), figures))


ABOUT = (
    QuestionInput(
        key="age",
        label={
            "cs": "Kolik je vám let?",
            "en": "How old are you?",
            "uk": "Скільки вам років?",
            "sk": "Koľko máte rokov?",
            "de": "Wie alt sind Sie?",
            "pl": "Ile ma Pan/Pani lat?",
            "nb": "Hvor gammel er du?",
        },
        type=QuestionType.SINGLE,
        options=(
            _option(
                "under15",
                cs="méně než 15",
                en="under 15",
                uk="менше 15",
                sk="menej ako 15",
                de="unter 15",
                pl="mniej niż 15",
                nb="under 15",
            ),
            _figures("15-24", "15–24"),
            _figures("25-44", "25–44"),
            _figures("45-64", "45–64"),
            _option(
                "65plus",
                cs="65 a více",
                en="65 or more",
                uk="65 і більше",
                sk="65 a viac",
                de="65 und älter",
                pl="65 i więcej",
                nb="65 eller eldre",
            ),
        ),
        categories=(),
        published=False,
    ),
    QuestionInput(
        key="gender",
        label={
            "cs": "Jste…",
            "en": "You are…",
            "uk": "Ви…",
            "sk": "Ste…",
            "de": "Sie sind …",
            "pl": "Jest Pan/Pani…",
            "nb": "Du er …",
        },
        type=QuestionType.SINGLE,
        options=(
            _option(
                "woman",
                cs="žena",
                en="a woman",
                uk="жінка",
                sk="žena",
                de="eine Frau",
                pl="kobietą",
                nb="kvinne",
            ),
            _option(
                "man",
                cs="muž",
                en="a man",
                uk="чоловік",
                sk="muž",
                de="ein Mann",
                pl="mężczyzną",
                nb="mann",
            ),
            _option(
                "other",
                cs="jinak",
                en="other",
                uk="інше",
                sk="inak",
                de="anderes",
                pl="inaczej",
                nb="annet",
            ),
        ),
        categories=(),
        published=False,
    ),
    QuestionInput(
        key="relation",
        label={
            "cs": "Co vás s městem pojí?",
            "en": "What ties you to the town?",
            "uk": "Що пов’язує вас із містом?",
            "sk": "Čo vás spája s mestom?",
            "de": "Was verbindet Sie mit der Stadt?",
            "pl": "Co łączy Pana/Panią z miastem?",
            "nb": "Hva knytter deg til byen?",
        },
        type=QuestionType.SINGLE,
        options=(
            _option(
                "lives",
                cs="bydlím tu",
                en="I live here",
                uk="я тут живу",
                sk="bývam tu",
                de="ich wohne hier",
                pl="mieszkam tu",
                nb="jeg bor her",
            ),
            _option(
                "works",
                cs="pracuji tu",
                en="I work here",
                uk="я тут працюю",
                sk="pracujem tu",
                de="ich arbeite hier",
                pl="pracuję tu",
                nb="jeg jobber her",
            ),
            _option(
                "studies",
                cs="chodím tu do školy",
                en="I go to school here",
                uk="я тут навчаюся",
                sk="chodím tu do školy",
                de="ich gehe hier zur Schule",
                pl="chodzę tu do szkoły",
                nb="jeg går på skole her",
            ),
            _option(
                "visits",
                cs="přijíždím na návštěvu",
                en="I come to visit",
                uk="приїжджаю в гості",
                sk="prichádzam na návštevu",
                de="ich komme zu Besuch",
                pl="przyjeżdżam z wizytą",
                nb="jeg kommer på besøk",
            ),
        ),
        categories=(),
        published=False,
    ),
)
