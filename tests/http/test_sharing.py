"""Passing a map on: who may show it in a frame, what its link looks like, and the office's page about both."""

from __future__ import annotations

import html
import io
import re
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pypdfium2
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import AuditEntry, TownMap
from app.queries.maps import MapRecord
from tests.builders import a_basemap, a_map, a_pin, an_event, an_official
from tests.doors import csrf_of, sign_in
from tests.http.test_citizen_page import config_of

TOWN = "https://www.testov.example"
SHARE = "/office/maps/testov/share"
ENGLISH = {"Accept-Language": "en"}
PAGES = ("/m/testov", "/m/testov/results")


def framed_by(session: Session, the_map: MapRecord, *origins: str, **values: object) -> None:
    """The map with these websites allowed."""
    changed = {"embed_origins": list(origins), "version": TownMap.version + 1, **values}
    session.execute(update(TownMap).where(TownMap.id == the_map.id).values(**changed))
    session.commit()


def ancestors(client: FlaskClient, address: str) -> str:
    """Who may show the answer in a frame."""
    policy = client.get(address).headers["Content-Security-Policy"]
    found = re.search(r"frame-ancestors ([^;]*)", policy)
    assert found
    return found[1]


def saved(client: FlaskClient, **form: str):
    return client.post(
        SHARE, data={"csrf_token": csrf_of(client, SHARE), **form}, headers={"Accept-Language": "en"}
    )


@pytest.fixture
def editor(client: FlaskClient, session: Session) -> FlaskClient:
    a_map(session)
    an_official(session)
    return sign_in(client, "urad@testov.example")


def test_nobody_frames_a_map_that_names_no_website(client: FlaskClient, session: Session) -> None:
    a_map(session)
    assert {ancestors(client, page + query) for page in PAGES for query in ("", "?embed")} == {"'none'"}


def test_only_pages_made_for_frames_open_to_the_named_websites(client: FlaskClient, session: Session) -> None:
    framed_by(session, a_map(session), TOWN, "https://mesto.example:8443")
    an_official(session)
    for page in PAGES:
        assert ancestors(client, page + "?embed") == f"'self' {TOWN} https://mesto.example:8443"
        assert ancestors(client, page) == "'none'"
    closed_to_frames = (
        "/?embed",
        "/m/testov/privacy?embed",
        "/m/testov/receipt?embed",
        "/m/nothing?embed",
        "/office/sign-in?embed",
    )
    assert {ancestors(client, page) for page in closed_to_frames} == {"'none'"}
    sign_in(client, "urad@testov.example")
    assert {ancestors(client, page) for page in ("/office/?embed", "/office/maps/testov?embed")} == {"'none'"}


def test_any_website_may_only_where_the_office_said_so(client: FlaskClient, session: Session) -> None:
    framed_by(session, a_map(session), "*")
    assert ancestors(client, "/m/testov?embed") == "*"
    assert ancestors(client, "/m/testov") == "'none'"


def test_a_draft_is_never_framed_even_before_its_official(client: FlaskClient, session: Session) -> None:
    framed_by(session, a_map(session), "*", draft=True)
    an_official(session)
    sign_in(client, "urad@testov.example")
    assert client.get("/m/testov?embed").status_code == 200
    assert {ancestors(client, page + "?embed") for page in PAGES} == {"'none'"}


def test_a_page_in_a_frame_stays_one_from_page_to_page(client: FlaskClient, session: Session) -> None:
    a_pin(session, a_map(session))
    config = config_of(client, "/m/testov?embed&lang=en")
    assert config["embed"] is True
    assert config["resultsUrl"] == "/m/testov/results?embed=&lang=en"
    page = client.get("/m/testov/results?embed&lang=en").text
    assert 'href="/m/testov?embed=&amp;lang=en"' in page
    assert "page-header" not in page
    assert "page-footer" not in page
    assert 'href="/m/testov/results" target="_blank"' in page
    plain = config_of(client, "/m/testov")
    assert (plain["embed"], plain["resultsUrl"]) == (False, "/m/testov/results")


def test_a_link_has_a_title_a_text_and_a_picture_in_the_reader_s_language(
    client: FlaskClient, session: Session
) -> None:
    the_map = a_map(session, intro={"cs": "Kde je vám dobře?", "en": "Where do you feel well?"})
    an_event(session, the_map, "FORUM1")
    framed_by(session, the_map, story={"cs": "Hotovo."}, story_published=True)
    for page, kind in (
        ("/m/testov?event=FORUM1", "website"),
        ("/m/testov/results", "article"),
        ("/stories/testov", "article"),
    ):
        told = dict(
            re.findall(
                r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"',
                client.get(page, headers={"Accept-Language": "en"}).text,
            )
        )
        assert told["og:type"] == kind
        assert "Map of testov" in told["og:title"]
        assert told["og:locale"] == "en_GB"
        assert told["twitter:card"] == "summary_large_image"
        assert told["og:url"] == "http://localhost" + page.partition("?")[0]
        picture = html.unescape(told["og:image"])
        assert picture.startswith("http://localhost/m/testov/picture.png?lang=en&v=")
        answer = client.get(picture)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (told["og:image:width"], told["og:image:height"]) == ("1200", "630")


