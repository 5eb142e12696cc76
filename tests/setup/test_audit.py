"""What the registries' answers about known weaknesses mean."""

from __future__ import annotations

import json

import pytest

from deploy import audit
from deploy.audit import Answer, Weakness, node_answer, python_answer

GOOD = {"name": "flask", "version": "3.1.2", "vulns": []}
BAD = {"name": "pillow", "version": "9.0", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": []}]}
SKIPPED = {"name": "affine", "skip_reason": "Dependency not found on PyPI"}
NODE = {
    "vulnerabilities": {
        "esbuild": {"severity": "high", "via": [{"url": "https://github.com/advisories/GHSA-x"}]},
        "slight": {"severity": "low", "via": []},
    },
    "metadata": {"dependencies": {"total": 40}},
}


def test_a_package_that_was_skipped_was_not_looked_at() -> None:
    assert python_answer({"dependencies": [SKIPPED]}) == Answer(1, 0, [])
    told = python_answer({"dependencies": [GOOD, BAD, SKIPPED]})
    assert told == Answer(3, 2, [Weakness("pillow 9.0", ("PYSEC-1", "CVE-1"))])


def test_npm_that_could_not_ask_says_nothing_of_weaknesses() -> None:
    assert node_answer({"message": "405 Method Not Allowed", "error": {}}) == Answer(0, 0)
    assert node_answer(NODE) == Answer(40, 40, [Weakness("esbuild", ["GHSA-x"])])


@pytest.mark.parametrize(("known", "status"), [({}, 1), ({"CVE-1": "we read no such files"}, 0)])
def test_a_weakness_fails_unless_somebody_has_looked_at_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path, known: dict[str, str], status: int
) -> None:
    (tmp_path / "known.json").write_text(json.dumps(known))
    monkeypatch.setattr(audit, "KNOWN", tmp_path / "known.json")
    monkeypatch.setattr(audit, "_of_python", lambda _: python_answer({"dependencies": [GOOD, BAD]}))
    monkeypatch.setattr(audit, "_of_node", lambda: Answer(0, 0))
    assert audit.main() == status


def test_no_registry_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_json_of", lambda *_: {})
    assert audit.main() == 0


def test_what_is_known_has_a_reason() -> None:
    known = json.loads(audit.KNOWN.read_text())
    assert all(isinstance(reason, str) and len(reason) > 20 for reason in known.values())
