"""What search engines find: public pages in every language, and nothing that is one person's or the office's."""

from __future__ import annotations

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
