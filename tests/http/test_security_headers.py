"""What every answer says to browsers, under which names we answer, and what cookies are like."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config, own_address
from app.db import EXTENSION, Database
from app.views.hosts import is_own, own_names
from tests.builders import a_feature, a_map, a_pin, an_event, an_official, bearer
from tests.doors import csrf_of, sign_in, try_to_sign_in

Made = Callable[..., Flask]
ADDRESS = "https://mapa.testov.example"


@pytest.fixture
def made(config: Config, bound: Database) -> Made:
    """An app with other settings on the test's transaction."""

    def make(**settings: object) -> Flask:
        app = create_app(dataclasses.replace(config, **settings))  # type: ignore[arg-type]
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.extensions[EXTENSION] = bound
        return app

    return make


def test_behind_https_cookies_are_of_this_host_alone(made: Made, session: Session) -> None:
    a_map(session)
    client = made(secure_cookies=True).test_client()
    answer = try_to_sign_in_over_https(client, an_official(session))
    cookie = next(said for said in answer.headers.getlist("Set-Cookie") if "pocit_office" in said)
    assert cookie.startswith("__Host-pocit_office=")
    for said in answer.headers.getlist("Set-Cookie"):
        assert {"Secure", "HttpOnly"} <= {part.strip() for part in said.split(";")}
    parts = {part.strip() for part in cookie.split(";")}
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
    assert not any(part.lower().startswith("domain") for part in parts)
    assert client.get("/office/", base_url="https://localhost").status_code == 200


def try_to_sign_in_over_https(client: FlaskClient, email: str):  # type: ignore[no-untyped-def]
    page = client.get("/office/sign-in", base_url="https://localhost").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    form = {"email": email, "password": "correct horse battery staple", "csrf_token": token[1]}
    headers = {"Referer": "https://localhost/office/sign-in"}
    return client.post("/office/sign-in", data=form, base_url="https://localhost", headers=headers)


@pytest.mark.parametrize("address", ["/m/testov?lang=en", "/m/testov/write", "/m/testov/receipt"])
def test_every_cookie_of_citizens_is_secure_behind_https(made: Made, session: Session, address: str) -> None:
    a_map(session)
    client = made(secure_cookies=True).test_client()
    for said in client.get(address, base_url="https://localhost").headers.getlist("Set-Cookie"):
        assert "Secure" in said
        assert "HttpOnly" in said
        assert "SameSite" in said


def test_https_is_asked_for_only_where_there_is_https(made: Made) -> None:
    assert (
        "max-age=31536000"
        in made(secure_cookies=True).test_client().get("/healthz").headers["Strict-Transport-Security"]
    )
    assert "Strict-Transport-Security" not in made().test_client().get("/healthz").headers


