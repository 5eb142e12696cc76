"""Marks of what stands behind an answer: ETags, and the keys by which pictures and files are kept.

They are made of counts and of moments that nobody is told (decision 0026). Counts are public, and the microseconds
of a day are few enough to try them all: so a mark is keyed with the map's salt, which never leaves the server.
"""

from __future__ import annotations

import hmac

from app.queries.maps import MapRecord

LENGTH = 20


def keyed_mark(the_map: MapRecord, *parts: object) -> str:
    """A mark that is another one for other parts, and tells nothing of them."""
    said = "/".join(str(part) for part in parts).encode()
    return hmac.digest(the_map.salt, b"mark\0" + said, "sha256").hex()[:LENGTH]
