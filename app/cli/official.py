"""`pocit official`: accounts of the people who work with the maps."""

from __future__ import annotations

import os
import sys

import click

from app.cli.output import opened_session
from app.inputs.accounts import AccountInput, normal_email, parse_account
from app.inputs.token_forms import parse_token_name
from app.models import Role
from app.services.accounts import SavedAccount, save_official
from app.services.tokens import make_token_for

PASSWORD_VARIABLE = "POCIT_OFFICIAL_PASSWORD"  # noqa: S105 - the variable's name


@click.group()
def group() -> None:
    """Officials: people with an account."""


@group.command("add")
@click.argument("email")
@click.option("--town", "town_slug", metavar="SLUG", help="The town; not needed for an admin.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What they may do.")
def add(email: str, town_slug: str | None, role: str) -> None:
    """Make an account for EMAIL, or give it another role.

    A viewer reads, a moderator also hides and approves pins, an editor also changes the map; an admin may do
    everything on the whole server. The password is taken from POCIT_OFFICIAL_PASSWORD, else asked for;
    without a terminal a new account gets one that is printed once. An account that is there keeps its
    password unless a new one is given, and stops being admin when it gets the role of a town.
    """
    checked = parse_account(email, role, town_slug=town_slug)  # before anybody types a password
    password = _password()
    wanted = parse_account(checked.email, role, town_slug=town_slug, password=password)
    with opened_session() as session:
        saved = save_official(session, wanted)
        session.commit()
    _say(saved, wanted)


@group.command("token")
@click.argument("email")
@click.option(
    "--name", required=True, metavar="TEXT", help="What it is for: the client or script that will use it."
)
def token(email: str, name: str) -> None:
    """Make a personal token for EMAIL, by which a GIS client or script reads what that official may see.

    It is printed once; only its hash is stored. Clients send it as `Authorization: Bearer`, or by HTTP Basic as
    the password. Its owner revokes it on the page of their account.
    """
    wanted = parse_token_name(name)
    owner = normal_email(email)
    with opened_session() as session:
        made = make_token_for(session, owner, wanted)
        session.commit()
    click.echo(f"a token of {owner}, shown only now:", err=True)
    click.echo(made)


def _password() -> str | None:
    """The password of the environment or of the person at the terminal; None where there is neither."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    typed: str = click.prompt(
        "Password (empty: keep the old one, or make one up)",
        hide_input=True,
        confirmation_prompt=True,
        default="",
        show_default=False,
        err=True,
    )
    return typed or None


def _say(saved: SavedAccount, wanted: AccountInput) -> None:
    what = "made" if saved.created else "changed"
    where = f" of {wanted.town_slug}" if wanted.role != Role.ADMIN else " of the whole server"
    click.echo(f"{what} {saved.email}, {wanted.role}{where}", err=True)
    if saved.password:
        click.echo("the password, shown only now:", err=True)
        click.echo(saved.password)
