"""The command line on really committed rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from app.cli import main


@dataclass(frozen=True)
class Said:
    """What a command did: its exit status, stdout and stderr."""

    status: int
    out: str
    err: str


@pytest.fixture
def pocit(
    live_session: Session, live_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Runs `pocit …` on the live database."""
    monkeypatch.setenv("DATABASE_URL", live_url)

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["pocit", *words])
        capfd.readouterr()
        try:
            main()
            status = 0
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = capfd.readouterr()
        return Said(status, said.out, said.err)

    return run
