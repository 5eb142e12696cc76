"""Rows straight out of PostgreSQL by COPY: the quickest way there is for a million of them, in constant memory."""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.orm import Session

DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]

PIECE_BYTES = 1 << 17

CSV = "FORMAT csv, ENCODING 'UTF8'"
TABLE = "FORMAT csv, DELIMITER ';', ENCODING 'UTF8'"
"""For spreadsheets where the comma is the decimal mark."""
BINARY = "FORMAT binary"
SIGNATURE_BYTES = 19
"""What stands before the first row of the binary form, in one message with it."""
FIELD_BYTES = 6
"""What stands before the value in a row of one column: how many columns, how long the value."""
END = b"\xff\xff"


def copied(session: Session, query: Select[Any], form: str) -> Iterator[bytes]:
    """What COPY sends for the query, in pieces of whole lines, each as large as is worth sending on.

    The values of the query are bound by psycopg on this side, as COPY takes no parameters.
    """
    for rows in _in_pieces(_rows(session, query, form)):
        yield b"".join(rows)


def copied_texts(session: Session, query: Select[Any]) -> Iterator[list[bytes]]:
    """The texts of the query's one column as they are, some hundreds at a time.

    In the binary form: neither side looks through every letter for what would have to be escaped.
    """
    rows = _rows(session, query, BINARY)
    first = next(rows)[SIGNATURE_BYTES:]
    for some in _in_pieces(chain([first], rows)):
        if some[-1] == END:
            del some[-1]
        yield [row[FIELD_BYTES:] for row in some]


def _rows(session: Session, query: Select[Any], form: str) -> Iterator[bytes]:
    """The rows straight from libpq: psycopg's own loop takes twice the time, going round for each of them."""
    statement, values = bound(query)
    connection = session.connection().connection.driver_connection
    with connection.cursor() as cursor:  # type: ignore[union-attr]
        wanted = sql.SQL("COPY ({}) TO STDOUT ({})").format(sql.SQL(statement), sql.SQL(form))
        with cursor.copy(wanted, values):
            server: PGconn = connection.pgconn  # type: ignore[union-attr]
            while (row := _next_row(server))[0] > 0:
                yield bytes(row[1])
            result = server.get_result()
            if result is not None and result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(result)
            while server.get_result() is not None:  # the connection is free for the next statement
                pass


def _in_pieces(rows: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Rows gathered until they are worth passing on: COPY gives one at a time, the web wants more."""
    held: list[bytes] = []
    length = 0
    for row in rows:
        held.append(row)
        length += len(row)
        if length >= PIECE_BYTES:
            yield held
            held, length = [], 0
    if held:
        yield held


def _next_row(server: PGconn) -> tuple[int, memoryview]:
    """One row, or -1 at the end. We wait in `select`: within libpq all our threads would stand still."""
    while (row := server.get_copy_data(1))[0] == 0:
        select.select([server.socket], [], [])
        server.consume_input()
    return row


def bound(query: Select[Any]) -> tuple[str, dict[str, Any]]:
    """The statement with psycopg's placeholders, and the values in the form that psycopg takes."""
    compiled = query.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    values = dict(compiled.params)
    for name, bind in compiled.binds.items():
        process = bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
        if process is not None and name in values:
            values[name] = process(values[name])
    return str(compiled), values
