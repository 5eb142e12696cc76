"""The `map.json` of a stored map makes the same map again, whatever the map is like."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.config import ROOT
from app.inputs.map_folder import parse_map, read_map_folder
from app.inputs.map_forms import SECTIONS
from app.inputs.map_sent import Noted
from app.inputs.maps import MapInput
from app.queries.map_description import describe, own_layer
from app.queries.maps import read_map
from app.services.maps import save_map
from gis.shapes import SHAPES
from tests.builders import BOX, a_basemap

SAMPLES = sorted(path.parent.name for path in (ROOT / "sample_maps").glob("*/map.json"))
WORDS = ("Hezké", "tmavé místo", "„Tady“ & <tam>", "Žlutý kůň?", "ß ∑ 🙂", "x")


def stored_again(session: Session, wanted: MapInput) -> MapInput:
    """What parse_map makes of the description of the map, once it is stored."""
    save_map(session, wanted)
    session.commit()
    the_map = read_map(session, wanted.slug)
    described = json.loads(json.dumps(describe(session, the_map)))
    return parse_map(
        described, slug=the_map.slug, boundary=wanted.boundary, basemap_geojson=own_layer(session, the_map)
    )


def any_texts(dice: random.Random) -> dict[str, str]:
    return {code: dice.choice(WORDS) for code in ("cs", "en", "de") if code == "cs" or dice.random() < 0.5}


def any_questions(dice: random.Random, prefix: str, keys: list[str]) -> list[dict[str, Any]]:
    questions = []
    for n in range(dice.randrange(4)):
        kind = dice.choice(["single", "multiple", "scale", "text"])
        options = [
            {"key": f"{dice.choice('abc')}-{m}", "label": any_texts(dice)} for m in range(dice.randint(1, 5))
        ]
        questions.append(
            {
                "key": f"{prefix}{n}",
                "type": kind,
                "label": any_texts(dice),
                "options": [] if kind == "text" else options,
                # All of them would be said as none: with every pin.
                "categories": dice.sample(keys, dice.randrange(len(keys))) if prefix == "q" else [],
                "published": prefix == "q" and dice.random() < 0.5,
            }
        )
    return questions


def any_description(dice: random.Random) -> dict[str, Any]:
    keys = dice.sample(["safe", "unsafe", "improve", "hezke", "nuda", "zelen"], dice.randint(1, 6))
    both = lambda: dice.choice([True, False, None])  # noqa: E731
    opens = dice.choice([None, "2026-03-01T00:00:00+01:00", "2026-10-25T02:30:00.125+02:00"])
    return {
        "title": any_texts(dice),
        "intro": any_texts(dice) if dice.random() < 0.7 else {},
        "thanks": {},
        "town": {"name": "Testov", "slug": "testov", "ruian": dice.choice([None, 912_345])},
        "privacy_contact": dice.choice([None, "gdpr@testov.example"]),
        "languages": dice.sample(["cs", "en", "de"], dice.randint(1, 3)),
        "categories": [
            {
                "key": key,
                "label": any_texts(dice),
                "word": any_texts(dice),
                "prompt": any_texts(dice) if dice.random() < 0.5 else {},
                "color": f"#{dice.randrange(0x1000000):06x}",
                "shape": dice.choice(SHAPES),
            }
            for key in keys
        ],
        "questions": any_questions(dice, "q", keys),
        "about": any_questions(dice, "a", keys),
        "events": [
            {
                "code": f"FORUM{n}",
                "title": any_texts(dice),
                "expected": dice.choice([None, 0, 90]),
                "starts": opens,
            }
            for n in range(dice.randrange(3))
        ],
        "opens": opens,
        "closes": dice.choice([None, "2027-01-01T00:00:00Z"]),
        "publish": {
            "pins": dice.random() < 0.5,
            "heat": dice.random() < 0.5,
            "k": dice.randint(1, 100),
            "after": {"pins": both(), "heat": both()},
        },
        "moderation": dice.choice(["post", "pre"]),
        "show_others": dice.choice(["after_first", "always", "never"]),
        "hold_flagged": dice.random() < 0.5,
        "retention_days": dice.randint(1, 3650),
        "photos": dice.random() < 0.5,
        "basemap": dice.choice(
            [
                {"kind": "none"},
                {"kind": "vector", "attribution": "© město"},
                {"kind": "xyz", "url": "https://tiles.example/{z}/{x}/{y}.png", "max_zoom": 18},
            ]
        ),
    }


@pytest.mark.parametrize("seed", range(40))
def test_description_of_a_stored_map_makes_the_same_map(session: Session, seed: int) -> None:
    description = any_description(random.Random(seed))  # noqa: S311 - seeded
    wanted = parse_map(description, slug="testov", boundary=BOX, basemap_geojson=a_basemap())
    assert stored_again(session, wanted) == wanted


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_survive_it_too(session: Session, sample: str) -> None:
    wanted = replace(read_map_folder(ROOT / "sample_maps" / sample), pins_file=None)
    # Answers about the person are never public, whatever a folder says.
    wanted = replace(wanted, about=tuple(replace(question, published=False) for question in wanted.about))
    assert stored_again(session, wanted) == wanted


@pytest.mark.parametrize("seed", range(20))
def test_every_section_shown_and_sent_back_untouched_changes_nothing(session: Session, seed: int) -> None:
    description = any_description(random.Random(seed))  # noqa: S311 - seeded
    wanted = parse_map(description, slug="testov", boundary=BOX, basemap_geojson=a_basemap())
    save_map(session, wanted)
    session.commit()
    before = describe(session, read_map(session, "testov"))
    for name, section in SECTIONS.items():
        noted = Noted()
        after = before | section.described(section.shown(before), before, noted)
        # A title only in a second language is asked for in the first: that is the one thing a form minds more.
        assert [p.field for p in noted.problems if not p.field.endswith(f".{before['languages'][0]}")] == []
        assert {key: after[key] for key in section.keys} == {key: before[key] for key in section.keys}, name
