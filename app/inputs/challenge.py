"""Proofs of work in the manner of ALTCHA (version 2): a sum that costs a device a moment, and a flood its pace.

A challenge is signed by us and belongs to one deed of one device on one map: its proof lets that deed pass as
often as it is sent, which stores it once, and nothing else. So nobody has to remember which proofs were used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from altcha import create_challenge, verify_solution

ALGORITHM: Final = "SHA-256"
KEY_BYTES: Final = 16
"""Of the hash that is looked for: nobody meets it by chance."""
TRIES: Final = 100_000
"""At most, of the easiest sum: a third of a second of an old phone."""
HOLDS_FOR: Final = timedelta(minutes=10)
MOST_CHARACTERS: Final = 2_000


Deed = tuple[str, ...]
"""What is to be done, by whom, on which map: texts that name it."""


def challenge_for(deed: Deed, hardness: int, *, secret: bytes, now: datetime | None = None) -> dict[str, Any]:
    """The sum for this deed, so many times as hard as the easiest one."""
    now = now or datetime.now(UTC)
    made = create_challenge(
        ALGORITHM,
        1,
        counter=1 + secrets.randbelow(TRIES * hardness),
        key_length=2 * KEY_BYTES,
        key_prefix_length=KEY_BYTES,
        expires_at=now + HOLDS_FOR,
        data={"deed": _mark(deed, secret)},
        hmac_secret=_key(secret),
    )
    return made.to_dict()


def is_proof(sent: str, deed: Deed, *, secret: bytes) -> bool:
    """Whether what was sent solves a sum that we gave for just this deed, not too long ago."""
    if not 0 < len(sent) <= MOST_CHARACTERS:
        return False
    try:
        said = json.loads(base64.b64decode(sent, validate=True))
        mark = said["challenge"]["parameters"]["data"]["deed"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return False
    if not isinstance(mark, str):
        return False
    if not hmac.compare_digest(mark.encode("utf-8", "replace"), _mark(deed, secret).encode()):
        return False
    return bool(verify_solution(sent, _key(secret)).verified)


def _mark(deed: Deed, secret: bytes) -> str:
    return hmac.new(_key(secret), "\x1f".join(deed).encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def _key(secret: bytes) -> bytes:
    return hmac.new(secret, b"proof of work", hashlib.sha256).digest()
