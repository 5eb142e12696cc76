"""Records of the open-data catalogue as plain data for JSON-LD, by DCAT-AP-CZ 2024-05-28.

Every object has an address (`iri`), so that nothing in it is a blank node: harvesters then see from day to day
what is the same. A data set's address is that of its whole record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.i18n import N_, language
from app.inputs.open_data_form import DATABASES, LANGUAGES, MAKERS, PERSON_FREE, WORKS, OpenData, Term
from app.queries.layers import PINS
from app.queries.maps import MapRecord
from app.queries.open_data import EVERYTHING_FILE, DataFacts, DataSet, given_layers

MIMETYPE = "application/ld+json"
CONTEXT = (
    "https://ofn.gov.cz/dcat-ap-cz-rozhraní-katalogů-otevřených-dat/2024-05-28"
    "/kontexty/rozhraní-katalogů-otevřených-dat.jsonld"
)
PUBLISHER = "https://rpp-opendata.egon.gov.cz/odrpp/zdroj/orgán-veřejné-moci/{ico}"
MUNICIPALITY = "https://linked.cuzk.cz/resource/ruian/obec/{code}"
THEME = "http://publications.europa.eu/resource/authority/data-theme/{code}"
FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/{code}"
FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/{code}"
MEDIA_TYPE = "http://www.iana.org/assignments/media-types/{name}"
BOUNDARY = "boundary"
OGC_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0"

Record = dict[str, Any]


@dataclass(frozen=True)
class FileType:
    """What the catalogue calls a kind of file: codes of the EU list and of IANA, and what it is packed in."""

    code: str
    media: str
    packed: str | None = None


GEOPACKAGE = FileType("GPKG", "application/geopackage+sqlite3")
GEOTIFF = FileType("TIFF", "image/tiff")
FILE_TYPES: Mapping[str, FileType] = {
    "geojson": FileType("GEOJSON", "application/geo+json"),
    "csv": FileType("CSV", "text/csv"),
    "gpkg": GEOPACKAGE,
    # Neither list knows FlatGeobuf by name.
    "fgb": FileType("BIN", "application/octet-stream"),
    "shp": FileType("SHP", "application/vnd.shp", packed="application/zip"),
    "parquet": FileType("PARQUET", "application/vnd.apache.parquet"),
}
"""By the keys of FORMS (app/inputs/file_forms.py)."""


@dataclass(frozen=True)
class Publisher:
    """Who answers for a catalogue."""

    name: str
    ico: str
    town: str | None = None
    """The slug, where the catalogue is that of one town."""


def catalogue_address(base: str, town: str | None = None) -> str:
    """Where the catalogue is: of the whole server, or of one town."""
    return f"{base}/data/catalog.jsonld" + (f"?town={town}" if town else "")


def record_address(base: str, slug: str) -> str:
    """Where the record of a map's data set is; its name in the catalogue."""
    return f"{base}/data/{slug}/dataset.jsonld"


def catalogue_record(publisher: Publisher, slugs: Sequence[str], base: str) -> Record:
    """A local catalogue: who it is of, and the addresses of its data sets."""
    title = N_("Open data of emotional maps: %(name)s")
    about = N_(
        "What people said on emotional maps: where they feel well, where they don’t, and what to improve."
        " Moderated, without data about persons."
    )
    return {
        "@context": CONTEXT,
        "iri": catalogue_address(base, publisher.town),
        "typ": "Katalog",
        "název": _in_both(title, name=publisher.name),
        "popis": _in_both(about),
        "poskytovatel": PUBLISHER.format(ico=publisher.ico),
        "domovská_stránka": f"{base}/data/",
        "datová_sada": [record_address(base, slug) for slug in slugs],
    }


def data_set_record(found: DataSet, facts: DataFacts, base: str) -> Record:
    """The whole record of one map."""
    the_map, town, said = found.the_map, found.town, found.open_data
    iri = record_address(base, the_map.slug)
    record: Record = {
        "@context": CONTEXT,
        "iri": iri,
        "typ": "Datová sada",
        "název": {code: found.title(code) for code in LANGUAGES if code == "cs" or the_map.title.get(code)},
        "popis": dict(said.description),
        "poskytovatel": PUBLISHER.format(ico=town.ico),
        "téma": [THEME.format(code=code) for code in said.themes],
        "periodicita_aktualizace": FREQUENCY.format(code=said.periodicity),
        "klíčové_slovo": {code: list(words) for code, words in said.keywords.items()},
        "prvek_rúian": [MUNICIPALITY.format(code=town.ruian)],
        "prostorové_pokrytí": [f"{base}/data/{the_map.slug}/{BOUNDARY}.geojson"],
        "dokumentace": f"{base}/data/{the_map.slug}/",
    }
    record |= _coverage(facts, iri) | _contact(said, town.name, iri)
    terms = _terms(said, town.name, iri)
    record["distribuce"] = [{**one, "podmínky_užití": terms} for one in _distributions(the_map, base, iri)]
    return record


def _coverage(facts: DataFacts, iri: str) -> Record:
    if facts.since is None:
        return {}
    days = {"začátek": facts.since, "konec": facts.until}
    told = {name: day.isoformat() for name, day in days.items() if day}
    return {"časové_pokrytí": {"typ": "Časový interval", "iri": f"{iri}#casove-pokryti", **told}}


