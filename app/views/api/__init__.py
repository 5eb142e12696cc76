"""The API: OGC API – Features paths that the citizen's page and GIS clients share."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("api", __name__, url_prefix="/api")

from app.views.api import collections, docs, items, landing, openapi, photos, respondent, tiles  # noqa: E402 - the routes need the blueprint

__all__ = ["blueprint", "collections", "docs", "items", "landing", "openapi", "photos", "respondent", "tiles"]
