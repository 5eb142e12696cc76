"""What a page shows a single time: links and codes that are stored nowhere but as hashes.

Between the form and the page it travels sealed in the official's own cookie.
"""

from __future__ import annotations

import json
from typing import Any

from flask import session as cookie

from app.security import server_secret
from app.services.sealing import Unsealable, seal, unseal

KEPT_S = 300


def keep_once(name: str, value: Any) -> None:
    """Let the next page that asks show this."""
    cookie[name] = seal(server_secret(), f"shown once: {name}", json.dumps(value)).decode()


def take_once(name: str) -> Any:
    """What there is to be shown, for the last time; None if there is nothing."""
    kept = cookie.pop(name, None)
    if not isinstance(kept, str):
        return None
    try:
        return json.loads(unseal(server_secret(), f"shown once: {name}", kept.encode(), most_age_s=KEPT_S))
    except Unsealable:
        return None
