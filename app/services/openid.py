"""Talking to an identity provider (OpenID Connect Core 1.0, Discovery 1.0): where to send a person, who came back.

The provider is on another machine that may be slow, broken or hostile: every answer has a time and a size, nothing
is followed elsewhere, and what it says of a person counts only in a token it signed for this very sign-in.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from app.errors import IdentityRefused, InvalidInput, Problem, ProviderAway
from app.i18n import N_
from app.inputs.accounts import is_email, normal_email
from app.inputs.identity import THIS_MACHINE, is_trusted_address
from app.services.guarded_http import guard

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session
    from joserfc.jwk import KeySet

WELL_KNOWN = "/.well-known/openid-configuration"
SCOPE = "openid email"
WAIT_S = (3.05, 5.0)
"""For a connection, and for each piece of an answer."""
MOST_S = 10.0
MOST_ANSWER_BYTES = 256 * 1024
PIECE_BYTES = 1
"""Answers are small; a larger piece would be waited for as long as single bytes trickle in."""
CLOCK_S = 60
"""How far the provider's clock may be from ours."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures that only the holder of a private key can make: no shared secrets, and never "none"."""
KEY_TYPES = {"RSA", "EC"}
MOST_SUBJECT_CHARACTERS = 255


@dataclass(frozen=True)
class Provider:
    """Where a town's officials have their accounts, and as whom we ask there."""

    town_id: int
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Beginning:
    """A sign-in that has begun: where to send the person, and what must come back."""

    url: str
    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Identity:
    """Who the provider says has come, with an e-mail it has verified."""

    issuer: str
    subject: str
    email: str


def canonical_issuer(address: str) -> str:
    """The issuer as it writes itself; InvalidInput with the field when nothing fitting answers there."""
    try:
        return str(_metadata(address)["issuer"])
    except ProviderAway:
        words = N_("No identity provider answers at this address. Please check it; it is called “issuer” there.")
        raise InvalidInput(Problem("issuer", words)) from None


def begin(provider: Provider, back: str) -> Beginning:
    """Where to send a person who wants to sign in; ProviderAway when nobody answers."""
    from authlib.common.security import generate_token

    metadata = _metadata(provider.issuer)
    nonce, verifier = generate_token(32), generate_token(64)
    client = _client(provider, metadata, back)
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], nonce=nonce, code_verifier=verifier
    )
    return Beginning(url, state, nonce, verifier)


def finish(provider: Provider, back: str, begun: Beginning, answer: Mapping[str, str]) -> Identity:
    """Who came back with this answer; IdentityRefused when it is not the answer to what we began."""
    if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
        raise _odd()
    if answer.get("error") or not answer.get("code"):
        raise IdentityRefused(Problem("code", N_("The other side did not let you in.")))
    metadata = _metadata(provider.issuer)
    # RFC 9207: an answer of another provider shall not be taken to this one.
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise _odd()
    client = _client(provider, metadata, back)
    token = _token(client, metadata, answer["code"], begun.verifier)
    claims = _claims(client, provider, metadata, token, begun.nonce)
    return _identity(client, metadata, claims)


def _metadata(issuer: str) -> Mapping[str, Any]:
    """What the provider says of itself, once it is sure that it is this one and that secrets are safe there."""
    found = _json(_plain_client(issuer), issuer.rstrip("/") + WELL_KNOWN)
    said = found.get("issuer")
    if not isinstance(said, str) or said.rstrip("/") != issuer.rstrip("/"):
        raise ProviderAway
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not _is_fit(found.get(name), issuer):
            raise ProviderAway
    if found.get("userinfo_endpoint") is not None and not _is_fit(found["userinfo_endpoint"], issuer):
        raise ProviderAway
    return found


def _is_fit(address: object, issuer: str) -> bool:
    """Whether secrets may travel there: only a provider on this machine may name programs on this machine."""
    from urllib.parse import urlsplit

    if not isinstance(address, str) or not is_trusted_address(address):
        return False
    return urlsplit(address).hostname not in THIS_MACHINE or urlsplit(issuer).hostname in THIS_MACHINE


def _token(client: OAuth2Session, metadata: Mapping[str, Any], code: str, verifier: str) -> Mapping[str, Any]:
    from authlib.common.errors import AuthlibBaseError
    from requests import RequestException

    try:
        found: Mapping[str, Any] = client.fetch_token(
            metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
        )
    except AuthlibBaseError:
        raise _odd() from None  # the code was used before, or was not for us
    except (RequestException, ValueError):
        raise ProviderAway from None
    return found


