"""`python -m deploy.audit`: whether a package we lock has a known weakness, as its registry says today.

Asks PyPI by pip-audit and npm by `npm audit`. A registry that does not answer is said and fails nothing: a desk
without the internet tests all the same. A weakness fails unless docs/security/known.json names it, with the
reason why it does not reach us.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "docs" / "security" / "known.json"
LOCKS = ("requirements.lock", "requirements-dev.lock")
MOST_S = 180
GRAVE = frozenset({"moderate", "high", "critical"})


@dataclass(frozen=True)
class Weakness:
    """One that a registry knows of, by all its names."""

    package: str
    names: Sequence[str]


@dataclass(frozen=True)
class Answer:
    """What a registry said of so many packages."""

    asked: int
    answered: int
    found: Sequence[Weakness] = ()


def main() -> int:
    """Ask, say, and fail on what nobody has looked at."""
    known: Mapping[str, str] = json.loads(KNOWN.read_text())
    bad = 0
    for name, answer in (*((lock, _of_python(lock)) for lock in LOCKS), ("package-lock.json", _of_node())):
        if not answer.answered:
            print(f"{name}: not looked at, the registry does not answer")
            continue
        print(f"{name}: {answer.answered} of {answer.asked} packages looked at")
        for one in answer.found:
            reason = next((known[own] for own in one.names if own in known), None)
            print(f"  {one.package}: {', '.join(one.names)}" + (f" – {reason}" if reason else ""))
            bad += reason is None
    return 1 if bad else 0


def _of_python(lock: str) -> Answer:
    path = ROOT / "deploy" / lock
    told = _json_of(
        sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", str(path), "-f", "json",
        "--progress-spinner", "off", "--timeout", "10",
    )  # fmt: skip
    return python_answer(told)


def python_answer(told: Mapping[str, Any]) -> Answer:
    """What pip-audit's JSON says; a package that it skipped was not looked at, whatever its last line claims."""
    packages = told.get("dependencies", [])
    looked_at = [one for one in packages if "skip_reason" not in one]
    found = [
        Weakness(f"{one['name']} {one['version']}", (weak["id"], *weak.get("aliases", ())))
        for one in looked_at
        for weak in one["vulns"]
    ]
    return Answer(len(packages), len(looked_at), found)


def _of_node() -> Answer:
    npm = shutil.which("npm")
    return node_answer(_json_of(npm, "audit", "--json")) if npm else Answer(0, 0)


def node_answer(told: Mapping[str, Any]) -> Answer:
    """What npm's JSON says; slight ones are left to the next round of updates."""
    if "vulnerabilities" not in told:
        return Answer(0, 0)
    n = told.get("metadata", {}).get("dependencies", {}).get("total", 0)
    return Answer(n, n or 1, list(_of_packages(told["vulnerabilities"])))


def _of_packages(told: Mapping[str, Any]) -> Iterator[Weakness]:
    for name, one in told.items():
        if one.get("severity") in GRAVE:
            via = [weak for weak in one.get("via", ()) if isinstance(weak, dict)]
            yield Weakness(name, [str(weak.get("url", "")).rpartition("/")[2] for weak in via] or [name])


def _json_of(*command: str) -> Mapping[str, Any]:
    """What the program prints as JSON; nothing when it prints none or takes too long."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=MOST_S, check=False)
        told = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    return told if isinstance(told, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
