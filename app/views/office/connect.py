"""How the office's GIS is connected to a map: addresses to copy, step by step."""

from __future__ import annotations
