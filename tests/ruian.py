"""Address lists as RÚIAN gives them, of towns that we make up: their columns, their coding, their gaps."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from gis.crs import to_metric

HEADING = (
    "Kód ADM", "Kód obce", "Název obce", "Kód MOMC", "Název MOMC", "Kód obvodu Prahy", "Název obvodu Prahy",
    "Kód části obce", "Název části obce", "Kód ulice", "Název ulice", "Typ SO", "Číslo domovní",
    "Číslo orientační", "Znak čísla orientačního", "PSČ", "Souřadnice Y", "Souřadnice X", "Platí Od",
)  # fmt: skip
NEWER_HEADING = tuple(name.replace("obvodu Prahy", "MOP") for name in HEADING)
"""Since 2024."""


def a_row(code: int = 1, at: tuple[float, float] | None = (15.52, 49.62), **values: Any) -> list[str]:
    """A row of the list: an address at this longitude and latitude, or without coordinates."""
    row = dict.fromkeys(HEADING, "")
    row |= {
        "Kód ADM": str(code),
        "Kód obce": "900001",
        "Název obce": "Testov",
        "Název části obce": "Testov",
        "Název ulice": "Široká",
        "Typ SO": "č.p.",
        "Číslo domovní": "12",
        "PSČ": "53701",
        "Platí Od": "2011-07-01T00:00:00",
    }
    if at is not None:
        east, north = to_metric(5514)(*at)
        row |= {"Souřadnice Y": f"{-float(east):.2f}", "Souřadnice X": f"{-float(north):.2f}"}
    names = {"town": "Kód obce", "town_name": "Název obce", "part": "Název části obce", "street": "Název ulice"}
    names |= {"kind": "Typ SO", "house": "Číslo domovní", "orientation": "Číslo orientační"}
    names |= {"letter": "Znak čísla orientačního", "y": "Souřadnice Y", "x": "Souřadnice X"}
    row |= {names[key]: str(value) for key, value in values.items()}
    return list(row.values())


def a_list(rows: Sequence[Sequence[str]], *, heading: Sequence[str] = HEADING, encoding: str = "cp1250") -> bytes:
    """The file as it is downloaded."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([heading, *rows])
    return text.getvalue().encode(encoding)


def zipped(content: bytes, name: str = "20261031_OB_900001_ADR.csv", **more: bytes) -> bytes:
    """The list in a zip, with further files in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        for other, data in more.items():
            archive.writestr(other, data)
    return packed.getvalue()


def a_city(
    addresses: int, *, town: int = 900001, centre: tuple[float, float] = (15.52, 49.62), seed: int = 1
) -> Iterator[list[str]]:
    """Rows of a made-up city of so many addresses, about 25 a street, within some ten kilometres."""
    dice = random.Random(seed)  # noqa: S311 - a made-up town is no secret
    roots = ("Lip", "Dub", "Buk", "Jasan", "Jedl", "Smrk", "Vrb", "Topol", "Javor", "Habr", "Olš", "Kaštan")
    middles = ("", "in", "ov", "k", "č", "n", "š", "anov", "enk")
    ends = ("ová", "ská", "ná", "ní", "ého", "ých", "ká")
    before = ("", "", "", "Nad ", "Pod ", "U ", "Na ", "nám. ", "třída ", "Za ", "V ", "K ")
    after = ("", "", "", "", " háj", " stráň", " pole", " luk", " vrch", " důl", " cesta", " brod")
    streets = [f"{b}{r}{m}{e}{a}" for b in before for r in roots for m in middles for e in ends for a in after]
    dice.shuffle(streets)
    parts = [f"Předměstí {name}" for name in ("Dolní", "Horní", "Nové", "Staré", "Zámecké", "Říční")] + ["Město"]
    for n in range(addresses):
        street = n // 25
        place = random.Random(street)  # noqa: S311
        middle = (centre[0] + (place.random() - 0.5) * 0.24, centre[1] + (place.random() - 0.5) * 0.12)
        at = (middle[0] + (n % 25) * 0.0002, middle[1] + dice.random() * 0.0003)
        yield a_row(
            1_000_000 + n,
            at,
            town=town,
            part=parts[street % len(parts)],
            street=streets[street % len(streets)],
            house=dice.randrange(1, 3000),
            orientation=n % 25 + 1,
            letter="a" if n % 40 == 0 else "",
        )
