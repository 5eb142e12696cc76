"""The addresses of a town, loaded from its RÚIAN list."""

from __future__ import annotations
