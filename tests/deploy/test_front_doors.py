"""Requests of people through Caddy and through nginx, with the settings that a town copies, to the real server."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.services.throttle import network
from tests.builders import TOKEN, a_feature, a_map
from tests.deploy.served import UNDER_TLS, Served, ask, caddy, gunicorn, nginx

FORGED = (
    *("-H", "X-Forwarded-For: 203.0.113.9", "-H", "X-Forwarded-Host: evil.example"),
    *("-H", "X-Forwarded-Prefix: /evil", "-H", "X-Forwarded-Proto: http", "-H", "Forwarded: for=203.0.113.9"),
)
AS_JSON = ("-H", "Content-Type: application/geo+json", "-H", f"Authorization: Bearer {TOKEN}")
KEY = "c0ffee" * 6


@dataclass(frozen=True)
class Front:
    """A proxy, and the server behind it."""

    proxy: Served
    server: Served

    @property
    def address(self) -> str:
        return f"https://localhost:{self.proxy.port}"


@pytest.fixture(params=[caddy, nginx], ids=["caddy", "nginx"])
def front(request: pytest.FixtureRequest, live_url: str, live_session: Session, tmp_path: Path) -> Iterator[Front]:
    a_map(live_session)
    settings = UNDER_TLS | {"POCIT_LOG": "json", "POCIT_LOG_REQUESTS": "1", "POCIT_METRICS_TOKEN": KEY}
    place = tmp_path / "proxy"
    place.mkdir()
    with (
        gunicorn(live_url, tmp_path, **settings) as server,
        request.param(server.port, place) as proxy,
    ):
        yield Front(proxy, server)


def test_a_proxy_lets_through_what_it_should_and_nothing_else(front: Front, tmp_path: Path) -> None:
    # A page, over HTTP/2, with the app's own headers once.
    status, page = ask(f"{front.address}/m/testov", "--http2")
    assert status == 200
    assert page.startswith("HTTP/2 200")
    assert page.lower().count("strict-transport-security:") == 1
    assert page.lower().count("content-security-policy:") == 1
    assert page.lower().count("x-request-id:") == 1
    # The counts are not for the world, nor by any other spelling.
    for path in ("/metrics", "/metrics/", "/metrics?x=1", "/%6detrics"):
        assert ask(front.address + path, "-H", f"Authorization: Bearer {KEY}")[0] == 404
    # What a stranger says of themselves is thrown away.
    status, page = ask(f"{front.address}/office/sign-in", *FORGED)
    assert status == 200
    assert "evil" not in page
    assert "Secure;" in page
    # A pin goes through, and says where it lies under the name that was asked for.
    pin = a_feature(id=uuid.uuid4())
    items = f"{front.address}/api/collections/testov/items"
    status, answer = ask(items, *AS_JSON, *FORGED, "-d", json.dumps(pin))
    assert status == 201, answer
    assert f"https://localhost:{front.proxy.port}" in answer or "https://localhost/" in answer
    assert "evil" not in answer
    # Too much for a pin is refused in our words; far too much by whoever stands in front.
    large = tmp_path / "large"
    large.write_bytes(b" " * 400_000)
    status, answer = ask(items, *AS_JSON, "--data-binary", f"@{large}")
    assert status == 413
    assert "application/problem+json" in answer
    with large.open("wb") as file:
        file.truncate(20_000_000)
    assert ask(items, *AS_JSON, "--data-binary", f"@{large}")[0] in {0, 401, 413}
    # A file comes as a stream.
    status, answer = ask(f"{front.address}/data/testov/pins.geojson")
    assert status == 200
    assert str(pin["id"]) in answer


def test_a_server_that_is_down_is_a_pause(front: Front) -> None:
    front.server.process.terminate()
    front.server.process.wait(30)
    status, answer = ask(f"{front.address}/m/testov", "-H", "X-Forwarded-For: 203.0.113.9")
    assert status == 503
    assert "retry-after: 10" in answer.lower()
    assert "Hned jsme zpátky" in answer
    said = front.proxy.said() + "".join(
        file.read_text(errors="replace") for file in front.proxy.log.parent.glob("*.log")
    )
    assert "testov" not in said
    assert "203.0.113.9" not in said
    assert "remote_ip" not in said


def test_limits_count_the_person_behind_the_proxy(front: Front) -> None:
    """Wrong tokens from the proxy's neighbour count against them, whatever address they claim to have."""
    address = f"{front.address}/api/collections/testov/items"
    wrong = ("-H", "Authorization: Bearer pocit_" + "x" * 40)
    statuses = [ask(address, *wrong, "-H", f"X-Forwarded-For: 198.51.100.{n}")[0] for n in range(66)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert network("198.51.100.1") != network("127.0.0.1")
