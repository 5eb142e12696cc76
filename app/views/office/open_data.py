"""What the town publishes as open data."""

from __future__ import annotations