def _claims(
    client: OAuth2Session,
    provider: Provider,
    metadata: Mapping[str, Any],
    token: Mapping[str, Any],
    nonce: str,
) -> Mapping[str, Any]:
    """What the signed token says, once its signature, issuer, audience, time and nonce are right."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError

    keys = _keys(_json(client, metadata["jwks_uri"]))
    try:
        read = jwt.decode(str(token.get("id_token") or ""), keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": metadata["issuer"]},
                "aud": {"essential": True, "value": provider.client_id},
            },
            params={"nonce": nonce, "client_id": provider.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(time.time()), leeway=CLOCK_S)
    except (JoseError, ValueError, TypeError, KeyError):
        raise _odd() from None
    if claims["iss"] != provider.issuer:
        raise _odd()
    return dict(claims)


def _keys(found: Mapping[str, Any]) -> KeySet:
    """The provider's keys for signatures, those of a kind we know."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    listed = found.get("keys")
    if not isinstance(listed, list):
        raise ProviderAway
    usable = [
        key
        for key in listed
        if isinstance(key, dict) and key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"
    ]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError):
        raise ProviderAway from None


def _identity(client: OAuth2Session, metadata: Mapping[str, Any], claims: Mapping[str, Any]) -> Identity:
    subject = claims.get("sub")
    if (
        not isinstance(subject, str)
        or not 0 < len(subject) <= MOST_SUBJECT_CHARACTERS
        or not subject.isprintable()
    ):
        raise _odd()
    said = claims
    if ("email" not in said or "email_verified" not in said) and metadata.get("userinfo_endpoint"):
        said = _json(client, metadata["userinfo_endpoint"], with_token=True)
        if said.get("sub") != subject:
            raise _odd()
    email = said.get("email")
    if not isinstance(email, str) or not is_email(normal_email(email)):
        raise IdentityRefused(Problem("email", N_("The other side does not vouch for your e-mail address.")))
    if said.get("email_verified") is not True:
        raise IdentityRefused(Problem("email", N_("The other side does not vouch for your e-mail address.")))
    return Identity(str(metadata["issuer"]), subject, normal_email(email))


def _json(client: OAuth2Session, address: str, *, with_token: bool = False) -> Mapping[str, Any]:
    from requests import RequestException

    try:
        response = client.get(address, withhold_token=not with_token, headers={"Accept": "application/json"})
        found = json.loads(response.content) if response.status_code == 200 else None
    except (RequestException, ValueError):
        raise ProviderAway from None
    if not isinstance(found, dict):
        raise ProviderAway
    return found


def _client(provider: Provider, metadata: Mapping[str, Any], back: str) -> OAuth2Session:
    known = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    method = "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"
    client: OAuth2Session = _careful_session()(
        provider.client_id,
        provider.client_secret,
        token_endpoint_auth_method=method,
        scope=SCOPE,
        redirect_uri=back,
        code_challenge_method="S256",
    )
    return _guarded(client, provider.issuer)


def _plain_client(issuer: str) -> OAuth2Session:
    client: OAuth2Session = _careful_session()()
    return _guarded(client, issuer)


def _guarded(client: OAuth2Session, issuer: str) -> OAuth2Session:
    """The same client, which ends in time; only the server that an admin has named may lie on an inner network."""
    from urllib.parse import urlsplit

    guard(client, most_s=MOST_S, inner_hosts={urlsplit(issuer).hostname or ""})
    return client


@cache
def _careful_session() -> Any:
    """Authlib's client that waits and reads only so much, and goes nowhere it was not sent."""
    from authlib.integrations.requests_client import OAuth2Session
    from requests import RequestException, Response

    class CarefulSession(OAuth2Session):  # type: ignore[misc]
        def request(self, method: str, url: str, **options: Any) -> Response:
            options |= {"timeout": WAIT_S, "allow_redirects": False, "stream": True}
            started = time.monotonic()
            response: Response = super().request(method, url, **options)
            body = bytearray()
            with response:
                for piece in response.iter_content(PIECE_BYTES):
                    body += piece
                    if len(body) > MOST_ANSWER_BYTES or time.monotonic() - started > MOST_S:
                        raise RequestException
            response._content = bytes(body)  # noqa: SLF001 - where requests keeps what has been read
            return response

    return CarefulSession


def _odd() -> IdentityRefused:
    return IdentityRefused(Problem("state", N_("The answer of the other side can't be trusted.")))
