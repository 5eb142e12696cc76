"""Personal tokens for GIS clients: made, named, revoked."""

from __future__ import annotations
