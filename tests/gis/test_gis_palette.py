"""The palette can be read by everyone: contrast, shapes of one weight, ramps in even steps."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gis.colour import contrast, hex_of, oklab_of, oklch_of, rgb_of, rgb_of_oklch
from gis.palette import THEMES, category_css, css_variables, palette, shades
from gis.ramp import ramp, seen_on_land, swatches
from gis.shapes import SHAPES, area, css_polygon, outline, svg_path

ANY_FILLS = [d.fill for d in palette().categories.values()] + list(palette().further_fills)
ODD_FILLS = ["#000000", "#ffffff", "#ffff00", "#777777", "#F0E442"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("fill", ANY_FILLS + ODD_FILLS)
def test_words_in_a_category_colour_can_be_read(fill, theme):
    tones, shade = palette().theme(theme), shades(fill, theme)
    assert all(contrast(shade.ink, ground) >= 4.5 for ground in (*tones.grounds, shade.tint))
    assert contrast(shade.on_fill, shade.fill) >= 4.5
    assert contrast(shade.on_ink, shade.ink) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_words_and_edges_of_the_page_can_be_read(theme):
    tones = palette().theme(theme)
    for word in ("ink", "ink_soft", "accent", "danger", "success", "warning"):
        assert all(contrast(tones.ui[word], ground) >= 4.5 for ground in tones.grounds), word
    for edge in ("focus", "line_strong"):
        assert all(contrast(tones.ui[edge], ground) >= 3 for ground in tones.grounds), edge
    for kind in ("danger", "success", "warning"):
        assert contrast(tones.ui[kind], tones.ui[f"{kind}_soft"]) >= 4.5, kind
    assert contrast(tones.ui["on_accent"], tones.ui["accent"]) >= 4.5
    assert contrast(tones.map["label.ink"], tones.map["label.halo"]) >= 4.5
    assert contrast(tones.map["water.label"], tones.map["water.fill"]) >= 4.5
    assert contrast(tones.map["green.label"], tones.map["green.forest"]) >= 4.5
    assert contrast(tones.map["street.label"], tones.map["street.main.fill"]) >= 4.5


def test_both_themes_name_the_same_tones():
    assert palette().light.ui.keys() == palette().dark.ui.keys()
    assert palette().light.map.keys() == palette().dark.map.keys()


def test_oklch_there_and_back_is_the_same_colour():
    for fill in ANY_FILLS + ODD_FILLS:
        assert hex_of(rgb_of_oklch(*oklch_of(fill))) == fill.lower()


def test_contrast_of_black_and_white_is_twenty_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("text", ["red", "#fff", "#12345g", "#0000000", "#009E73;}"])
def test_what_is_no_colour_is_refused(text):
    with pytest.raises(ValueError, match="not a colour"):
        rgb_of(text)


def test_style_sheet_has_every_tone_in_both_themes():
    css = css_variables()
    assert css.count("{") == css.count("}")
    assert "prefers-color-scheme: dark" in css
    for name in ("--paper", "--map-land", "--map-street-main-casing", "--map-water", "--category-safe-ink"):
        assert len(re.findall(rf"{name}:", css)) == 4, name
    for shape in SHAPES:
        assert f'--shape-{shape}:"M' in css
        assert f"--clip-{shape}:" in css


def test_a_maps_own_colours_override_the_defaults():
    css = category_css({"lamp": "#E69F00"})
    assert "--category-lamp:#e69f00;" in css
    assert css.count("--category-lamp-ink:") == 4


@pytest.mark.parametrize("key", ["a b", "x}body{", "", "Á"])
def test_a_key_that_would_break_the_style_sheet_is_refused(key):
    with pytest.raises(ValueError, match="category key"):
        category_css({key: "#000000"})


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_are_of_one_weight_and_stay_in_their_box(shape):
    points = outline(shape)
    assert area(points) == pytest.approx(1.72, rel=0.1)
    assert np.abs(points).max() <= 1
    assert svg_path(shape, centre=(12, 12), radius=12).startswith("M")
    assert css_polygon(shape).startswith(("polygon(", "circle("))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("fill", ANY_FILLS)
def test_heat_goes_from_nothing_to_full_in_even_steps(fill, theme):
    colours = ramp(fill, theme)
    assert colours.rgba[0].tolist() == [0, 0, 0, 0]
    lab = oklab_of(seen_on_land(colours))[12:]
    steps = [np.linalg.norm(lab[i + 40] - lab[i]) for i in range(0, 204, 40)]
    assert max(steps) / min(steps) < 1.5
    towards_full = 1 if theme == "dark" else -1
    assert (np.diff(lab[::8, 0]) * towards_full > 0).all()


def test_legend_shows_the_middle_of_every_class():
    legend = swatches(ramp("#D55E00"), (1, 2, 5))
    assert [(swatch.low, swatch.high) for swatch in legend] == [(1, 2), (2, 5), (5, None)]
    assert legend[0].css.startswith("rgb(")
    assert oklch_of(legend[0].seen)[0] > oklch_of(legend[2].seen)[0]
