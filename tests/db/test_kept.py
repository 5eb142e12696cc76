"""What we say we keep is what there is, and what we say is deleted after so many days is deleted then."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.config import ROOT
from app.i18n import language
from app.models import (
    Base,
    Invitation,
    Official,
    OfficialSession,
    Pin,
    PinPhoto,
    Respondent,
    Throttle,
)
from app.queries import kept_record
from app.queries.kept import SEEN_WORDS, WHOSE_WORDS, WHY_WORDS, Seen, Until, Whose, Why
from app.queries.kept_record import ELSEWHERE, UNTIL_WORDS, kept_document
from app.queries.kept_rows import KEPT
from app.queries.maps import read_map
from app.services import account_retention, pin_photos, sessions, throttle
from app.services.account_retention import forget_signs_of_officials
from app.services.pin_photos import forget_refused
from app.services.retention import anonymise
from app.views import receipt, write
from tests.builders import a_map, a_pin, a_pin_photo, an_official, moment

CLOSED = {"opens": "2026-08-01T00:00:00Z", "closes": "2026-09-01T00:00:00Z"}
AFTER = moment("2027-06-01T00:00:00Z")


def test_every_column_of_the_database_is_in_the_list_once(session: Session) -> None:
    listed = Counter((one.table, column) for one in KEPT for column in one.columns)
    there = session.execute(
        text(
            """
            SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
            USING (table_schema, table_name)
            WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
              AND table_name NOT IN ('alembic_version', 'spatial_ref_sys')
            """
        )
    )
    assert set(listed) == {tuple(row) for row in there}
    assert [entry for entry, n in listed.items() if n > 1] == []
    assert {table for table, _ in listed} == set(Base.metadata.tables)


def test_every_reason_and_time_is_said_in_words() -> None:
    for words, members in (
        (WHOSE_WORDS, Whose), (WHY_WORDS, Why), (SEEN_WORDS, Seen), (UNTIL_WORDS, Until),
    ):  # fmt: skip
        assert set(words) == set(members)


def test_every_cookie_is_in_the_list() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    named = set(re.findall(r'\b(?:COOKIE|WROTE)\b[^=\n]*= "(pocit_\w+)"', sources)) | {"pocit_office"}
    assert named <= {one.name for one in ELSEWHERE}
    assert timedelta(days=14) == write.KEPT_FOR
    assert timedelta(minutes=30) == receipt.OPEN_FOR


def test_the_times_that_are_told_are_those_that_delete() -> None:
    assert timedelta(days=kept_record.REFUSED_DAYS) == pin_photos.REFUSED_KEPT
    assert timedelta(days=kept_record.THROTTLE_DAYS) == throttle.KEEP
    assert timedelta(hours=kept_record.SESSION_HOURS) == sessions.LASTS
    assert timedelta(days=kept_record.INVITATION_DAYS) == account_retention.INVITATION_KEPT


def test_the_record_says_the_days_of_the_map(session: Session) -> None:
    the_map = a_map(session, retention_days=77, **CLOSED)
    found = kept_document(the_map, language("en"), photo_days=12)
    by_columns = {(one["table"], column): one for one in found["kept"] for column in one["columns"]}
    assert by_columns["respondent", "about"]["days"] == 77
    assert "77 days" in by_columns["respondent", "about"]["until_words"]
    assert by_columns["photo_picture", "content"]["days"] == 12
    assert by_columns["throttle", "key_hash"]["in_backups"] is False
    assert found["settings"]["persons_taken_away_on"] == "2026-11-17T00:00:00+00:00"
    assert "%(" not in str(found)


def test_what_goes_with_the_persons_is_gone_after_anonymising(session: Session) -> None:
    """Every column that is said to be kept until then is empty, or of nobody any more."""
    the_map = a_map(session, about=[], **CLOSED)
    for n in range(6):
        for m in range(3):
            a_pin(
                session, the_map, at=(15.505 + n * 0.005, 49.615 + m * 0.004), respondent=f"r{n}",
                created_at=moment(f"2026-08-{10 + n}T{10 + m}:13:27Z"), original_comment="byl jsem to já",
                precision_m=3.1415 + n, about={"age": "young"},
            )  # fmt: skip
    before = set(session.scalars(select(Pin.respondent_id)))
    session.execute(text("INSERT INTO respondent_device VALUES (:m, gen_random_uuid(), :r)"),
                    {"m": the_map.id, "r": next(iter(before))})  # fmt: skip
    session.execute(text("INSERT INTO support SELECT map_id, id, :r FROM pin LIMIT 1"), {"r": next(iter(before))})
    a_pin_photo(session, session.scalars(select(Pin)).first(), "shown")
    anonymise(session, read_map(session, "testov"), AFTER)
    session.commit()
    after = list(session.scalars(select(Pin.respondent_id)))
    assert not before & set(after)
    assert len(set(after)) == len(after) == 18
    assert set(session.scalars(select(Pin.original_comment))) == {None}
    assert set(session.scalars(select(Pin.precision_m))) == {10.0}
    assert [r for r in session.scalars(select(Respondent)) if r.about or r.receipt_hash] == []
    for table in ("support", "respondent_device", "sheet_mark", "sheet_photo", "photo_picture", "day_snapshot"):
        assert session.scalar(text(f"SELECT count(*) FROM {table} WHERE map_id = :m"), {"m": the_map.id}) == 0
    assert session.scalars(select(PinPhoto.digest)).all() == [b""]
    # One person a day would tell whose they are: the days have become one.
    assert len(set(session.scalars(select(Pin.created_at)))) == 1


def test_counts_of_attempts_and_their_salt_are_gone_after_two_days(session: Session) -> None:
    limit = throttle.Limit("t", attempts=5, window=timedelta(minutes=10))
    then = moment("2026-09-01T12:00:00Z")
    tried = throttle.attempt(limit, "198.51.100.7", secret=b"s", now=then)
    throttle.count(session, [tried], now=then)
    assert session.scalar(select(func.count()).select_from(Throttle)) == 2
    throttle.forget_old(session, then + timedelta(days=1))
    assert session.scalar(select(func.count()).select_from(Throttle)) == 2
    throttle.forget_old(session, then + throttle.KEEP + timedelta(minutes=10))
    assert session.scalar(select(func.count()).select_from(Throttle)) == 0


def test_a_kept_count_can_not_be_read_back_once_its_salt_is_gone(session: Session) -> None:
    """With the secret and a copy of the count, all addresses of a /16 are tried: with the salt it is found."""
    limit = throttle.Limit("t", attempts=5, window=timedelta(minutes=10))
    then, secret = moment("2026-09-01T12:00:00Z"), b"the server's secret"
    throttle.count(session, [throttle.attempt(limit, "198.51.100.7", secret=secret, now=then)], now=then)
    stored = session.scalar(select(Throttle.key_hash).where(Throttle.action == "t"))
    everybody = [throttle.attempt(limit, f"198.51.{a}.{b}", secret=secret, now=then)
                 for a in range(256) for b in range(256)]  # fmt: skip
    assert stored not in {one.key for one in everybody}
    salt = throttle._salt(session, then.date())
    found = [n for n, one in enumerate(everybody) if throttle._salted(salt, one) == stored]
    assert found == [100 * 256 + 7]
    throttle.forget_old(session, then + throttle.KEEP + timedelta(minutes=10))
    other = throttle._salt(session, then.date())
    assert other != salt
    assert not any(throttle._salted(other, one) == stored for one in everybody)


def test_photos_that_are_not_shown_are_gone_after_thirty_days(session: Session) -> None:
    the_map = a_map(session)
    now = datetime.now(UTC)
    for age, n in ((29, 1), (31, 2)):
        pin = a_pin(session, the_map, respondent=f"r{n}")
        a_pin_photo(session, pin, "refused", checked_at=now - timedelta(days=age))
    session.commit()
    forget_refused(session, now)
    assert session.scalar(select(func.count()).select_from(PinPhoto)) == 1


def test_ended_sessions_and_old_invitations_are_gone(session: Session) -> None:
    a_map(session)
    an_official(session, "kdo@testov.example")
    official = session.scalars(select(Official)).first()
    now = datetime.now(UTC)
    for n, hours in enumerate((1, 13)):
        began = now - timedelta(hours=hours)
        session.add(OfficialSession(key_hash=bytes([n] * 32), official_id=official.id, browser="Firefox",
                                    began_at=began, seen_at=now))  # fmt: skip
        session.add(Invitation(token_hash=bytes([n] * 32), role="viewer", email=f"{n}@x.cz",
                               expires_at=now - timedelta(days=20 * n + 11)))  # fmt: skip
    session.flush()
    forget_signs_of_officials(session, now)
    assert session.scalar(select(func.count()).select_from(OfficialSession)) == 1
    assert session.scalars(select(Invitation.email)).all() == ["0@x.cz"]


def test_page_and_file_tell_the_record(client: FlaskClient, session: Session) -> None:
    a_map(session, retention_days=77)
    told = client.get("/m/testov/privacy.json", headers={"Accept-Language": "en"}).json
    assert sum(len(one["columns"]) for one in told["kept"]) == sum(len(one.columns) for one in KEPT)
    page = client.get("/m/testov/privacy/all", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "77 days after the map has closed" in page
    assert "respondent_device" in page
    assert "so that the town learns how people feel" in page
    short = client.get("/m/testov/privacy", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "/m/testov/privacy/all" in short
    assert "14 days" in short


def test_house_keeping_forgets_all_of_it() -> None:
    source = (ROOT / "app/services/retention.py").read_text()
    for task in ("forget_photos", "forget_refused", "forget_old", "forget_signs_of_officials"):
        assert task in source.split("def keep_house_once")[1]


@pytest.mark.parametrize("code", ["cs", "en"])
def test_the_record_has_no_hole_in_it(session: Session, code: str) -> None:
    found = kept_document(a_map(session), language(code), photo_days=30)
    assert all(one["what"] and one["why"] and one["until_words"] and one["seen_by_words"] for one in found["kept"])
