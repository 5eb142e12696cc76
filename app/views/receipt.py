"""What one person pinned, by the code of their receipt: to see, mend or withdraw."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("receipt", __name__)
