"""The tile proxy: fetched once, kept, and never for anything but the town's own view."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from app.config import Config
from app.services.tiles import tile_at
from tests.builders import CENTRE, a_map


@pytest.fixture
def config(config: Config) -> Config:
    """Sources of tests lie on this machine, where others are never asked."""
    return replace(config, tile_hosts=frozenset({"127.0.0.1", "localhost"}))


def a_picture() -> bytes:
    whole = io.BytesIO()
    Image.new("RGB", (256, 256), "#dfe8cf").save(whole, "PNG")
    return whole.getvalue()


@dataclass
class Source:
    """A small tile server; what it answers can be changed."""

    template: str = ""
    body: bytes = field(default_factory=a_picture)
    status: int = 200
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def source() -> Iterator[Source]:
    found = Source()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(found.status)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.template = f"http://127.0.0.1:{server.server_port}/{{z}}/{{y}}/{{x}}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tile(session: Session, source: Source) -> str:
    """The path of a tile in the middle of the map."""
    a_map(session, basemap={"kind": "xyz", "url": source.template, "max_zoom": 19})
    x, y = tile_at(*CENTRE, 15)
    return f"/m/testov/base/15/{x}/{y}"


def test_a_tile_is_fetched_once_and_then_kept(client: FlaskClient, source: Source, tile: str) -> None:
    answers = [client.get(tile) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.data for answer in answers} == {source.body}
    assert answers[0].mimetype == "image/png"
    x, y = tile.split("/")[-2:]
    assert source.asked == [f"/15/{y}/{x}"]


def test_what_is_no_picture_is_not_passed_on(client: FlaskClient, source: Source, tile: str) -> None:
    source.body = b"<html><script>alert(1)</script>"
    assert client.get(tile).status_code == 204
    source.body = a_picture()
    assert client.get(tile).status_code == 200


def test_a_source_that_fails_is_said_and_not_kept(client: FlaskClient, source: Source, tile: str) -> None:
    source.status = 500
    answer = client.get(tile)
    assert answer.status_code == 204
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_oversized_answer_is_cut_off(client: FlaskClient, source: Source, tile: str) -> None:
    source.body = a_picture() + b"x" * 3_000_000
    assert client.get(tile).status_code == 204


@pytest.mark.parametrize("where", ["15/0/0", "3/4/2", "19/1/1", "25/1/1", "15/99999999999/1", f"{10**30}/1/1"])
def test_the_rest_of_the_world_is_not_for_us_to_fetch(
    client: FlaskClient, source: Source, tile: str, where: str
) -> None:
    assert client.get(f"/m/testov/base/{where}").status_code == 404
    assert source.asked == []


def test_a_map_with_its_own_layer_has_no_tiles(client: FlaskClient, session: Session) -> None:
    a_map(session)
    assert client.get("/m/testov/base/15/17797/11156").status_code == 404
