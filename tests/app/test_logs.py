"""What the server says of itself: one event one line, and nothing of anybody in it."""

from __future__ import annotations

import json
import logging
import sys

import psycopg
import pytest

from app.logs import REQUEST, Discreet, Lines, Objects, settings

WORDS = "Bojím se tu, bydlím v Dlouhé 5"


def a_record(message: str, *, name: str = "app.test", args: tuple = (), **more: object) -> logging.LogRecord:
    exc_info = more.pop("exc_info", None)
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, exc_info)
    vars(record).update(more)
    return record


def said(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.format(record)


def broken_by(error: Exception) -> logging.LogRecord:
    try:
        raise error  # noqa: TRY301 - for its traceback
    except Exception:
        return a_record("unexpected failure", exc_info=sys.exc_info())


def test_an_event_is_one_line_of_json_with_its_request() -> None:
    marker = REQUEST.set({"request": "abc12345", "method": "GET", "route": "/m/<slug>"})
    try:
        told = json.loads(said(Objects(), a_record("map %s done", args=("ž\nlutá",), status=200, ms=1.5)))
    finally:
        REQUEST.reset(marker)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "warning",
        "logger": "app.test",
        "event": "map ž\nlutá done",
        "request": "abc12345",
        "method": "GET",
        "route": "/m/<slug>",
        "status": 200,
        "ms": 1.5,
    }
    assert "\n" not in said(Objects(), a_record("two\nlines"))


def test_what_somebody_wrote_cannot_play_a_second_event() -> None:
    line = said(Lines(), a_record("map x\n2026-01-01 error app: all is lost\r\x1b[31m"))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.parametrize("formatter", [Lines(), Objects()])
def test_a_failure_is_told_by_its_kind_and_its_places_not_by_its_words(formatter: logging.Formatter) -> None:
    told = said(formatter, broken_by(ValueError(f"could not convert: {WORDS!r}")))
    assert "ValueError" in told
    assert "tests/app/test_logs.py" in told
    assert "broken_by" in told
    assert "Dlouhé" not in told


def test_a_failure_of_code_or_files_keeps_its_words() -> None:
    told = json.loads(said(Objects(), broken_by(AttributeError("'Pin' object has no attribute 'colour'"))))
    assert told["said"] == "'Pin' object has no attribute 'colour'"
    told = json.loads(said(Objects(), broken_by(PermissionError(13, "Permission denied", "/var/lib/pocit/x"))))
    assert "Permission denied" in told["said"]


def test_a_cause_is_told_too_without_its_words() -> None:
    try:
        try:
            raise KeyError(WORDS)  # noqa: TRY301 - for its traceback
        except KeyError as error:
            raise RuntimeError(WORDS) from error
    except RuntimeError:
        record = a_record("unexpected failure", exc_info=sys.exc_info())
    told = json.loads(said(Objects(), record))
    assert told["error"] == "RuntimeError < KeyError"
    assert "Dlouhé" not in json.dumps(told, ensure_ascii=False)


def test_a_row_that_the_database_quotes_stays_out(server_url: str) -> None:
    with psycopg.connect(server_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TEMP TABLE said (words text CONSTRAINT said_once UNIQUE)")
        connection.execute("INSERT INTO said VALUES (%s)", [WORDS])
        try:
            connection.execute("INSERT INTO said VALUES (%s)", [WORDS])
        except psycopg.Error:
            record = a_record("unexpected failure", exc_info=sys.exc_info())
    told = json.loads(said(Objects(), record))
    assert told["error"] == "UniqueViolation"
    assert told["said"] == "23505 said said_once"
    assert "Dlouhé" not in json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Invalid request from ip=203.0.113.7: Invalid Method 'GÉT /m/x?email=a@b'", "a request that is none"),
        ("Error handling request GET /m/x/receipt?code=SECRET", "a request broke off"),
        ("Worker (pid:7) was sent SIGKILL! Perhaps out of memory?", "Worker (pid:7)"),
    ],
)
def test_gunicorn_names_no_address_and_no_page(message: str, kept: str) -> None:
    record = a_record(message, name="gunicorn.error")
    assert Discreet().filter(record)
    line = said(Lines(), record)
    assert kept in line
    for secret in ("203.0.113", "email", "SECRET"):
        assert secret not in line


def test_a_reader_that_left_is_no_event() -> None:
    for error in (BrokenPipeError(32, "Broken pipe"), ConnectionResetError(104, "reset"), TimeoutError()):
        record = broken_by(error)
        record.name = "gunicorn.error"
        assert not Discreet().filter(record)
    assert Discreet().filter(broken_by(BrokenPipeError(32, "ours")))


def test_the_settings_send_everything_to_stderr_in_the_format_asked_for() -> None:
    assert settings("json")["formatters"]["said"]["()"] == "app.logs.Objects"
    assert settings("text")["formatters"]["said"]["()"] == "app.logs.Lines"
    assert {handler["stream"] for handler in settings("json")["handlers"].values()} == {"ext://sys.stderr"}
