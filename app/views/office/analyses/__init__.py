"""The pages of the analyses: one frame, and for each kind a module with what it shows."""

from __future__ import annotations

from app.views.office.analyses import pages

__all__ = ["pages"]
