"""Signing in with an account of the town: which provider a town trusts, and who its people are here."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import IdentityRefused, Problem, ProviderAway, Unknown
from app.i18n import N_
from app.inputs.identity import ProviderInput
from app.models import IdentityProvider, Official, Town, TownRole
from app.services import audit
from app.services.accounts import Person, SignIn, record_own
from app.services.audit import Actor, Deed
from app.services.openid import Identity, Provider, canonical_issuer
from app.services.sealing import Unsealable, seal, unseal


class Place(Protocol):
    """A town."""

    @property
    def id(self) -> int:
        """Its id."""


def save_provider(session: Session, town: Place, wanted: ProviderInput, *, secret: bytes, by: Actor) -> None:
    """Store where the town's officials have their accounts; InvalidInput when no provider answers there.

    A new issuer knows nobody yet: who was recognised by the old one is recognised anew.
    """
    issuer = canonical_issuer(wanted.issuer)
    row = session.get(IdentityProvider, town.id, with_for_update=True)
    before = row.issuer if row else None
    if row is None:
        row = IdentityProvider(town_id=town.id, client_secret=b"")
        session.add(row)
    row.name, row.issuer, row.client_id = wanted.name, issuer, wanted.client_id
    if wanted.client_secret is not None:
        row.client_secret = seal(secret, _purpose(town.id), wanted.client_secret)
    session.flush()
    if before is not None and before != issuer:
        _forget_identities(session, before)
    detail = {"issuer": issuer, "new_secret": wanted.client_secret is not None}
    audit.record(session, by, Deed("identity.change", wanted.name, detail), town_id=town.id)


def remove_provider(session: Session, town: Place, *, by: Actor) -> None:
    """Let the town's officials sign in with their passwords only; Unknown where there is nothing to take away."""
    row = session.get(IdentityProvider, town.id, with_for_update=True)
    if row is None:
        raise Unknown
    name, issuer = row.name, row.issuer
    session.delete(row)
    session.flush()
    _forget_identities(session, issuer)
    audit.record(session, by, Deed("identity.remove", name, {"issuer": issuer}), town_id=town.id)


def find_provider(session: Session, town_slug: str, *, secret: bytes) -> Provider:
    """The town's identity provider; Unknown where there is none, ProviderAway when its secret can't be read."""
    row = session.scalar(
        select(IdentityProvider).join(Town, Town.id == IdentityProvider.town_id).where(Town.slug == town_slug)
    )
    if row is None:
        raise Unknown
    try:
        client_secret = unseal(secret, _purpose(row.town_id), row.client_secret)
    except Unsealable:
        words = N_("The stored secret can't be read any more; an admin has to type it again.")
        raise ProviderAway(Problem("client_secret", words)) from None
    return Provider(row.town_id, row.name, row.issuer, row.client_id, client_secret)


def towns_of(session: Session, provider: Provider) -> list[int]:
    """The towns that trust this provider: those it can open."""
    return list(
        session.scalars(
            select(IdentityProvider.town_id)
            .where(IdentityProvider.issuer == provider.issuer)
            .order_by(IdentityProvider.town_id)
        )
    )


def official_of(session: Session, provider: Provider, who: Identity) -> SignIn:
    """The official whom the town's provider vouches for; IdentityRefused for everybody else.

    Only who has a role in this town, and never an admin: the provider of one town has no say anywhere else.
    The first time the e-mail decides, from then on the provider's own name for the person.
    """
    row = session.scalars(
        select(Official)
        .where(Official.oidc_issuer == who.issuer, Official.oidc_subject == who.subject)
        .with_for_update()
    ).first()
    known = row is not None
    if row is None:
        row = session.scalars(select(Official).where(Official.email == who.email).with_for_update()).first()
    if row is None or row.is_admin or session.get(TownRole, (row.id, provider.town_id)) is None:
        raise _not_here()
    person = Person(row.id, row.email)
    if not known:
        if row.oidc_subject is not None:
            record_own(session, person, Deed("account.sign_in_failed", detail={"step": "identity"}))
            raise IdentityRefused(
                Problem("email", N_("Somebody else has signed in with this e-mail before. Please tell an admin."))
            )
        row.oidc_issuer, row.oidc_subject = who.issuer, who.subject
        record_own(session, person, Deed("account.identity", detail={"issuer": who.issuer}))
    session.flush()
    return SignIn(row.id, row.email, row.session_epoch, row.totp_secret is not None)


def _not_here() -> IdentityRefused:
    words = N_("There is no account for you in this town yet. Ask your office for an invitation.")
    return IdentityRefused(Problem("email", words))


def _forget_identities(session: Session, issuer: str) -> None:
    """Unbind who was recognised by this issuer, unless another town still asks it."""
    if session.scalar(select(IdentityProvider.town_id).where(IdentityProvider.issuer == issuer).limit(1)) is None:
        session.execute(
            update(Official).where(Official.oidc_issuer == issuer).values(oidc_issuer=None, oidc_subject=None)
        )


def _purpose(town_id: int) -> str:
    return f"identity provider {town_id}"
