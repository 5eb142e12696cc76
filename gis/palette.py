"""The one palette: tones of page and map, categories and their readable shades, as data and as CSS.

`palette.json` is what people edit; screen, print, exports and the standalone map all read it here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from gis.colour import contrast, mix, readable
from gis.shapes import SHAPES, css_polygon, svg_path

ThemeName = Literal["light", "dark"]

THEMES: Final[tuple[ThemeName, ...]] = ("light", "dark")
TEXT_CONTRAST: Final = 4.5  # WCAG 2.1, 1.4.3
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Shades:
    """One category colour in one theme: `ink` reads on paper, `on_fill` and `on_ink` on those two."""

    fill: str
    ink: str
    on_fill: str
    on_ink: str
    tint: str


@dataclass(frozen=True, slots=True)
class Theme:
    """Tones of one theme by dotted name: `ui["paper"]`, `map["street.main.casing"]`."""

    name: ThemeName
    ui: Mapping[str, str]
    map: Mapping[str, str]

    @property
    def grounds(self) -> tuple[str, ...]:
        """The tones on which text of a category colour may stand."""
        return (self.ui["paper"], self.ui["paper_raised"], self.ui["paper_sunken"], self.map["land"])


@dataclass(frozen=True, slots=True)
class CategoryDefault:
    """How a category looks when its map says nothing else."""

    fill: str
    shape: str


@dataclass(frozen=True, slots=True)
class Palette:
    """Everything of `palette.json`, typed."""

    categories: Mapping[str, CategoryDefault]
    further_fills: tuple[str, ...]
    light: Theme
    dark: Theme

    def theme(self, name: ThemeName) -> Theme:
        """The tones of one theme."""
        return self.light if name == "light" else self.dark


@cache
def palette() -> Palette:
    """The palette, read once."""
    raw: dict[str, Any] = json.loads(Path(__file__).with_name("palette.json").read_text("utf-8"))
    categories = {key: CategoryDefault(**value) for key, value in raw["categories"].items()}
    light, dark = (
        Theme(
            name,
            MappingProxyType(dict(_flat(raw["themes"][name]["ui"]))),
            MappingProxyType(dict(_flat(raw["themes"][name]["map"]))),
        )
        for name in THEMES
    )
    return Palette(MappingProxyType(categories), tuple(raw["further_fills"]), light, dark)


@cache
def shades(fill: str, theme: ThemeName = "light") -> Shades:
    """The readable shades of any category colour `#rrggbb` in a theme."""
    tones = palette().theme(theme)
    tint = mix(fill, tones.ui["paper"], 0.12 if theme == "light" else 0.2)
    ink = readable(fill, (*tones.grounds, tint), ratio=TEXT_CONTRAST)
    return Shades(fill.lower(), ink, _text_on(fill), _text_on(ink), tint)


def css_variables(categories: Mapping[str, str] | None = None) -> str:
    """The style sheet of custom properties: light, dark by the system's wish, and either by `data-theme`.

    `categories` maps keys to `#rrggbb`; without it the default categories are written.
    """
    light, dark = (f"color-scheme:{theme};" + _declarations(theme, categories) for theme in THEMES)
    shapes = "".join(f'--shape-{name}:"{svg_path(name)}";--clip-{name}:{css_polygon(name)};' for name in SHAPES)
    return _sheet(light + shapes, dark, light)


def category_css(categories: Mapping[str, str]) -> str:
    """The style sheet of one map's own category colours, in both themes."""
    light, dark = ("".join(_category_declarations(theme, categories)) for theme in THEMES)
    return _sheet(light, dark, light)


def _sheet(always: str, dark: str, light: str) -> str:
    """Light unless the system wishes dark; a choice on the page itself goes before both."""
    return (
        f":root{{{always}}}\n"
        f"@media (prefers-color-scheme: dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f":root[data-theme=dark]{{{dark}}}\n"
        f":root[data-theme=light]{{{light}}}\n"
    )


def _declarations(theme: ThemeName, categories: Mapping[str, str] | None) -> str:
    tones = palette().theme(theme)
    if categories is None:
        categories = {key: default.fill for key, default in palette().categories.items()}
    parts = [f"--{_name(key)}:{value};" for key, value in tones.ui.items()]
    parts += [f"--map-{_name(key)}:{value};" for key, value in tones.map.items()]
    return "".join(parts + list(_category_declarations(theme, categories)))


def _category_declarations(theme: ThemeName, categories: Mapping[str, str]) -> Iterator[str]:
    for key, fill in categories.items():
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a category key: {key!r}")
        shade = shades(fill, theme)
        name = f"--category-{key}"
        yield f"{name}:{shade.fill};{name}-ink:{shade.ink};{name}-on:{shade.on_fill};"
        yield f"{name}-on-ink:{shade.on_ink};{name}-tint:{shade.tint};"


def _name(key: str) -> str:
    """`street.main.fill` → `street-main`: the fill is the thing itself, its other tones are named."""
    return key.removesuffix(".fill").replace(".", "-").replace("_", "-")


def _text_on(colour: str) -> str:
    """White where it can be read, else the darkest ink; black and white between them reach every colour."""
    tones = ("#ffffff", "#1b1714", "#000000")
    return next((tone for tone in tones if contrast(tone, colour) >= TEXT_CONTRAST), "#ffffff")


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
