"""Sources of basemap tiles that mean no good, or are simply not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.config import Config
from app.services.tiles import tile_at
from tests.builders import CENTRE, a_map

FIRST_BYTES_OF_A_PICTURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def config(config: Config) -> Config:
    """Sources of tests lie on this machine, where others are never asked."""
    return replace(config, tile_hosts=frozenset({"127.0.0.1", "localhost"}))


@contextmanager
def a_server(answer: str) -> Iterator[tuple[int, list[str]]]:
    """Port and asked paths of a server that sends elsewhere, gives a picture, or hangs up."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if answer == "hang up":
                self.close_connection = True
                return
            self.send_response(302 if answer.startswith(("http", "ftp", "file")) else 200)
            self.send_header("Location", answer)
            self.end_headers()
            self.wfile.write(FIRST_BYTES_OF_A_PICTURE)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def a_tile(session: Session, port: int, step: int = 0) -> str:
    """The path of a tile of a map whose source listens on this port."""
    if step == 0:
        a_map(session, basemap={"kind": "xyz", "url": f"http://127.0.0.1:{port}/{{z}}/{{x}}/{{y}}"})
    x, y = tile_at(*CENTRE, 15)
    return f"/m/testov/base/15/{x + step}/{y}"


def test_a_source_may_not_send_us_to_another_host(client: FlaskClient, session: Session) -> None:
    with a_server("picture") as (inner, asked), a_server(f"http://localhost:{inner}/secret") as (port, _):
        assert client.get(a_tile(session, port)).status_code == 204
    assert asked == []


@pytest.mark.parametrize("there", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_a_source_may_not_send_us_to_another_kind_of_address(
    client: FlaskClient, session: Session, there: str
) -> None:
    with a_server(there) as (port, _):
        assert client.get(a_tile(session, port)).status_code == 204


def test_a_source_may_move_within_its_host(client: FlaskClient, session: Session) -> None:
    with a_server("picture") as (inner, asked), a_server(f"http://127.0.0.1:{inner}/moved") as (port, _):
        assert client.get(a_tile(session, port)).status_code == 200
    assert asked == ["/moved"]


def test_a_source_that_hangs_up_is_not_waited_for_by_everybody(client: FlaskClient, session: Session) -> None:
    with a_server("hang up") as (port, asked):
        statuses = {client.get(a_tile(session, port, step)).status_code for step in range(3)}
    assert statuses == {204}
    assert len(asked) == 1