PAGES = (
    "/", "/m/testov", "/m/testov/results", "/m/testov/write", "/m/testov/receipt", "/m/testov/privacy", "/api/",
    "/api/docs", "/data/", "/office/sign-in", "/nothing/here", "/m/testov/accessibility",
)  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_no_page_lets_in_scripts_or_styles_by_the_way(client: FlaskClient, session: Session, address: str) -> None:
    a_map(session)
    answer = client.get(address, headers={"Accept": "text/html"}, follow_redirects=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    for what in (
        "script-src 'self' 'nonce-",
        "style-src 'self' 'nonce-",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ):
        assert what in policy
    assert "*" not in policy
    assert "http" not in policy
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", PAGES)
def test_no_page_needs_what_the_policy_refuses(client: FlaskClient, session: Session, address: str) -> None:
    """Inline handlers, styles in attributes and blocks without the nonce would do nothing, silently."""
    a_pin(session, a_map(session), comment="Tma")
    text = client.get(address, headers={"Accept": "text/html"}, follow_redirects=True).text
    assert not re.findall(r"<[^>]+\son[a-z]+\s*=", text)
    assert not re.findall(r'<[^>]+\sstyle\s*=\s*"', text)
    assert "javascript:" not in text
    for block in re.findall(r"<(?:style|script)\b[^>]*>", text):
        assert "src=" in block or "nonce=" in block or 'type="application/json"' in block, block


def test_each_page_has_a_nonce_of_its_own(client: FlaskClient, session: Session) -> None:
    a_map(session)
    nonces = {
        re.search("'nonce-([^']+)'", client.get("/m/testov").headers["Content-Security-Policy"])[1]  # type: ignore[index]
        for _ in range(5)
    }
    assert len(nonces) == 5
    assert all(len(nonce) >= 20 for nonce in nonces)


@pytest.mark.parametrize(
    ("address", "policy"),
    [
        ("/api/collections/testov/items", "cross-origin"),
        ("/data/testov/pins.geojson", "cross-origin"),
        ("/m/testov/picture.png", "cross-origin"),
        ("/m/testov", "same-origin"),
        ("/office/sign-in", "same-origin"),
        ("/static/css/base.css", "same-origin"),
    ],
)
def test_other_sites_show_only_what_is_for_them(
    client: FlaskClient, session: Session, address: str, policy: str
) -> None:
    a_map(session)
    with client.get(address) as answer:
        assert answer.status_code == 200
        assert answer.headers["Cross-Origin-Resource-Policy"] == policy


@pytest.mark.parametrize(
    "address", ["/api/collections/testov/items", "/favicon.ico", "/sitemap.xml", "/data/testov/pins.csv"]
)
def test_what_is_no_page_may_do_nothing_when_opened_as_one(
    client: FlaskClient, session: Session, address: str
) -> None:
    a_map(session)
    with client.get(address, headers={"Accept": "*/*"}) as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


# Names


@pytest.mark.parametrize(
    "host", ["evil.example", "mapa.testov.example.evil.example", "mapa.testov.example:8443", ""]
)
def test_a_name_that_is_not_ours_gets_a_plain_400(made: Made, session: Session, host: str) -> None:
    a_map(session)
    client = made(address=ADDRESS).test_client()
    for address in ("/m/testov", "/office/sign-in", "/api/", "/nothing", "/static/css/base.css"):
        answer = client.get(address, headers={"Host": host})
        assert answer.status_code == 400
        assert answer.mimetype == "text/plain"
        assert "evil" not in answer.text
        answer.close()


@pytest.mark.parametrize(
    "host",
    [
        "mapa.testov.example",
        "MAPA.testov.example",
        "mapa.testov.example:443",
        "mapa.testov.example.",
        "Mapa.Testov.example.:443",
        "localhost",
        "LOCALHOST:6666",
        "127.0.0.1:8000",
        "[::1]:80",
    ],
)
def test_our_own_names_are_answered(made: Made, session: Session, host: str) -> None:
    a_map(session)
    assert made(address=ADDRESS).test_client().get("/m/testov", headers={"Host": host}).status_code == 200


def test_health_is_told_under_any_name(made: Made, session: Session) -> None:
    client = made(address=ADDRESS).test_client()
    for address in ("/healthz", "/readyz"):
        assert client.get(address, headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_a_server_with_several_names_answers_to_each(made: Made, session: Session) -> None:
    a_map(session)
    client = made(address=ADDRESS, hosts=frozenset({"pocity.jinde.example", "inner:8080"})).test_client()
    for host in ("pocity.jinde.example", "inner:8080", "mapa.testov.example"):
        assert client.get("/m/testov", headers={"Host": host}).status_code == 200
    assert client.get("/m/testov", headers={"Host": "inner"}).status_code == 400


@pytest.mark.parametrize(
    "host",
    [
        "x" * 300,
        "a b",
        "evil.example/office",
        "a..b",
        "a@b",
        "a\\b",
        "x" * 64 + ".cz",
        "[::1",
        "a:b",
        "ěšč",
        "a:1:2",
    ],
)
def test_what_is_no_name_gets_a_plain_400_whatever_is_set(client: FlaskClient, host: str) -> None:
    answer = client.get("/m/testov", environ_overrides={"HTTP_HOST": host})
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")


def test_a_name_is_looked_at_in_no_time(client: FlaskClient) -> None:
    """A pattern that tries every way to cut a long name into parts would hang."""
    for host in ("a" * 259 + "!", "a." * 129 + "!", "-" * 259, "a" * 8000):
        assert client.get("/", environ_overrides={"HTTP_HOST": host}).status_code == 400


def test_a_prefix_counts_only_where_the_address_has_one(made: Made, session: Session) -> None:
    """Proxies hand on a stranger's X-Forwarded-Prefix, which would stand in every link."""
    a_map(session)
    sent = {
        "X-Forwarded-Prefix": "//evil.example",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "m.example",
    }
    behind = made(address="https://m.example", trusted_proxies=1).test_client()
    assert "evil.example" not in behind.get("/m/testov", headers=sent).text
    below = made(address="https://m.example/pocity", trusted_proxies=1).test_client()
    assert (
        'href="/pocity/m/testov' in below.get("/m/testov", headers=sent | {"X-Forwarded-Prefix": "/pocity"}).text
    )
    assert below.get("/m/testov", headers=sent).status_code == 400


def test_a_server_without_an_address_answers_to_any(client: FlaskClient, session: Session) -> None:
    a_map(session)
    assert client.get("/m/testov", headers={"Host": "192.168.1.5:8000"}).status_code == 200


def test_an_address_with_a_port_is_that_port(config: Config) -> None:
    known = own_names(dataclasses.replace(config, address="http://mapa.testov.example:8080"))
    assert is_own("mapa.testov.example:8080", known)
    assert not is_own("mapa.testov.example", known)
    assert not is_own("mapa.testov.example:80", known)


def test_a_link_for_a_new_password_leads_to_the_operators_address(made: Made, session: Session) -> None:
    """It is passed on by mail: whatever the request called us, or through which tunnel it came."""
    a_map(session)
    an_official(session, "kolega@testov.example")
    tunnelled = made(address=ADDRESS, hosts=frozenset({"localhost"}))
    client = sign_in(tunnelled.test_client(), an_official(session))
    page = client.get("/office/towns/testov/people").text
    link = re.search(r'action="(/office/towns/testov/people/\d+/new-password)"', page)
    assert link
    shown = client.post(link[1], data={"csrf_token": csrf_of(client, "/office/")}, follow_redirects=True).text
    assert f'value="{ADDRESS}/office/new-password/' in shown


def test_forwarded_names_count_only_behind_a_proxy_of_ours(made: Made, session: Session) -> None:
    a_map(session)
    sent = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    page = made().test_client().get("/m/testov", headers=sent).text
    assert "evil.example" not in page
    behind = made(address=ADDRESS, trusted_proxies=1).test_client()
    assert behind.get("/m/testov", headers=sent).status_code == 400


PROXIED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:6666", "LocalHost.", "127.0.0.1:8000", "[::1]:80", "[0::1]"]
)
def test_this_machines_names_are_for_this_machine_itself(made: Made, session: Session, host: str) -> None:
    a_map(session)
    alone = made(address=ADDRESS).test_client()
    asked = {"headers": {"Host": host}}
    for peer in ("127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"):
        assert alone.get("/m/testov", **asked, environ_overrides={"REMOTE_ADDR": peer}).status_code == 200
    for peer in ("203.0.113.9", "2001:db8::7", "fe80::1%eth0", "", "unknown"):
        assert alone.get("/m/testov", **asked, environ_overrides={"REMOTE_ADDR": peer}).status_code == 400
    for name in ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP"):
        assert alone.get("/m/testov", headers={"Host": host, name: "127.0.0.1"}).status_code == 400
    behind = made(address=ADDRESS, trusted_proxies=1).test_client()
    assert behind.get("/m/testov", headers=PROXIED | {"Host": host}).status_code == 400
    assert behind.get("/m/testov", headers=PROXIED | {"X-Forwarded-Host": host}).status_code == 400
    assert behind.get("/m/testov", headers={"X-Forwarded-For": "127.0.0.1", "Host": host}).status_code == 400
    assert behind.get("/m/testov", **asked).status_code == 200  # the operator, past the proxy
    assert behind.get("/healthz", headers=PROXIED | {"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost:6666", "MAPA.testov.example.", "pocity.jinde.example"])
def test_whole_addresses_are_the_operators_whichever_name_was_asked(
    made: Made, session: Session, host: str
) -> None:
    a_pin(session, a_map(session))
    client = made(address=ADDRESS, hosts=frozenset({"pocity.jinde.example"})).test_client()
    whole = re.compile(rf"https?://{re.escape(host)}", re.IGNORECASE)
    for path in (
        "/m/testov",
        "/m/testov/results",
        "/m/testov/answers.atom",
        "/api/",
        "/api/?f=html",
        "/api/collections",
        "/api/collections/testov?f=html",
        "/api/collections/testov/items",
        "/api/openapi.json",
        "/data/testov/",
        "/sitemap.xml",
        "/robots.txt",
    ):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 200, path
        assert not whole.search(answer.text), path
    links = client.get("/api/collections/testov", headers={"Host": host}).json["links"]
    assert {urlsplit(one["href"])[:2] for one in links if "testov" in one["href"]} == {
        tuple(urlsplit(ADDRESS)[:2])
    }
    sent = client.post("/api/collections/testov/items", json=a_feature(), headers={"Host": host, **bearer()})
    assert sent.status_code == 201
    assert sent.headers["Location"].startswith(f"{ADDRESS}/api/")


def test_addresses_below_a_path_have_it_once(made: Made, session: Session) -> None:
    a_map(session)
    below = made(address="https://m.example/pocity", trusted_proxies=1).test_client()
    sent = {"X-Forwarded-Host": "m.example", "X-Forwarded-For": "203.0.113.9"}
    for prefix in ({}, {"X-Forwarded-Prefix": "/pocity"}):
        api = below.get("/api/", headers=sent | prefix).json
        assert "https://m.example/pocity/api/collections" in {
            one["href"].partition("?")[0] for one in api["links"]
        }


def test_an_ipv6_address_is_one_however_it_is_written(config: Config) -> None:
    known = own_names(dataclasses.replace(config, address="https://[2001:DB8:0::1]:8443"))
    assert is_own("[2001:db8::1]:8443", known)
    assert not is_own("[2001:db8::1]", known)
    assert not is_own("[2001:db8::2]:8443", known)


def test_an_address_without_its_scheme_has_no_path() -> None:
    """Else the name itself would be one, and forwarded prefixes would count."""
    assert own_address(" mapa.testov.example/ ") == ADDRESS
    assert own_address("http://mapa.testov.example") == "http://mapa.testov.example"
    assert own_address("") == ""


# Whom to tell


def test_whom_to_tell_of_a_weakness(made: Made) -> None:
    app = made(address=ADDRESS, security_contact="bezpecnost@testov.example")
    answer = app.test_client().get("/.well-known/security.txt", headers={"Host": "mapa.testov.example"})
    assert answer.mimetype == "text/plain"
    said = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert said["Contact"] == "mailto:bezpecnost@testov.example"
    assert said["Canonical"] == f"{ADDRESS}/.well-known/security.txt"
    until = datetime.fromisoformat(said["Expires"])
    assert timedelta(days=30) < until - datetime.now(UTC) < timedelta(days=365)


def test_without_a_contact_there_is_no_such_file(client: FlaskClient) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404


def test_headers_can_not_be_broken_by_what_is_asked_for(client: FlaskClient, session: Session) -> None:
    """A line break in what comes back in a header would begin another header, or another answer."""
    an_event(session, a_map(session), "FORUM1")
    sign_in(client, an_official(session))
    for address in (
        "/office/sign-in?next=/office/%0d%0aSet-Cookie:%20x=1",
        "/m/testov?event=FORUM1%0d%0aSet-Cookie:%20x=1",
        "/m/testov/results?lang=cs%0d%0aSet-Cookie:%20x=1",
        "/e/FORUM1%0d%0aSet-Cookie:x=1",
        "/m/testov%0d%0aSet-Cookie:x=1",
        "/api/collections/testov/items?limit=1&category=%0d%0aSet-Cookie:x=1",
        "/data/testov/pins.csv?crs=%0d%0aSet-Cookie:x=1",
    ):
        answer = client.get(address, buffered=True)
        assert answer.status_code < 500
        assert not any("\n" in value or "\r" in value for _, value in answer.headers)
        assert not any(said.startswith("x=1") for said in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "/office/..//evil.example",
        "javascript:alert(1)", "/office/\\..\\..\\", "\thttps://evil.example", "/office/%2e%2e//evil.example",
        "http:evil.example", "/m/testov",
    ],
)  # fmt: skip
def test_the_sign_in_sends_nobody_elsewhere(client: FlaskClient, session: Session, wanted: str) -> None:
    a_map(session)
    answer = try_to_sign_in(client, an_official(session), next=wanted)
    assert answer.status_code == 303
    assert answer.location.startswith("/office/")
    assert "evil" not in answer.location


