"""The API's front door: landing page and conformance."""

from __future__ import annotations
