"""Every address that a stranger can read, built from the app's own routes: a new one is asked as well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flask import Flask
from werkzeug.routing import Rule

VALUES: Mapping[str, object] = {
    "ending": "geojson",
    "form": "png",
    "kind": "192",
    "category": "safe",
    "z": 14,
    "x": 8898,
    "y": 5583,
    "row": 5583,
    "col": 8898,
}
"""Arguments of addresses that any map has."""
QUERIES: Mapping[str, tuple[str, ...]] = {
    "api.read_items": ("", "?f=html", "?limit=2&category=safe&bbox=15.5,49.6,15.6,49.7&filter=supports%20%3E%200"),
    "place_search.places": ("?q=lipova", "?q=lipova%2012"),
    "place_search.near": ("?at=15.52,49.62",),
    "citizen.citizen_page": ("", "?event=FORUM1"),
    "heat.whole_town": ("", "?category=safe&weight=pins", "?bandwidth=150"),
    "data.layer_file": ("", "?crs=EPSG:5514"),
}
_CHOICES = re.compile(r"<any\(([^)]*)\):(\w+)>")


def reading_addresses(
    app: Flask, blueprints: frozenset[str], values: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    """Endpoint and address of all that may be read of these blueprints, each choice in an address once."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.split(".")[0] not in blueprints:
            continue
        for chosen in _chosen(rule):
            given = {**VALUES, **values, **chosen}
            address = adapter.build(rule.endpoint, {name: given[name] for name in rule.arguments})
            for query in QUERIES.get(rule.endpoint, ("",)):
                yield rule.endpoint, address + query


def _chosen(rule: Rule) -> list[dict[str, object]]:
    """For each choice that the address offers one set of arguments with it, and the first of all others."""
    offered = {
        name: [one.strip("\"' ") for one in every.split(",")] for every, name in _CHOICES.findall(rule.rule)
    }
    first = {name: every[0] for name, every in offered.items()}
    sets = [{**first, name: one} for name, every in offered.items() for one in every]
    return [dict(found) for found in dict.fromkeys(tuple(sorted(one.items())) for one in sets)] or [{}]