def _contact(said: OpenData, town: str, iri: str) -> Record:
    if not said.contact_email:
        return {}
    contact = {
        "typ": "Organizace",
        "iri": f"{iri}#kontaktni-bod",
        "jméno": {"cs": said.contact_name or town},
        "e-mail": f"mailto:{said.contact_email}",
    }
    return {"kontaktní_bod": contact}


def _terms(said: OpenData, town: str, iri: str) -> Record:
    work, database = WORKS[said.terms.work], DATABASES[said.terms.database]
    return {
        "typ": "Specifikace podmínek užití",
        "iri": f"{iri}#podminky-uziti",
        "autorské_dílo": work.iri,
        **_author("autor", work, town),
        "databáze_jako_autorské_dílo": database.iri,
        **_author("autor_databáze", database, town),
        "databáze_chráněná_zvláštními_právy": MAKERS[said.terms.maker].iri,
        "osobní_údaje": PERSON_FREE,
    }


def _author(name: str, term: Term, town: str) -> Record:
    return {name: {"cs": town}} if term.names_author else {}


def _distributions(the_map: MapRecord, base: str, iri: str) -> Iterator[Record]:
    folder = f"{base}/data/{the_map.slug}"
    for layer in given_layers(the_map):
        if layer.name == BOUNDARY:
            continue  # where the data lie, not data
        for form in layer.forms_in_catalogue:
            of_pins = {"schéma": f"{folder}/columns.json"} if layer.name == PINS else {}
            address = f"{folder}/{layer.name}.{form.ending}"
            yield _file(iri, address, FILE_TYPES[form.key], _named(layer.title, form.title)) | of_pins
    yield _file(iri, f"{folder}/{EVERYTHING_FILE}", GEOPACKAGE, _named(N_("All layers"), "GeoPackage"))
    if the_map.publish_heat:
        title = _named(N_("Heat of all feelings together"), "GeoTIFF")
        yield _file(iri, f"{base}/m/{the_map.slug}/heat.tif", GEOTIFF, title)
    if the_map.publish_pins:
        yield _service(the_map.slug, base, iri)


def _file(iri: str, address: str, kind: FileType, title: Record) -> Record:
    packed = MEDIA_TYPE.format(name=kind.packed)
    return {
        "typ": "Distribuce",
        "iri": f"{iri}#{address.rsplit('/', 1)[1]}",
        "název": title,
        "přístupové_url": address,
        "soubor_ke_stažení": address,
        "formát": FILE_TYPE.format(code=kind.code),
        "typ_média": MEDIA_TYPE.format(name=kind.media),
        **({"typ_média_komprese": packed, "typ_média_balíčku": packed} if kind.packed else {}),
    }


def _service(slug: str, base: str, iri: str) -> Record:
    title = _in_both(N_("Pins as a live service (OGC API – Features)"))
    return {
        "typ": "Distribuce",
        "iri": f"{iri}#api",
        "název": title,
        "přístupové_url": f"{base}/api/collections/{slug}",
        "přístupová_služba": {
            "typ": "Datová služba",
            "iri": f"{iri}#sluzba",
            "název": title,
            "přístupový_bod": f"{base}/api/",
            "popis_přístupového_bodu": f"{base}/api/openapi.json",
            "specifikace": OGC_FEATURES,
            "poskytuje_datovou_sadu": iri,
        },
    }


def _named(what: str, form: str) -> Record:
    return {code: f"{language(code).gettext(what)} – {language(code).gettext(form)}" for code in LANGUAGES}


def _in_both(message: str, **data: object) -> Record:
    return {code: language(code).gettext(message, data) for code in LANGUAGES}


def schema_org(found: DataSet, facts: DataFacts, base: str) -> Record:
    """The same for search engines, in their words (schema.org/Dataset)."""
    record = data_set_record(found, facts, base)
    west, south, east, north = (round(degrees, 5) for degrees in found.the_map.boundary.bounds)
    files = [one for one in record["distribuce"] if "soubor_ke_stažení" in one]
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": record["iri"],
        "name": found.title("cs"),
        "description": found.open_data.description["cs"],
        "inLanguage": "cs",
        "url": record["dokumentace"],
        "keywords": list(found.open_data.keywords["cs"]),
        "license": MAKERS[found.open_data.terms.maker].iri,
        "isAccessibleForFree": True,
        "creator": {"@type": "GovernmentOrganization", "name": found.town.name, "@id": record["poskytovatel"]},
        "spatialCoverage": {
            "@type": "Place",
            "name": found.town.name,
            "geo": {"@type": "GeoShape", "box": f"{south} {west} {north} {east}"},
        },
        **({"dateModified": facts.changed_on.isoformat()} if facts.changed_on else {}),
        "distribution": [
            {
                "@type": "DataDownload",
                "contentUrl": one["soubor_ke_stažení"],
                "encodingFormat": one["typ_média"].removeprefix(MEDIA_TYPE.format(name="")),
                "name": one["název"]["cs"],
            }
            for one in files
        ],
    }
