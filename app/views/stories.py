"""Finished maps as stories, and open maps near the reader."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("stories", __name__)
