"""Places by name: the addresses and names that a citizen looks for."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("place_search", __name__)
