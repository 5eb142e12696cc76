"""The collections of the API: one a map, what it holds and what may be asked of it."""

from __future__ import annotations
