"""Heat over HTTP: what may be asked, what comes, and who sees it."""

from __future__ import annotations

import io
import json
import math

import pytest
from flask.testing import FlaskClient
from PIL import Image
from rasterio.io import MemoryFile
from sqlalchemy.orm import Session

from app.models import PinState
from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_map, a_pin, an_official, moment
from tests.doors import sign_in

PROGRAM = {"Accept": "application/json", "Accept-Language": "en"}


def a_felt_town(session: Session, people: int = 6, **description: object) -> MapRecord:
    the_map = a_map(session, **description)
    for i in range(people):
        a_pin(session, the_map, "unsafe", respondent=f"r{i}", comment=f"Tma {i}")
    return the_map


@pytest.fixture
def town(session: Session) -> MapRecord:
    return a_felt_town(session)


def test_the_picture_shows_heat_where_people_pinned(client: FlaskClient, town: MapRecord) -> None:
    answer = client.get("/m/testov/heat.png?category=unsafe")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    picture = Image.open(io.BytesIO(answer.data)).convert("RGBA")
    assert picture.getpixel((picture.width // 2, picture.height // 2))[3] > 100
    assert picture.getpixel((3, 3))[3] == 0
    empty = Image.open(io.BytesIO(client.get("/m/testov/heat.png?category=safe").data)).convert("RGBA")
    assert empty.getextrema()[3] == (0, 0)


def test_the_geotiff_is_people_per_hectare_in_the_maps_crs(client: FlaskClient, town: MapRecord) -> None:
    with MemoryFile(client.get("/m/testov/heat.tif?bandwidth=100").data) as memory, memory.open() as raster:
        assert raster.crs.to_epsg() == 5514
        assert raster.dtypes == ("float32",)
        assert raster.res[0] <= 100 / 3
        values = raster.read(1, masked=True)
        assert float(values.sum()) * raster.res[0] ** 2 / 10_000 == pytest.approx(6, rel=5e-3)


def test_the_areas_say_from_and_to(client: FlaskClient, town: MapRecord) -> None:
    answer = client.get("/m/testov/heat.geojson?category=unsafe&weight=pins")
    assert answer.mimetype == "application/geo+json"
    features = json.loads(answer.data)["features"]
    assert features
    assert all(f["properties"]["from"] < f["properties"]["to"] for f in features)
    assert {f["properties"]["unit"] for f in features} == {"pins/ha"}


@pytest.mark.parametrize("theme", ["heat", "heat-dark"])
def test_a_tile_is_a_picture_of_256_pixels(client: FlaskClient, town: MapRecord, theme: str) -> None:
    lon, lat = CENTRE
    n = 2**15
    x = int((lon + 180) / 360 * n)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    answer = client.get(f"/m/testov/{theme}/15/{x}/{y}.png?category=unsafe")
    picture = Image.open(io.BytesIO(answer.data)).convert("RGBA")
    assert picture.size == (256, 256)
    assert picture.getextrema()[3][1] > 100


@pytest.mark.parametrize(
    "query",
    [
        "category=nonsense",
        "category=safe&category=unsafe",
        "bandwidth=0",
        "bandwidth=-75",
        "bandwidth=nan",
        "bandwidth=1e9",
        "bandwidth=75m",
        "bandwidth=5000",
        "weight=women",
        "since=2026-01-01",
        "channel=web",
        "event=F1",
        "state=hidden",
        "width=100",
        "nonsense=1",
        "category=%00",
    ],
)
@pytest.mark.parametrize("path", ["heat.png", "heat.tif", "heat.geojson", "heat/14/8904/5617.png"])
def test_nothing_else_may_be_asked_in_public(client: FlaskClient, town: MapRecord, path: str, query: str) -> None:
    answer = client.get(f"/m/testov/{path}?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


def test_a_parameter_left_empty_is_not_given(client: FlaskClient, town: MapRecord) -> None:
    plain = client.get("/m/testov/heat.tif")
    assert client.get("/m/testov/heat.tif?category=&bandwidth=&weight=").data == plain.data


def test_scripts_get_problems_and_browsers_pages(client: FlaskClient, town: MapRecord) -> None:
    script = client.get("/m/testov/heat.tif?category=nonsense", headers={"Accept": "*/*"})
    assert script.mimetype == "application/problem+json"
    browser = client.get("/m/testov/heat.tif?category=nonsense", headers={"Accept": "text/html,*/*;q=0.8"})
    assert browser.mimetype == "text/html"


@pytest.mark.parametrize("path", ["heat.gif", "heat/2/4/0.png", "heat/99/0/0.png", "heat/1/1/1.jpg"])
def test_what_is_not_there_is_not_there(client: FlaskClient, town: MapRecord, path: str) -> None:
    assert client.get(f"/m/testov/{path}").status_code == 404


def test_fewer_people_than_k_leave_the_map_blank(client: FlaskClient, session: Session) -> None:
    a_felt_town(session, people=4)
    for query in ("", "?category=unsafe", "?weight=pins"):
        assert json.loads(client.get(f"/m/testov/heat.geojson{query}").data)["features"] == []


def test_the_answer_is_new_once_a_pin_is_hidden_or_gone(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, "unsafe", respondent="seventh")
    url = "/m/testov/heat.png?category=unsafe"
    marks = [client.get(url).headers["ETag"]]
    assert client.get(url, headers={"If-None-Match": marks[0]}).status_code == 304
    pin.state = PinState.HIDDEN
    session.commit()
    answer = client.get(url, headers={"If-None-Match": marks[0]})
    assert answer.status_code == 200
    marks.append(answer.headers["ETag"])
    other = a_pin(session, town, "unsafe", respondent="eighth")
    marks.append(client.get(url).headers["ETag"])
    session.delete(other)
    session.commit()
    assert client.get(url).headers["ETag"] not in marks
    assert len(set(marks)) == 3


def test_a_map_that_keeps_its_heat_refuses_in_words(client: FlaskClient, session: Session) -> None:
    a_felt_town(session, publish={"heat": False})
    for path in ("heat.png", "heat/14/8904/5617.png", "results/heat/all.png"):
        answer = client.get(f"/m/testov/{path}", headers={"Accept": "application/json", "Accept-Language": "en"})
        assert answer.status_code == 403
        assert "does not publish" in answer.json["detail"]


def test_two_answers_of_a_day_cannot_be_subtracted(client: FlaskClient, session: Session) -> None:
    the_map = a_felt_town(session, publish={"pins": False, "k": 1})
    urls = ["/m/testov/heat.tif?weight=pins", "/m/testov/heat.png?category=unsafe", "/m/testov/heat.geojson"]
    before = [client.get(url) for url in urls]
    page = client.get("/m/testov/results").get_data(as_text=True)
    a_pin(session, the_map, "unsafe", respondent="one more")
    after = [client.get(url) for url in urls]
    assert [a.headers["ETag"] for a in before] == [a.headers["ETag"] for a in after]
    assert [a.data for a in before] == [a.data for a in after]
    assert _numbers(client.get("/m/testov/results").get_data(as_text=True)) == _numbers(page)


def test_the_office_is_closed_to_strangers(client: FlaskClient, town: MapRecord) -> None:
    for path in ("heat.png", "heat.tif", "heat.geojson", "heat.html", "heat/14/8904/5617.png"):
        answer = client.get(f"/office/maps/testov/{path}", headers={"Accept": "application/json"})
        assert answer.status_code == 401


def _numbers(page: str) -> str:
    return page.partition('<main id="content"')[2].partition("</main>")[0]


def test_officials_see_all_and_choose(client: FlaskClient, session: Session) -> None:
    the_map = a_felt_town(session, people=2, publish={"heat": False})
    a_pin(
        session,
        the_map,
        "safe",
        respondent="paper",
        channel="paper",
        created_at=moment("2026-09-14T23:30+02:00"),
    )
    a_pin(session, the_map, "safe", respondent="hidden", state=PinState.HIDDEN)
    sign_in(client, an_official(session, role="viewer"))

    def total(query: str) -> float:
        data = client.get(f"/office/maps/testov/heat.tif?{query}").data
        with MemoryFile(data) as memory, memory.open() as raster:
            return round(float(raster.read(1, masked=True).sum()) * raster.res[0] ** 2 / 10_000, 1)

    assert total("") == 3
    assert total("category=safe") == 1
    assert total("channel=paper") == 1
    assert total("state=hidden") == 1
    assert total("until=2026-09-14&since=2026-09-14") == 1
    assert total("until=2026-09-13") == 0
    assert total("event=NONE") == 0


def test_office_heat_is_kept_by_nobody_on_the_way(client: FlaskClient, session: Session) -> None:
    a_felt_town(session)
    sign_in(client, an_official(session, role="viewer"))
    for path in ("heat.png", "heat/14/8904/5617.png", "heat.html"):
        assert "private" in client.get(f"/office/maps/testov/{path}").headers["Cache-Control"]


@pytest.mark.parametrize("query", ["since=yesterday", "since=2026-02-30", "channel=pigeon", "state=lost", "x=1"])
def test_bad_filters_of_officials_are_refused(client: FlaskClient, session: Session, query: str) -> None:
    a_felt_town(session)
    sign_in(client, an_official(session, role="viewer"))
    assert client.get(f"/office/maps/testov/heat.png?{query}").status_code == 400
