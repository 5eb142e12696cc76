"""What search engines find: public pages in every language, and nothing that is one person's or the office's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.builders import a_draft, a_map


def test_robots_are_kept_from_the_office_and_shown_the_map_of_pages(client: FlaskClient) -> None:
    said = client.get("/robots.txt")
    assert said.mimetype == "text/plain"
    assert "Disallow: /office/" in said.text
    assert "Disallow: /m/*/receipt" in said.text
    assert "Sitemap: http://localhost/sitemap.xml" in said.text


def test_the_map_of_pages_names_public_maps_in_every_language_and_no_draft(
    client: FlaskClient, session: Session
) -> None:
    a_map(session)
    a_draft(session, "koncept", town={"name": "Testov", "slug": "testov"})
    said = client.get("/sitemap.xml")
    assert said.mimetype == "application/xml"
    assert "<loc>http://localhost/m/testov</loc>" in said.text
    assert 'hreflang="uk" href="http://localhost/m/testov/results?lang=uk"' in said.text
    assert "koncept" not in said.text


def test_a_public_page_names_its_address_and_its_languages(client: FlaskClient, session: Session) -> None:
    a_map(session)
    shown = client.get("/m/testov?event=NIC&lang=cs").text
    assert '<link rel="canonical" href="http://localhost/m/testov?lang=cs">' in shown
    assert '<link rel="alternate" hreflang="de" href="http://localhost/m/testov?lang=de">' in shown
    assert '<link rel="alternate" hreflang="x-default" href="http://localhost/m/testov">' in shown


def test_a_page_of_one_person_is_not_offered(client: FlaskClient, session: Session) -> None:
    a_map(session)
    shown = client.get("/m/testov/receipt").text
    assert 'rel="canonical"' not in shown
    assert '<meta name="robots" content="noindex">' in shown


@pytest.mark.parametrize(
    ("address", "root"), [("https://mapy.testov.example", ""), ("https://testov.example/mapy", "/mapy")]
)
def test_who_names_the_server_otherwise_is_not_echoed_where_its_address_is_known(
    app: Flask, client: FlaskClient, session: Session, address: str, root: str
) -> None:
    a_map(session)
    app.extensions["pocit-config"] = replace(app.extensions["pocit-config"], address=address)
    for page in ("/robots.txt", "/sitemap.xml", "/m/testov?lang=cs"):
        answer = client.get(page, base_url=f"http://evil.example{root}")
        heads = [
            line
            for line in answer.text.splitlines()
            if "canonical" in line or "hreflang" in line or "/m/" not in page
        ]
        assert [line for line in heads if "evil.example" in line] == []
        assert address in "\n".join(heads)
        if "/m/" not in page:
            assert answer.headers["Cache-Control"] == "public, max-age=3600"
    sitemap = client.get("/sitemap.xml", base_url=f"http://evil.example{root}").text
    assert f"<loc>{address}/m/testov/results</loc>" in sitemap
    canonical = client.get("/m/testov?lang=cs", base_url=f"http://evil.example{root}").text
    assert f'<link rel="canonical" href="{address}/m/testov?lang=cs">' in canonical


def test_without_an_address_of_its_own_what_the_server_is_called_is_for_the_asker_alone(
    client: FlaskClient, session: Session
) -> None:
    a_map(session)
    for page in ("/robots.txt", "/sitemap.xml"):
        answer = client.get(page, base_url="http://evil.example")
        assert "evil.example" in answer.text
        assert answer.headers["Cache-Control"] == "private, max-age=3600"