@pytest.mark.parametrize(
    "address", ["/", "/m/testov", "/robots.txt", "/sitemap.xml", "/palette.css", "/static/css/base.css",
                "/healthz", "/m/testov/answers.atom", "/data/testov/pins.csv", "/nothing", "/api/"]
)  # fmt: skip
def test_every_text_says_its_letters(client: FlaskClient, session: Session, address: str) -> None:
    a_map(session)
    with client.get(address) as answer:
        kind = answer.headers["Content-Type"]
        if answer.mimetype.startswith("text/") or answer.mimetype.endswith(("+xml", "/xml")):
            assert "charset=utf-8" in kind.lower()


def test_no_answer_tells_what_it_is_made_by(client: FlaskClient, session: Session) -> None:
    a_map(session)
    for address in (*PAGES, "/api/collections/testov/items", "/data/testov/pins.geojson", "/m/testov/heat.png"):
        with client.get(address) as answer:
            assert not {"X-Powered-By", "X-AspNet-Version", "Via"} & set(answer.headers.keys())
            told = " ".join(f"{name}: {value}" for name, value in answer.headers)
            assert not re.search(r"(?i)werkzeug|flask|python/|postgres", told)
            if answer.mimetype == "text/html":
                assert not re.search(r"(?i)werkzeug|flask/|postgresql \d|psycopg", answer.text)
