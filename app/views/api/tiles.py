"""Vector tiles of a map's pins."""

from __future__ import annotations
