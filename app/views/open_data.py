"""Open data: the catalogue for machines, and the pages for people beside it."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("open_data", __name__, url_prefix="/data")
