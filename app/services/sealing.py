"""Small secrets kept in the database so that the database alone does not give them away.

The key of each seal comes from the server's secret by HKDF (RFC 5869) and from what the secret is for and whose it
is: a sealed secret copied into another row opens nothing there.
"""

from __future__ import annotations

import base64


class Unsealable(Exception):
    """What lies here was not sealed by this server for this purpose, or too long ago."""


def seal(key: bytes, purpose: str, plain: str) -> bytes:
    """The text sealed for this purpose with the server's secret."""
    from cryptography.fernet import Fernet

    return Fernet(_fernet_key(key, purpose)).encrypt(plain.encode())


def unseal(key: bytes, purpose: str, sealed: bytes, *, most_age_s: int | None = None) -> str:
    """The text again; Unsealable where the secret, the purpose or the bytes are others, or it is too old."""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return Fernet(_fernet_key(key, purpose)).decrypt(sealed, ttl=most_age_s).decode()
    except (InvalidToken, ValueError):
        raise Unsealable from None


def derived_key(secret: bytes, purpose: str) -> bytes:
    """32 bytes that only this server has, other ones for each purpose."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"pocit {purpose}".encode()).derive(secret)


def _fernet_key(secret: bytes, purpose: str) -> bytes:
    return base64.urlsafe_b64encode(derived_key(secret, purpose))