def test_the_picture_is_drawn_of_the_map_and_changes_with_it(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session, basemap={"kind": "vector"}, basemap_geojson=a_basemap("Lipová"))
    answer = client.get("/m/testov/picture.png?lang=cs")
    assert answer.mimetype == "image/png"
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.size == (1200, 630)
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
    # The fills of the default categories and the line of the boundary, near enough for a palette of 256.
    for fill in ((0, 158, 115), (213, 94, 0), (0, 114, 178), (128, 96, 74)):
        assert min(sum(abs(a - b) for a, b in zip(fill, colour, strict=True)) for colour in colours) < 12
    assert len(answer.data) < 300_000
    again = client.get("/m/testov/picture.png?lang=cs", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/m/testov/picture.png?lang=en").headers["ETag"] != answer.headers["ETag"]
    a_pin(session, the_map)
    assert client.get("/m/testov/picture.png?lang=cs").data == answer.data
    a_map(session, title={"cs": "Jiný název"})
    assert client.get("/m/testov/picture.png?lang=cs").data != answer.data


@pytest.mark.parametrize("asked", ["", "?lang=xx", "?lang=", "?lang=CS"])
def test_a_picture_in_the_reader_s_own_language_is_told_apart_by_caches(
    client: FlaskClient, session: Session, asked: str
) -> None:
    a_map(session)
    answers = [
        client.get(f"/m/testov/picture.png{asked}", headers={"Accept-Language": code}) for code in ("cs", "en")
    ]
    assert answers[0].headers["ETag"] != answers[1].headers["ETag"]
    assert {"accept-language", "cookie"} <= answers[0].vary.as_set()
    assert "Accept-Language" not in client.get("/m/testov/picture.png?lang=uk").headers.get("Vary", "")


@pytest.mark.parametrize("title", ["", "x" * 400, "Nejneobhospodařovávatelnější " * 20, "Карта \U0001f5fa <b>&"])
def test_a_picture_is_drawn_of_any_title(client: FlaskClient, session: Session, title: str) -> None:
    categories = [
        {"key": f"c{n}", "label": {"cs": f"{n} " * 40}, "color": "#009E73", "shape": "heart"} for n in range(9)
    ]
    a_map(session, title={"cs": title or "."}, categories=categories)
    assert client.get("/m/testov/picture.png").status_code == 200


def test_nobody_sees_the_picture_of_a_draft(client: FlaskClient, session: Session) -> None:
    framed_by(session, a_map(session), draft=True)
    assert client.get("/m/testov/picture.png").status_code == 404


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://www.testov.example", ["https://www.testov.example"]),
        ("HTTPS://WWW.Testov.example/uvod/mapa?x=1#y", ["https://www.testov.example"]),
        (
            "www.testov.example\n\n https://testov.example:8443 ",
            ["https://www.testov.example", "https://testov.example:8443"],
        ),
        ("https://testov.example:443, https://testov.example", ["https://testov.example"]),
        ("https://háčkyčárky.cz", ["https://xn--hkyrky-ptac70bc.cz"]),
        ("http://localhost:8080", ["http://localhost:8080"]),
        (" * ", ["*"]),
        ("", []),
    ],
)
def test_an_office_names_the_websites_that_may_frame_its_map(
    editor: FlaskClient, session: Session, typed: str, kept: list[str]
) -> None:
    assert saved(editor, origins=typed).status_code == 303
    assert session.scalar(select(TownMap.embed_origins)) == kept
    assert ancestors(editor, "/m/testov?embed") == {"": "'none'", "*": "*"}.get(
        "".join(kept), " ".join(["'self'", *kept])
    )


