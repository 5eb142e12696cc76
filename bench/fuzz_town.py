"""A town to be attacked: the fictional one with pins, officials, an event and sheets; and its neighbour."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, delete, select, text
from sqlalchemy.orm import Session

from app.config import ROOT
from app.errors import Refusal
from app.inputs.accounts import AccountInput
from app.inputs.map_folder import parse_map
from app.inputs.pins import PinInput
from app.inputs.sheets import PrintInput
from app.models import Event, Pin, Role, Throttle, TownMap
from app.queries.map_description import describe
from app.queries.maps import MapRecord, read_map
from app.services.accounts import save_official
from app.services.audit import BY_ITSELF
from app.services.maps import save_map
from app.services.pins import create_pin
from app.services.sheets import PrintShop, print_sheets
from app.services.tokens import make_token_for
from bench.fuzz_files import CENTRE
from bench.fuzz_http import OWN, TOKENS

FOLDER: Final = ROOT / "sample_maps" / "vzorov"
SLUG, NEIGHBOUR = "vzorov", "soused"
PASSWORD: Final = "correct horse battery staple of the fuzzer"  # noqa: S105 - of accounts that live for a minute
EDITOR, ADMIN = "urad@vzorov.example", "spravce@vzorov.example"
SECRET: Final = "only while bad requests are sent"  # noqa: S105


@dataclass(frozen=True)
class Town:
    """What is known of it to whoever attacks."""

    the_map: MapRecord
    description: Mapping[str, object]
    pins: tuple[str, ...]
    serials: tuple[str, ...]
    token: str
    """An official's, for reading."""


def environment(url: str, home: Path) -> dict[str, str]:
    """The settings of its server; a proxy in front says where requests come from."""
    return {
        "DATABASE_URL": url, "POCIT_HOME": str(home), "POCIT_SECRET_KEY": SECRET, "POCIT_TRUSTED_PROXIES": "1",
    }  # fmt: skip


def build(engine: Engine, url: str, home: Path) -> Town:
    """All of it, in an empty database."""
    command = [sys.executable, "-m", "app.cli", "map", "import", str(FOLDER)]
    subprocess.run(command, cwd=ROOT, env=os.environ | environment(url, home), check=True, capture_output=True)
    shop = PrintShop("http://127.0.0.1", SECRET, home)
    with Session(engine) as session:
        mend(engine)
        the_map = read_map(session, SLUG)
        printed = print_sheets(session, BY_ITSELF, the_map, PrintInput(paper="A4", count=2), shop)
        made = make_token_for(session, EDITOR, "QGIS")
        _neighbour(session, the_map)
        pins = session.scalars(select(Pin.id).where(Pin.map_id == the_map.id).limit(200)).all()
        session.commit()
        return Town(the_map, describe(session, the_map), tuple(str(pin) for pin in pins), printed.serials, made)


def _neighbour(session: Session, the_map: MapRecord) -> None:
    whole = {"title": {"cs": "Soused"}, "town": {"name": "Soused", "slug": NEIGHBOUR, "ruian": 900_777}}
    save_map(session, parse_map(whole, slug=NEIGHBOUR, boundary=the_map.boundary))
    session.commit()
    there = read_map(session, NEIGHBOUR)
    for n in range(9):
        create_pin(session, there, TOKENS[n], PinInput(uuid.UUID(int=n, version=4), *CENTRE, "safe", "Náš park"))
    session.commit()


def mend(engine: Engine) -> None:
    """Make the town what it was as far as attacks go: its map open, its officials there, nobody locked out."""
    with Session(engine) as session:
        map_id = session.scalar(select(TownMap.id).where(TownMap.slug == SLUG))
        session.execute(
            text("UPDATE town_map SET draft = false, anonymised_at = NULL, pin_photos = true WHERE id = :id"),
            {"id": map_id},
        )
        session.execute(
            text("UPDATE town_map SET opens_at = NULL, closes_at = NULL WHERE id = :id"), {"id": map_id}
        )
        session.commit()
        save_official(session, AccountInput(EDITOR, Role.EDITOR, SLUG, PASSWORD))
        save_official(session, AccountInput(ADMIN, Role.ADMIN, None, PASSWORD))
        if session.get(Event, (map_id, "FORUM1")) is None:
            session.add(Event(map_id=map_id, code="FORUM1", kind="forum", title={"cs": "Fórum"}))
        session.execute(delete(Throttle))
        session.commit()
        the_map = read_map(session, SLUG)
        for pin, token in zip(OWN, TOKENS, strict=True):
            with suppress(Refusal):  # another's by now, or the map takes none
                create_pin(session, the_map, token, PinInput(uuid.UUID(pin), *CENTRE, "safe", "Můj kout"))
                session.commit()
            session.rollback()
