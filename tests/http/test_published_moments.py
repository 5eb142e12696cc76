"""When pins came, as everybody is told it: days, joined where few people were there; and never by their order."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter
from app.inputs.imports import ImportMap, ImportOptions, PartReader
from app.inputs.pin_files import PinRows
from app.inputs.row_ids import NAMESPACE
from app.models import Channel, Pin, TownMap
from app.queries.maps import MapCache, MapRecord, read_published_map
from app.queries.published import LOUD
from app.queries.summary import Summary, count_summary
from gis.privacy import same_person_chance
from tests.builders import CENTRE, TOKEN, a_feature, a_map, a_pin, an_event, bearer, in_the_catalogue

ITEMS = "/api/collections/testov/items"


@pytest.fixture
def campaign(session: Session) -> tuple[MapRecord, dict[str, str]]:
    """Two busy days with eight people each, and between them five days with one person who pins four times."""
    the_map = a_map(session)
    whose = {}
    for day in range(1, 8):
        busy = day in (1, 7)
        for n in range(8 if busy else 1):
            for m in range(2 if busy else 4):
                name = f"day {day} person {n}"
                at = datetime(2026, 9, day, 9 + n, m, 31, tzinfo=UTC)
                place = (15.505 + n * 0.004, 49.615 + m * 0.003)
                whose[str(a_pin(session, the_map, at=place, respondent=name, created_at=at).id)] = name
    return the_map, whose


def told(client: FlaskClient, **asked: str) -> dict[str, str]:
    answer = client.get(ITEMS, query_string={"limit": "1000", **asked}).json
    return {one["id"]: one["properties"]["created_at"] for one in answer["features"]}


def test_nobody_is_told_an_hour_and_no_day_tells_who_sat_together(
    client: FlaskClient, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    _, whose = campaign
    moments = told(client)
    assert len(moments) == len(whose)
    assert all(re.fullmatch(r"2026-09-\d\dT00:00:00\.000000Z", one) for one in moments.values())
    people: dict[str, Counter[str]] = defaultdict(Counter)
    for pin, moment in moments.items():
        people[moment][whose[pin]] += 1
    assert all(same_person_chance(one) <= 1 / 5 for one in people.values())
    assert sorted(people) == [f"2026-09-0{day}T00:00:00.000000Z" for day in (1, 2, 6)]


def test_files_and_tiles_tell_the_same(
    client: FlaskClient, session: Session, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    moments = told(client)
    file = json.loads(client.get("/data/testov/pins.geojson").get_data())
    assert {one["id"]: one["properties"]["created_at"] for one in file["features"]} == moments
    table = client.get("/data/testov/pins.csv").get_data(as_text=True).lstrip("\ufeff")
    rows = {row["id"]: row["created_at"] for row in csv.DictReader(io.StringIO(table), delimiter=";")}
    assert rows == moments
    one = next(iter(moments))
    assert client.get(f"{ITEMS}/{one}").json["properties"]["created_at"] == moments[one]
    exact = {pin.created_at.isoformat()[11:19] for pin in session.scalars(select(Pin))}
    for path in ("/m/testov/results", "/api/collections/testov", "/m/testov/pins.json", "/data/testov/pins.fgb"):
        body = client.get(path).get_data()
        assert not [hour for hour in exact if hour.encode() in body], path


def test_no_form_lists_pins_in_the_order_in_which_they_came(
    client: FlaskClient, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    file = json.loads(client.get("/data/testov/pins.geojson").get_data())
    table = client.get("/data/testov/pins.csv").get_data(as_text=True).lstrip("\ufeff")
    lists = [
        [one["id"] for one in client.get(f"{ITEMS}?limit=1000").json["features"]],
        [one["id"] for one in file["features"]],
        [row["id"] for row in csv.DictReader(io.StringIO(table), delimiter=";")],
        client.get("/m/testov/pins.json").json["ids"],
    ]
    for one in lists:
        assert one == sorted(one)


def test_an_interval_asks_for_the_days_that_are_told(
    client: FlaskClient, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    moments = told(client)
    days = sorted({one[:10] for one in moments.values()})
    for day in ("2026-09-01", "2026-09-03", *days):
        asked = told(client, datetime=day)
        assert asked == {pin: one for pin, one in moments.items() if one[:10] == day}, day
        filtered = told(client, filter=f"created_at = DATE('{day}')", **{"filter-lang": "cql2-text"})
        assert filtered == asked
    # Hours of an interval part nobody from the others of the day.
    assert told(client, datetime="2026-09-01T10:00:00Z/2026-09-01T11:00:00Z") == told(
        client, datetime="2026-09-01"
    )


def test_pins_of_a_file_keep_their_days(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session)
    for day in range(1, 8):
        for n in range(3):
            at = datetime(2023, 5, day, 9, n, tzinfo=UTC)
            a_pin(session, the_map, respondent=f"r{day}", channel=Channel.IMPORT, created_at=at)
    assert set(told(client).values()) == {f"2023-05-0{day}T00:00:00.000000Z" for day in range(1, 8)}
    assert len(told(client, datetime="2023-05-02/2023-05-03")) == 6


def test_a_day_without_an_hour_is_told_as_that_day(client: FlaskClient, session: Session) -> None:
    """Midnight in the town is the evening before in UTC."""
    the_map = a_map(session)
    at = datetime(2023, 4, 30, 22, tzinfo=UTC)
    pin = a_pin(session, the_map, channel=Channel.IMPORT, created_at=at)
    assert told(client) == {str(pin.id): "2023-05-01T00:00:00.000000Z"}
    assert list(told(client, datetime="2023-05-01")) == [str(pin.id)]
    assert told(client, datetime="2023-04-30") == {}


def test_the_database_tells_the_same_day_of_every_moment(session: Session) -> None:
    """Around the town's midnights of summer and winter, on the days when the clocks change, and long ago."""
    the_map = a_map(session)
    days = [datetime(*day, tzinfo=UTC) for day in ((2026, 3, 28), (2026, 10, 24), (1999, 12, 31), (1850, 1, 1))]
    steps = [timedelta(hours=h, microseconds=us) for h in range(60) for us in (-1, 0, 1)]
    moments = [day + step for day in days for step in steps]
    for moment in moments:
        a_pin(session, the_map, "safe", created_at=moment)
    told = session.execute(select(Pin.created_at, LOUD.moment_column())).all()
    assert len(told) == len(moments)
    assert [(at, day) for at, day in told if day != LOUD.told(at)] == []


