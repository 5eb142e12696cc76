"""`pocit official add`: accounts from the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli import cli
from app.errors import InvalidInput
from app.inputs.accounts import Credentials
from app.models import AuditEntry, Official, Role
from app.queries.accounts import find_official
from app.services.accounts import check_password
from tests.builders import a_map

EMAIL = "urad@testov.example"


@pytest.fixture
def town(live_session: Session, live_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A town in a database of which the environment knows."""
    monkeypatch.setenv("DATABASE_URL", live_url)
    monkeypatch.delenv("POCIT_OFFICIAL_PASSWORD", raising=False)
    a_map(live_session)
    yield live_session
    live_session.rollback()


def pocit(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ["official", *words], env=environment, catch_exceptions=True)


def role_of(session: Session, email: str = EMAIL) -> tuple[bool, list[Role]]:
    session.expire_all()
    official = find_official(session, session.scalars(select(Official.id).where(Official.email == email)).one())
    assert official is not None
    return official.is_admin, list(official.roles.values())


def may_sign_in(session: Session, password: str) -> bool:
    session.expire_all()
    return check_password(session, Credentials(EMAIL, password)) is not None


def test_password_is_made_up_and_printed_once(town: Session) -> None:
    result = pocit("add", "Urad@Testov.example", "--town", "testov", "--role", "editor")
    assert result.exit_code == 0, result.output
    password = result.stdout.strip()
    assert len(password) == 20
    assert may_sign_in(town, password)
    assert role_of(town) == (False, [Role.EDITOR])


def test_password_comes_from_the_environment_and_is_not_printed(town: Session) -> None:
    result = pocit("add", EMAIL, "--town", "testov", "--role", "viewer", POCIT_OFFICIAL_PASSWORD="long enough")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert may_sign_in(town, "long enough")


def test_second_time_changes_the_role_and_keeps_the_password(town: Session) -> None:
    pocit("add", EMAIL, "--town", "testov", "--role", "viewer", POCIT_OFFICIAL_PASSWORD="long enough")
    result = pocit("add", EMAIL, "--town", "testov", "--role", "moderator")
    assert (result.exit_code, result.stdout) == (0, "")
    assert role_of(town) == (False, [Role.MODERATOR])
    assert may_sign_in(town, "long enough")


def test_new_password_replaces_the_old_one(town: Session) -> None:
    pocit("add", EMAIL, "--town", "testov", "--role", "viewer", POCIT_OFFICIAL_PASSWORD="long enough")
    pocit("add", EMAIL, "--town", "testov", "--role", "viewer", POCIT_OFFICIAL_PASSWORD="another one")
    assert not may_sign_in(town, "long enough")
    assert may_sign_in(town, "another one")


def test_admin_needs_no_town(town: Session) -> None:
    assert pocit("add", EMAIL, "--role", "admin").exit_code == 0
    assert role_of(town) == (True, [])


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (("nobody", "--town", "testov", "--role", "viewer"), {}),
        ((EMAIL, "--role", "viewer"), {}),
        ((EMAIL, "--town", "nowhere", "--role", "viewer"), {}),
        ((EMAIL, "--town", "testov", "--role", "viewer"), {"POCIT_OFFICIAL_PASSWORD": "short"}),
    ],
)
def test_refusals_name_what_is_wrong_and_store_nothing(
    town: Session, words: tuple[str, ...], environment: dict[str, str]
) -> None:
    result = pocit("add", *words, **environment)
    assert isinstance(result.exception, InvalidInput)  # main() makes one line and exit 1 of it
    assert town.scalars(select(Official)).all() == []


def test_unknown_role_is_bad_usage(town: Session) -> None:
    assert pocit("add", EMAIL, "--town", "testov", "--role", "mayor").exit_code == 2


def test_deed_of_the_command_line_is_written_down_as_the_servers(town: Session) -> None:
    pocit("add", EMAIL, "--town", "testov", "--role", "editor")
    entry = town.scalars(select(AuditEntry).where(AuditEntry.action == "official.save")).one()
    assert (entry.official, entry.subject, entry.detail) == ("server", EMAIL, {"role": "editor", "new": True})
