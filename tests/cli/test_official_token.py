"""`pocit official token`: a personal token from the command line."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import AccessToken, AuditEntry, Official, Role
from app.queries.tokens import holder_of
from app.services.tokens import token_hash
from tests.builders import a_map, an_official
from tests.cli.conftest import Said

Pocit = Callable[..., Said]
EMAIL = "urad@testov.example"


def test_token_is_printed_once_and_reads_as_its_official(pocit: Pocit, live_session: Session) -> None:
    town_id = a_map(live_session).town_id
    an_official(live_session)
    said = pocit("official", "token", "Urad@Testov.example", "--name", "ogr2ogr  v noci")
    assert said.status == 0, said.err
    assert re.fullmatch(r"pocit_[A-Za-z0-9_-]{43}\n", said.out)
    token = said.out.strip()
    assert token not in said.err
    holder = holder_of(live_session, token_hash(token))
    assert holder
    assert (holder.official.email, holder.official.role_in(town_id)) == (EMAIL, Role.VIEWER)
    row = live_session.scalars(select(AccessToken)).one()
    assert (row.name, row.towns, row.last_used_at) == ("ogr2ogr v noci", None, None)
    deed = live_session.scalars(select(AuditEntry).where(AuditEntry.action == "token.make")).one()
    assert (deed.official, deed.subject, deed.town_id) == ("server", EMAIL, town_id)


def test_token_for_nobody_is_refused_in_one_line(pocit: Pocit, live_session: Session) -> None:
    said = pocit("official", "token", "nikdo@testov.example", "--name", "QGIS")
    assert (said.status, said.out) == (1, "")
    assert len(said.err.splitlines()) == 1
    assert live_session.scalars(select(Official)).all() == []


def test_token_wants_a_name(pocit: Pocit, live_session: Session) -> None:
    a_map(live_session)
    an_official(live_session)
    assert pocit("official", "token", EMAIL).status == 2
    for name in ("  ", "x" * 101, "\udcff"):
        said = pocit("official", "token", EMAIL, "--name", name)
        assert (said.status, said.out, len(said.err.splitlines())) == (1, "", 1)
    assert live_session.scalars(select(AccessToken)).all() == []
