"""Older emotional maps, loaded from a file."""

from __future__ import annotations
