"""What officials leave behind is forgotten: ended sessions, invitations that nobody can accept any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func
from sqlalchemy.orm import Session

from app.models import Invitation
from app.services import sessions

INVITATION_KEPT: Final = timedelta(days=30)
"""After its link has run out: so long a town may ask whom it invited. The log of deeds keeps that it did."""


def forget_signs_of_officials(session: Session, now: datetime) -> int:
    """Delete sessions that have ended by time and invitations that ran out a month ago; how many rows."""
    ran_out = func.coalesce(Invitation.used_at, Invitation.expires_at) < now - INVITATION_KEPT
    gone = session.scalars(
        delete(Invitation).where(ran_out).returning(Invitation.id),
        execution_options={"synchronize_session": False},
    )
    return len(gone.all()) + sessions.sweep(session)
