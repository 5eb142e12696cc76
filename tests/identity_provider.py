"""A small OpenID Connect provider that really runs: discovery, authorization, token, keys; it signs with RS256."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "pocit", "client secret of the tests"


@cache
def _key() -> RSAKey:
    """One key for all tests: making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass
class Grant:
    """One code that was given out: to whom, for which nonce and challenge."""

    nonce: str
    challenge: str
    back: str


@dataclass
class Provider:
    """What the provider knows, and how it misbehaves where a test wants it to."""

    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "person-1", "email": "urad@testov.example", "email_verified": True}
    )
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims that replace those it would give."""
    algorithm: str = "RS256"
    issuer: str = ""
    says_issuer: str | None = None
    grants: dict[str, Grant] = field(default_factory=dict)
    key: RSAKey = field(default_factory=_key)

    def authorize(self, address: str) -> str:
        """What a browser gets that goes to the provider's page and agrees: the address back."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.grants[code] = Grant(asked["nonce"], asked["code_challenge"], asked["redirect_uri"])
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The tokens of a code, once, for the client that can show its secret and verifier."""
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        grant = self.grants.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if grant is None or authorization != f"Basic {pair}" or challenge != grant.challenge:
            return None
        if form.get("redirect_uri") != grant.back:
            return None
        now = int(time.time())
        base = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": grant.nonce}
        return {
            "access_token": "x",
            "token_type": "Bearer",
            "id_token": self.signed(base | self.person | self.claims),
        }

    def signed(self, claims: dict[str, Any]) -> str:
        """The claims as a token, signed or not as the test wants."""
        if self.algorithm == "none":
            parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        if self.algorithm == "HS256":  # signed with what everybody knows: the public key
            shared = OctKey.import_key(json.dumps(self.key.as_dict(private=False)))
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, shared, algorithms=["HS256"])
        if self.algorithm == "stranger":
            return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048))
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)

    def document(self, path: str) -> dict[str, Any] | None:
        """What is at a path."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.says_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        return KeySet([self.key]).as_dict(private=False) if path == "/keys" else None


def serve(provider: Provider) -> ThreadingHTTPServer:
    """The provider on a port of its own; the caller shuts it down."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(provider.document(urlsplit(self.path).path), 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {key: values[0] for key, values in parse_qs(body).items()}
            found = provider.token(form, self.headers.get("Authorization", ""))
            self._answer(found or {"error": "invalid_grant"}, 400, ok=found is not None)

        def _answer(self, found: dict[str, Any] | None, wrong: int, *, ok: bool = True) -> None:
            body = json.dumps(found or {}).encode()
            self.send_response(200 if found and ok else wrong)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Tests need no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
