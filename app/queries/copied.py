"""Rows straight out of PostgreSQL by COPY: the quickest way there is for a million of them, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import sql
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.orm import Session

DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]

RAW = "FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01', ENCODING 'UTF8'"
"""One column as it is, a line a row: JSON has neither of these characters, so nothing is ever quoted."""
CSV = "FORMAT csv, ENCODING 'UTF8'"


def copied(session: Session, query: Select[Any], form: str) -> Iterator[bytes]:
    """What COPY sends for the query, piece by piece; whole lines, but several or many to a piece.

    The values of the query are bound by psycopg on this side, as COPY takes no parameters.
    """
    statement, values = _bound(query)
    connection = session.connection().connection.driver_connection
    with connection.cursor() as cursor:  # type: ignore[union-attr]
        wanted = sql.SQL("COPY ({}) TO STDOUT ({})").format(sql.SQL(statement), sql.SQL(form))
        with cursor.copy(wanted, values) as copy:
            for piece in copy:
                yield bytes(piece)


def _bound(query: Select[Any]) -> tuple[str, dict[str, Any]]:
    """The statement with psycopg's placeholders, and the values in the form that psycopg takes."""
    compiled = query.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    values = dict(compiled.params)
    for name, bind in compiled.binds.items():
        process = bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
        if process is not None and name in values:
            values[name] = process(values[name])
    return str(compiled), values
