"""What the town answered, as an Atom feed."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("answers_feed", __name__)
