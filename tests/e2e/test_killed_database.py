"""PostgreSQL killed under somebody who is placing pins: the phone keeps them, and they arrive by themselves."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.citizen_steps import place_a_pin
from tests.e2e.offline_phone import OfflinePhone, waiting
from tests.faults.stack import Installation, a_cluster, an_installation, eventually

BY_ITSELF_MS = 60_000
"""Retry-After says 5 to 15 seconds, and each try that fails makes the next pause longer."""


@pytest.fixture
def installation() -> Iterator[Installation]:
    """A whole installation, as `./run demo` serves it."""
    home = Path(tempfile.mkdtemp(prefix="pocit-faults-"))
    home.chmod(0o755)
    (home / "cluster").mkdir()
    try:
        with a_cluster(home / "cluster") as cluster, an_installation(cluster, home / "served") as served:
            yield served
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def phone(playwright: Playwright, installation: Installation, tmp_path: Path) -> Iterator[OfflinePhone]:
    """A phone of its own, service worker and all."""
    made = OfflinePhone(playwright, tmp_path / "phone", installation.address)
    yield made
    made.close()
    assert made.wrong == []


def ready(page: Page) -> None:
    """Scripts running and the map painted."""
    page.wait_for_selector("html[data-page=ready]", state="attached")
    page.wait_for_selector("#map[data-ready]")


def test_pins_placed_while_postgresql_is_dead_arrive_by_themselves_once_it_is_back(
    installation: Installation, phone: OfflinePhone
) -> None:
    page = phone.open("/m/testov?lang=cs")
    ready(page)
    place_a_pin(page, "Bezpečně", "Hezký park")
    eventually(lambda: len(installation.stored()) == 1)

    installation.end_postgres()
    place_a_pin(page, "Nebezpečně", "Nesvítí tu lampy")
    expect(page.get_by_role("heading", name="Děkujeme, uložili jsme to v tomto zařízení")).to_be_visible()
    place_a_pin(page, "Zlepšit", "Chybí lavička")
    assert len(waiting(page)) == 2

    assert installation.cluster.heal()
    # Nobody touches the phone.
    expect(page.locator("body")).to_contain_text("odesla", timeout=BY_ITSELF_MS)
    eventually(lambda: len(installation.stored()) == 3, BY_ITSELF_MS / 1000)
    eventually(lambda: waiting(page) == [])