def test_a_pin_of_now_is_found_at_once_and_told_alike_to_author_and_others(
    client: FlaskClient, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    began = datetime.now(UTC)
    sent = client.post(ITEMS, json=a_feature(), headers=bearer(TOKEN)).json
    since = (began - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sent["id"] in told(client, datetime=f"{since}/..")
    own = client.get(f"{ITEMS}/{sent['id']}", headers=bearer(TOKEN)).json["properties"]["created_at"]
    assert own == sent["properties"]["created_at"] == told(client)[sent["id"]]
    assert own == f"{began:%Y-%m-%d}T00:00:00.000000Z"


def test_an_event_of_the_past_with_two_people_is_not_named(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session)
    an_event(session, the_map, "MALA")
    an_event(session, the_map, "VELKA")
    past = datetime(2026, 9, 1, 10, tzinfo=UTC)
    for n in range(20):
        code = "MALA" if n < 2 else "VELKA"
        for _ in range(3):
            a_pin(session, the_map, respondent=f"r{n}", event=code, created_at=past)
    found = client.get(f"{ITEMS}?limit=1000").json["features"]
    assert {one["properties"]["event"] for one in found} == {None, "VELKA"}
    assert client.get(f"{ITEMS}?event=MALA").json["numberMatched"] == 0
    a_pin(session, the_map, respondent="dnes", event="VELKA")
    sent = client.post(ITEMS, json=a_feature(event="MALA"), headers=bearer(TOKEN)).json
    assert sent["properties"]["event"] == "MALA"


def test_few_people_with_many_pins_are_not_counted_out_on_the_results_page(
    client: FlaskClient, session: Session
) -> None:
    the_map = a_map(session)
    for n in range(9):
        a_pin(session, the_map, "safe", respondent=f"r{n}")
    for _ in range(4):
        a_pin(session, the_map, "unsafe", respondent="r1")
    page = client.get("/m/testov/results", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "fewer than 5 people" in page
    assert "<strong>1 person</strong>" not in page
    assert "<strong>9 people</strong>" in page


def test_the_command_line_tells_no_more(session: Session, campaign: tuple[MapRecord, dict[str, str]]) -> None:
    assert read_published_map(session, "testov").quiet.spans


def test_the_id_of_a_loaded_pin_is_no_proof_of_whose_it_is(session: Session) -> None:
    """Who has the program and guesses the person of a row must not find the guess in the pin's id."""
    the_map = a_map(session)
    target = ImportMap("testov", the_map.salt, {"safe": "safe"}, frozenset(), (), ())
    lon, lat = (np.array([one]) for one in CENTRE)
    rows = PinRows([1], None, lon, lat, {"respondent": ["r001"], "category": ["safe"]})
    found, bad = PartReader(target, ImportOptions()).read(rows, lon, lat)
    assert not bad
    guess = repr(("testov", "r001", "safe", f"{CENTRE[0]:.7f} {CENTRE[1]:.7f}", None, None))
    assert uuid.UUID(found.ids[0]) != uuid.uuid5(NAMESPACE, guess)
    assert uuid.UUID(found.respondents[0]) != uuid.uuid5(NAMESPACE, repr(("testov", "respondent", "r001")))


def test_no_mark_of_an_answer_can_be_searched_for_the_moment_of_the_newest_pin(
    client: FlaskClient, session: Session, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    """All else that a mark is made of is public: the same pins in a map with another secret have other marks."""
    marked = [
        "/m/testov/pins.json",
        *(f"/data/testov/pins.{form}" for form in ("gpkg", "fgb", "parquet")),
        "/m/testov/heat.png",
        "/m/testov/heat.tif",
        "/m/testov/results/heat/safe.png",
    ]

    def marks() -> dict[str, str | None]:
        return {path: client.get(path).headers.get("ETag") for path in marked}

    before = marks()
    assert all(before.values()), before
    assert marks() == before
    session.execute(update(TownMap).values(salt=b"another secret"))
    session.commit()
    client.application.extensions["pocit-maps"] = MapCache()
    after = marks()
    assert not [path for path in marked if after[path] == before[path]]


def test_search_engines_and_the_data_page_are_told_a_day(
    client: FlaskClient, session: Session, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    in_the_catalogue(session, campaign[0])
    session.execute(update(Pin).values(changed_at=Pin.created_at))
    # The last day is one of the quiet ones now.
    session.execute(delete(Pin).where(Pin.created_at > datetime(2026, 9, 5, tzinfo=UTC)))
    session.commit()
    client.application.extensions["pocit-maps"] = MapCache()
    quiet = read_published_map(session, "testov").quiet
    last = quiet.span_of(date(2026, 9, 4))[1]
    page = client.get("/data/testov/", headers={"Accept-Language": "en"}).text
    told = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert told["dateModified"] == last.isoformat()
    assert not re.search(r"\d\d:\d\d", re.search(r'<dl class="data-facts">.*?</dl>', page, re.DOTALL)[0])
    record = client.get("/data/testov/dataset.jsonld").json
    assert record["časové_pokrytí"]["začátek"] == "2026-09-01"


def test_the_table_of_days_joins_what_is_told_as_one(
    client: FlaskClient, session: Session, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    the_map, _ = campaign
    told_days = Counter(one[:10] for one in told(client).values())
    public = count_summary(session, the_map)
    assert {one.day.isoformat(): one.pins for one in public.days} == told_days
    assert [(one.day.day, one.until.day) for one in public.days] == [(1, 1), (2, 5), (6, 7)]
    assert Summary.from_json(public.as_json()) == public
    people = {one.day.day: one.people for one in public.days}
    assert people == {1: 8, 2: 4, 6: 9}
    page = client.get("/m/testov/results", headers={"Accept-Language": "en"}).text
    rows = re.findall(r'<tr><th scope="row">([^<]*2026)</th>', page)
    assert [re.sub(r"\W+", " ", row) for row in rows] == [
        "September 1 2026",
        "Sep 2 5 2026",
        "Sep 6 7 2026",
    ]
    # The office counts its people by the days on which they came.
    assert [one.day.day for one in count_summary(session, the_map, PinFilter()).days] == list(range(1, 8))


def test_a_collection_reaches_to_the_days_that_are_told(
    client: FlaskClient, session: Session, campaign: tuple[MapRecord, dict[str, str]]
) -> None:
    session.execute(delete(Pin).where(Pin.created_at > datetime(2026, 9, 5, tzinfo=UTC)))
    session.execute(
        update(TownMap).values(closes_at=datetime(2026, 9, 20, tzinfo=UTC), version=TownMap.version + 1)
    )
    session.commit()
    days = sorted(told(client).values())
    assert days[-1][:10] < "2026-09-04"  # there are pins of the 4th
    for path in ("/api/collections/testov", "/api/collections"):
        document = client.get(path).json
        one = document.get("collections", [document])[0]
        assert one["extent"]["temporal"]["interval"][0][1][:10] == days[-1][:10], path
