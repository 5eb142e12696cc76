"""Signing in through a town's identity provider: a real one, which the tests run, and what may go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.inputs.identity import ProviderInput
from app.models import IdentityProvider, Official
from app.queries.towns import find_town
from app.services.audit import BY_ITSELF
from app.services.identity import save_provider
from app.services.openid import _is_fit
from app.services.sealing import seal
from tests.builders import a_map, an_official
from tests.doors import csrf_of, sign_in
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, Provider, serve

BEGIN = "/office/sign-in/town/testov"


@pytest.fixture
def provider(session: Session) -> Iterator[Provider]:
    """The provider of the town Testov, with an editor who may come in through it, and towns beside it."""
    made = Provider()
    server = serve(made)
    a_map(session)
    a_map(session, "jinde")
    an_official(session)
    an_official(session, "jiny@jinde.example", town="jinde")
    name_it(session, made)
    yield made
    server.shutdown()
    server.server_close()


def name_it(session: Session, made: Provider, town: str = "testov") -> None:
    wanted = ProviderInput("Účet města", made.issuer, CLIENT_ID, CLIENT_SECRET)
    save_provider(session, find_town(session, town), wanted, secret=b"tests only", by=BY_ITSELF)
    session.commit()


def there_and_back(client: FlaskClient, provider: Provider) -> TestResponse:
    answer = client.get(BEGIN)
    assert answer.status_code == 303, answer.text
    return client.get(provider.authorize(answer.headers["Location"]))


def is_in(client: FlaskClient) -> bool:
    return client.get("/office/").status_code == 200


def test_an_official_of_the_town_comes_in_and_stays_bound(
    client: FlaskClient, provider: Provider, session: Session
) -> None:
    assert "Účet města" in client.get("/office/sign-in").text
    assert there_and_back(client, provider).headers["Location"] == "/office/"
    assert is_in(client)
    row = session.query(Official).filter_by(email="urad@testov.example").one()
    assert (row.oidc_issuer, row.oidc_subject) == (provider.issuer, "person-1")


def test_another_subject_with_the_same_email_is_refused_later(client: FlaskClient, provider: Provider) -> None:
    there_and_back(client, provider)
    client.post("/office/sign-out", data={"csrf_token": csrf_of(client, "/office/")})
    provider.person["sub"] = "person-2"
    assert there_and_back(client, provider).status_code == 403
    assert not is_in(client)


def test_the_same_subject_comes_in_even_with_a_new_email(client: FlaskClient, provider: Provider) -> None:
    there_and_back(client, provider)
    client.post("/office/sign-out", data={"csrf_token": csrf_of(client, "/office/")})
    provider.person["email"] = "vdana@testov.example"
    there_and_back(client, provider)
    assert is_in(client)


@pytest.mark.parametrize(
    "person",
    [
        {"email": "nikdo@testov.example"},
        {"email": "jiny@jinde.example"},
        {"email_verified": False},
        {"email_verified": "false"},
        {"email": None},
    ],
)
def test_who_has_no_role_in_the_town_or_no_sure_email_stays_out(
    client: FlaskClient, provider: Provider, person: dict[str, object]
) -> None:
    provider.person |= person
    answer = there_and_back(client, provider)
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert not is_in(client)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "stranger"])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    client: FlaskClient, provider: Provider, algorithm: str
) -> None:
    provider.algorithm = algorithm
    assert there_and_back(client, provider).status_code == 403
    assert not is_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"iss": "https://elsewhere.example"},
        {"aud": "somebody else"},
        {"aud": [CLIENT_ID, "other"], "azp": "other"},
        {"exp": 1},
        {"sub": 7},
    ],
)
def test_claims_that_are_not_for_us_now_are_refused(
    client: FlaskClient, provider: Provider, claims: dict[str, object]
) -> None:
    provider.claims = claims
    assert there_and_back(client, provider).status_code == 403
    assert not is_in(client)


def test_a_way_back_that_was_begun_elsewhere_is_refused(client: FlaskClient, provider: Provider) -> None:
    address = provider.authorize(client.get(BEGIN).headers["Location"])
    stranger = client.application.test_client()
    assert stranger.get(address).status_code == 403
    assert not is_in(stranger)
    assert client.get(f"{address}x").status_code == 403


def test_a_code_works_once(client: FlaskClient, provider: Provider) -> None:
    address = provider.authorize(client.get(BEGIN).headers["Location"])
    with client.session_transaction() as cookie:
        kept = dict(cookie["identity"])
    assert client.get(address).status_code == 303
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie["identity"] = kept
    assert client.get(address).status_code == 403


def test_a_provider_that_is_away_or_another_is_told_in_a_sentence(
    client: FlaskClient, provider: Provider, session: Session
) -> None:
    provider.says_issuer = "https://elsewhere.example"
    assert client.get(BEGIN).status_code == 503
    kept = session.query(IdentityProvider).one()
    kept.issuer = "http://127.0.0.1:9"
    session.commit()
    answer = client.get(f"{BEGIN}?lang=en")
    assert answer.status_code == 503
    assert "does not answer" in answer.text


def test_the_session_opens_only_the_towns_of_the_provider(
    client: FlaskClient, provider: Provider, session: Session
) -> None:
    """Else the provider of one town could speak for officials in another."""
    an_official(session, town="jinde")
    an_official(session, "spravce@testov.example", town=None, role="admin")
    there_and_back(client, provider)
    assert client.get("/office/maps/testov").status_code == 200
    assert client.get("/office/maps/jinde").status_code == 404
    admin = client.application.test_client()
    provider.person = {"sub": "boss", "email": "spravce@testov.example", "email_verified": True}
    assert there_and_back(admin, provider).status_code == 403


def test_only_an_admin_names_a_provider_and_its_secret_is_sealed(
    client: FlaskClient, provider: Provider, session: Session
) -> None:
    sign_in(client, "urad@testov.example")
    assert client.get("/office/towns/testov/identity").status_code == 403
    an_official(session, "spravce@testov.example", town=None, role="admin")
    boss = client.application.test_client()
    sign_in(boss, "spravce@testov.example")
    page = boss.get("/office/towns/jinde/identity")
    assert page.status_code == 200
    form = {"csrf_token": csrf_of(boss, "/office/towns/jinde/identity"), "name": "Účet", "client_id": CLIENT_ID}
    wrong = boss.post("/office/towns/jinde/identity", data={**form, "issuer": "ftp://x", "client_secret": "tajné"})
    assert wrong.status_code == 422
    assert "ftp://x" in wrong.text
    right = {**form, "issuer": provider.issuer, "client_secret": "velmi tajné"}
    assert boss.post("/office/towns/jinde/identity", data=right).status_code == 303
    kept = session.query(IdentityProvider).filter_by(issuer=provider.issuer, name="Účet").one()
    assert "velmi tajné".encode() not in kept.client_secret
    assert "velmi tajné" not in boss.get("/office/towns/jinde/identity").text
    assert boss.post("/office/towns/jinde/identity/remove", data=form).status_code == 303
    assert boss.get("/office/sign-in/town/jinde").status_code == 404


def test_the_way_there_asks_for_no_more_than_it_needs(client: FlaskClient, provider: Provider) -> None:
    asked = parse_qs(urlsplit(client.get(BEGIN).headers["Location"]).query)
    assert asked["scope"] == ["openid email"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost/office/sign-in/town/testov/back"]


def test_second_step_is_asked_for_all_the_same(client: FlaskClient, provider: Provider, session: Session) -> None:
    row = session.query(Official).filter_by(email="urad@testov.example").one()
    secret = pyotp.random_base32()
    row.totp_secret = seal(b"tests only", f"second step {row.id}", secret)
    session.commit()
    assert there_and_back(client, provider).headers["Location"] == "/office/sign-in/code"
    assert not is_in(client)
    form = {"csrf_token": csrf_of(client, "/office/sign-in/code"), "code": pyotp.TOTP(secret).now()}
    assert client.post("/office/sign-in/code", data=form).status_code == 303
    assert is_in(client)
    an_official(session, "dalsi@testov.example", town="jinde")
    assert client.get("/office/maps/jinde").status_code == 404, "still only the towns of the provider"


def test_provider_on_this_machine_can_not_be_named_by_one_elsewhere() -> None:
    assert _is_fit("https://login.example/token", "https://login.example")
    assert _is_fit("http://127.0.0.1:9/token", "http://127.0.0.1:9")
    for address in (
        "http://127.0.0.1/token",
        "https://localhost/x",
        "http://login.example/x",
        "file:///etc/passwd",
        7,
    ):
        assert not _is_fit(address, "https://login.example")


def test_nothing_answers_is_told_beside_the_field(client: FlaskClient, session: Session) -> None:
    a_map(session)
    sign_in(client, an_official(session, "spravce@testov.example", town=None, role="admin"))
    page = "/office/towns/testov/identity"
    form = {"csrf_token": csrf_of(client, page), "name": "Účet", "client_id": "x", "client_secret": "y"}
    answer = client.post(page, data={**form, "issuer": "http://127.0.0.1:9"})
    assert answer.status_code == 422
    assert "field-error" in answer.text
