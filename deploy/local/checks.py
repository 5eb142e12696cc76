"""`./run test`: every check in turn, titled and timed; pytest comes last, so its line closes the run."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator

from deploy.local.console import Console
from deploy.local.processes import run_through
from deploy.local.surroundings import Surroundings

LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
PYTEST_WORKERS = "2"


def run_all(around: Surroundings, environment: dict[str, str], console: Console) -> int:
    """Run every check, whatever the others say; the exit status of the run."""
    failed = []
    for title, command in _checks(around):
        console.say(f"── {title} {'─' * (76 - len(title))}")
        began = time.monotonic()
        status = _run(around, command, environment)
        console.say(f"   {'✓' if status == 0 else '✗'} {title}  {time.monotonic() - began:.1f} s\n")
        if status >= 128:
            return status  # told to stop
        if status:
            failed.append(title)
    console.say(f"── pytest {'─' * 70}")
    if failed:
        console.say(f"   (failed so far: {', '.join(failed)})")
    status = pytest(around, environment, ["-n", PYTEST_WORKERS])
    return status or (1 if failed else 0)


def pytest(around: Surroundings, environment: dict[str, str], arguments: list[str]) -> int:
    """Run pytest alone."""
    return _run(around, around.python("-m", "pytest", *arguments), environment)


def _checks(around: Surroundings) -> Iterator[tuple[str, list[str]]]:
    yield "ruff format", around.python("-m", "ruff", "format", "--check", ".")
    yield "ruff", around.python("-m", "ruff", "check", ".")
    yield "mypy", around.python("-m", "mypy")
    yield "import-linter", around.python("-c", LINT_IMPORTS)
    yield "known weaknesses", around.python("-m", "deploy.audit")
    scripts = sorted(str(file) for file in (around.places.checkout / "tests" / "js").rglob("*.test.js"))
    if scripts:
        yield "JavaScript", [shutil.which("node") or "node", "--test", *scripts]


def _run(around: Surroundings, command: list[str], environment: dict[str, str]) -> int:
    return run_through(
        command, cwd=around.places.checkout, env=environment, pass_fds=around.kept(), ends_by=signal.SIGINT
    )
