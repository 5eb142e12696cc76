"""The rules of DCAT-AP-CZ 2024-05-28 for local catalogues, as far as a document can be checked by itself.

Written after the required items of the standard: https://ofn.gov.cz/dcat-ap-cz-rozhraní-katalogů-otevřených-dat/2024-05-28/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

CONTEXT = (
    "https://ofn.gov.cz/dcat-ap-cz-rozhraní-katalogů-otevřených-dat/2024-05-28/kontexty/"
    "rozhraní-katalogů-otevřených-dat.jsonld"
)
TERMS = frozenset(
    [
        "@context",
        "iri",
        "typ",
        "název",
        "popis",
        "poskytovatel",
        "datová_sada",
        "domovská_stránka",
        "kontaktní_bod",
        "jméno",
        "e-mail",
        "téma",
        "periodicita_aktualizace",
        "klíčové_slovo",
        "prvek_rúian",
        "geografické_území",
        "prostorové_pokrytí",
        "časové_pokrytí",
        "začátek",
        "konec",
        "dokumentace",
        "specifikace",
        "koncept_euroVoc",
        "prostorové_rozlišení_v_metrech",
        "časové_rozlišení",
        "je_součástí",
        "právní_předpis",
        "kategorie_hvd",
        "distribuce",
        "podmínky_užití",
        "autorské_dílo",
        "autor",
        "databáze_jako_autorské_dílo",
        "autor_databáze",
        "databáze_chráněná_zvláštními_právy",
        "osobní_údaje",
        "přístupové_url",
        "soubor_ke_stažení",
        "formát",
        "typ_média",
        "schéma",
        "typ_média_komprese",
        "typ_média_balíčku",
        "přístupová_služba",
        "přístupový_bod",
        "popis_přístupového_bodu",
        "poskytuje_datovou_sadu",
    ]
)
"""What the context defines: a member that is not there means nothing to a harvester."""
IN_LANGUAGES = frozenset({"název", "popis", "klíčové_slovo", "jméno", "autor", "autor_databáze"})
"""Members whose objects are languages, not things."""

_WEB = {"type": "string", "pattern": r"^https://[^\s/]+/\S*$"}
_MEDIA = {"type": "string", "pattern": "^http://www\\.iana\\.org/assignments/media-types/[a-z]+/[a-z0-9.+-]+$"}
_TEXT = {
    "type": "object",
    "required": ["cs"],
    "additionalProperties": False,
    "patternProperties": {"^(cs|en)$": {"type": "string", "minLength": 1}},
}
_KEYWORDS = {
    "type": "object",
    "required": ["cs"],
    "additionalProperties": False,
    "patternProperties": {
        "^(cs|en)$": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
    },
}
_AUTHORITY = {
    "type": "string",
    "pattern": "^https://rpp-opendata\\.egon\\.gov\\.cz/odrpp/zdroj/orgán-veřejné-moci/[0-9]{8}$",
}


def _eu(name: str) -> dict[str, Any]:
    return {
        "type": "string",
        "pattern": f"^http://publications\\.europa\\.eu/resource/authority/{name}/[A-Z0-9_]+$",
    }


def _one_of(*iris: str) -> dict[str, Any]:
    return {"enum": list(iris)}


_USE = "https://data.gov.cz/podmínky-užití/"
_CC_BY, _CC0 = "https://creativecommons.org/licenses/by/4.0/", "https://creativecommons.org/publicdomain/zero/1.0/"
_TERMS_OF_USE = {
    "type": "object",
    "required": [
        "typ",
        "autorské_dílo",
        "databáze_jako_autorské_dílo",
        "databáze_chráněná_zvláštními_právy",
        "osobní_údaje",
    ],
    "properties": {
        "typ": {"const": "Specifikace podmínek užití"},
        "autorské_dílo": _one_of(
            f"{_USE}neobsahuje-autorská-díla/", f"{_USE}obsahuje-více-autorských-děl/", _CC_BY
        ),
        "autor": _TEXT,
        "databáze_jako_autorské_dílo": _one_of(f"{_USE}není-autorskoprávně-chráněnou-databází/", _CC_BY),
        "autor_databáze": _TEXT,
        "databáze_chráněná_zvláštními_právy": _one_of(
            f"{_USE}není-chráněna-zvláštním-právem-pořizovatele-databáze/", _CC0
        ),
        # The standard knows data with personal data too; ours must never be.
        "osobní_údaje": {"const": f"{_USE}neobsahuje-osobní-údaje/"},
    },
    "allOf": [
        {
            "if": {"properties": {work: {"const": _CC_BY}}, "required": [work]},
            "then": {"required": [author]},
        }
        for work, author in (("autorské_dílo", "autor"), ("databáze_jako_autorské_dílo", "autor_databáze"))
    ],
}
_FILE = {
    "required": ["soubor_ke_stažení", "formát", "typ_média"],
    "properties": {
        "soubor_ke_stažení": _WEB,
        "formát": _eu("file-type"),
        "typ_média": _MEDIA,
        "typ_média_komprese": _MEDIA,
        "typ_média_balíčku": _MEDIA,
        "schéma": _WEB,
    },
}
_SERVICE = {
    "required": ["přístupová_služba"],
    "properties": {
        "přístupová_služba": {
            "type": "object",
            "required": ["typ", "iri", "název", "přístupový_bod"],
            "properties": {
                "typ": {"const": "Datová služba"},
                "iri": _WEB,
                "název": _TEXT,
                "přístupový_bod": _WEB,
                "popis_přístupového_bodu": _WEB,
                "specifikace": {"type": "string", "pattern": "^https?://"},
                "poskytuje_datovou_sadu": _WEB,
            },
        }
    },
}
_DISTRIBUTION = {
    "type": "object",
    "required": ["typ", "iri", "podmínky_užití", "přístupové_url"],
    "properties": {
        "typ": {"const": "Distribuce"},
        "iri": _WEB,
        "název": _TEXT,
        "přístupové_url": _WEB,
        "podmínky_užití": _TERMS_OF_USE,
    },
    "oneOf": [_FILE, _SERVICE],
}
_CONTACT = {
    "type": "object",
    "required": ["typ", "jméno", "e-mail"],
    "properties": {
        "typ": {"const": "Organizace"},
        "jméno": _TEXT,
        "e-mail": {"type": "string", "pattern": "^mailto:"},
    },
}
_DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
DATA_SET = {
    "type": "object",
    "required": [
        "@context",
        "typ",
        "iri",
        "název",
        "popis",
        "poskytovatel",
        "téma",
        "periodicita_aktualizace",
        "klíčové_slovo",
        "prvek_rúian",
        "distribuce",
    ],
    "properties": {
        "@context": {"const": CONTEXT},
        "typ": {"const": "Datová sada"},
        "iri": _WEB,
        "název": _TEXT,
        "popis": _TEXT,
        "poskytovatel": _AUTHORITY,
        "téma": {"type": "array", "minItems": 1, "items": _eu("data-theme")},
        "periodicita_aktualizace": _eu("frequency"),
        "klíčové_slovo": _KEYWORDS,
        "prvek_rúian": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "string",
                "pattern": "^https://linked\\.cuzk\\.cz/resource/ruian/obec/[0-9]{6}$",
            },
        },
        "prostorové_pokrytí": {"type": "array", "items": _WEB},
        "časové_pokrytí": {
            "type": "object",
            "required": ["typ", "začátek"],
            "properties": {"typ": {"const": "Časový interval"}, "začátek": _DAY, "konec": _DAY},
        },
        "kontaktní_bod": _CONTACT,
        "dokumentace": _WEB,
        "distribuce": {"type": "array", "minItems": 1, "items": _DISTRIBUTION},
    },
}
CATALOGUE = {
    "type": "object",
    "required": ["@context", "typ", "iri", "název", "popis", "poskytovatel", "datová_sada"],
    "properties": {
        "@context": {"const": CONTEXT},
        "typ": {"const": "Katalog"},
        "iri": _WEB,
        "název": _TEXT,
        "popis": _TEXT,
        "poskytovatel": _AUTHORITY,
        "domovská_stránka": _WEB,
        "datová_sada": {"type": "array", "minItems": 1, "uniqueItems": True, "items": _WEB},
    },
}


def faults(document: Any, rules: dict[str, Any]) -> list[str]:
    """All that breaks the standard in a catalogue or a record; empty when it keeps it."""
    broken = Draft202012Validator(rules).iter_errors(document)
    found = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in broken]
    return [*found, *_things_without_address(document, "")]


def _things_without_address(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from _things_without_address(item, f"{path}/{n}")
    if not isinstance(value, dict):
        return
    if not str(value.get("iri", "")).startswith("https://"):
        yield f"{path}: a blank node"
    for name, inner in value.items():
        if name not in TERMS:
            yield f"{path}/{name}: not in the context"
        elif name not in IN_LANGUAGES:
            yield from _things_without_address(inner, f"{path}/{name}")
