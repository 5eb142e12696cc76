"""The API's definition as OpenAPI 3.0."""

from __future__ import annotations