@pytest.mark.parametrize(
    "typed",
    [
        "http://www.testov.example",
        "javascript:alert(1)",
        "https://user:password@testov.example",
        "https://testov.example;script-src",
        "https://*.testov.example",
        "https://testov.example; script-src *",
        "* https://testov.example",
        "*\n*",
        "https://testov.example:99999",
        "https://testov.example:0",
        "https://[::1]",
        "https://-testov.example",
        "https://testov..example",
        "https://testov",
        "https://testov.example\x00",
        "'self'",
        "null",
        "data:text/html,x",
        "https://" + "a" * 300 + ".example",
        "\n".join(f"https://m{n}.example" for n in range(21)),
    ],
)
def test_what_is_no_website_comes_back_and_nothing_is_kept(
    editor: FlaskClient, session: Session, typed: str
) -> None:
    answer = saved(editor, origins=typed)
    if answer.status_code == 303:  # a list separated by a semicolon is two lines, both of which must be sound
        pytest.fail(str(session.scalar(select(TownMap.embed_origins))))
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert session.scalar(select(TownMap.embed_origins)) == []
    assert ancestors(editor, "/m/testov?embed") == "'none'"


@pytest.mark.parametrize("own", ["http://localhost", "http://127.0.0.1:8000", "https://localhost", "localhost"])
def test_one_s_own_computer_is_a_website_only_for_a_server_that_runs_there(
    editor: FlaskClient, session: Session, own: str
) -> None:
    form = {"csrf_token": csrf_of(editor, SHARE), "origins": own}
    assert editor.post(SHARE, data=form).status_code == 303
    # The same server by its public name, as through its proxy: the session's cookie goes along by hand.
    cookie = editor.get_cookie("pocit_office")
    assert cookie
    editor.set_cookie("pocit_office", cookie.value, domain="mapa.example")
    outside = {"base_url": "https://mapa.example", "headers": {"Referer": "https://mapa.example/"} | ENGLISH}
    answer = editor.post(SHARE, data=form, **outside)
    assert answer.status_code == 422
    assert "is not the address of a website" in answer.text


def test_any_website_is_ticked_warned_of_and_written_down(editor: FlaskClient, session: Session) -> None:
    saved(editor, origins=TOWN)
    saved(editor, origins=TOWN, any="1")
    saved(editor, origins=TOWN, any="1")
    assert "Any website may show this map now." in editor.get(SHARE, headers={"Accept-Language": "en"}).text
    deeds = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "map.frames").order_by(AuditEntry.id)
    ).all()
    assert [(deed.detail["from"], deed.detail["to"]) for deed in deeds] == [(None, [TOWN]), ([TOWN], ["*"])]
    assert TOWN in editor.get("/office/towns/testov/audit").text


def test_the_snippet_can_be_pasted_whatever_the_map_is_called(client: FlaskClient, session: Session) -> None:
    framed_by(session, a_map(session, title={"cs": 'Mapa "U lípy" <b>'}), TOWN)
    an_official(session)
    sign_in(client, "urad@testov.example")
    page = client.get(SHARE + "?lang=cs").text
    snippet = html.unescape(re.search(r'<code id="frame"[^>]*>(.*?)</code>', page, re.DOTALL)[1])
    assert 'src="http://localhost/m/testov?embed="' in snippet
    assert 'title="Mapa &#34;U lípy&#34; &lt;b&gt;"' in snippet
    assert snippet.startswith("<iframe ")
    assert snippet.endswith("></iframe>")
    assert 'allow="geolocation;' in snippet


def test_a_viewer_sees_the_page_and_changes_nothing(client: FlaskClient, session: Session) -> None:
    framed_by(session, a_map(session), TOWN)
    an_official(session, role="viewer")
    sign_in(client, "urad@testov.example")
    page = client.get(SHARE).text
    assert TOWN in page
    assert 'name="origins"' not in page


def test_the_office_s_page_may_show_the_map_as_it_will_be_framed(editor: FlaskClient) -> None:
    saved(editor, origins=TOWN)
    answer = editor.get(SHARE)
    assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]
    assert ancestors(editor, SHARE) == "'none'"
    assert '<iframe src="/m/testov?embed="' in answer.text


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
def test_the_code_opens_the_map(editor: FlaskClient, form: str) -> None:
    answer = editor.get(f"/office/maps/testov/qr.{form}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="testov-qr.{form}"'
    if form == "svg":
        assert answer.text.startswith("<svg")
        return
    if form == "png":
        pixels = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    else:
        with pypdfium2.PdfDocument(answer.data) as opened:
            assert len(opened) == 1
            pixels = opened[0].render(scale=3).to_numpy()[:, :, :3]
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == "http://localhost/m/testov"


def test_a_finished_map_says_so_in_its_picture(client: FlaskClient, session: Session) -> None:
    over = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    open_one = client.get(f"/m/{a_map(session).slug}/picture.png?lang=cs").headers["ETag"]
    a_map(session, closes=over)
    assert client.get("/m/testov/picture.png?lang=cs").headers["ETag"] != open_one
