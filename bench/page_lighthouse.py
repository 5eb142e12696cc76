"""Lighthouse beside the project: installed for the benchmark only, with a Node.js new enough for it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).parent / "page_tools"
LEAST_NODE = (22, 19)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LONGEST_S = 180

Visit = Mapping[str, float]
"""The figures of one visit, by their keys."""


@dataclass(frozen=True)
class Figure:
    """One thing that is measured: its name at Lighthouse, how it is called here, and how it is written."""

    key: str
    words: str
    form: str

    def said(self, value: float) -> str:
        """The value as it stands in the table."""
        return format(value, self.form)


FIGURES = (
    Figure("performance", "performance, of 100", ".0f"),
    Figure("accessibility", "accessibility, of 100", ".0f"),
    Figure("best-practices", "best practices, of 100", ".0f"),
    Figure("seo", "SEO, of 100", ".0f"),
    Figure("first-contentful-paint", "first words seen, s", ".2f"),
    Figure("largest-contentful-paint", "largest words seen (LCP), s", ".2f"),
    Figure("speed-index", "speed index, s", ".2f"),
    Figure("cumulative-layout-shift", "what jumps (CLS)", ".3f"),
    Figure("total-blocking-time", "blocked (TBT), ms", ".0f"),
    Figure("weight", "weight of all files, compressed, KiB", ".1f"),
    Figure("requests", "requests", ".0f"),
)
SCORES = ("performance", "accessibility", "best-practices", "seo")
SECONDS = ("first-contentful-paint", "largest-contentful-paint", "speed-index")
AS_THEY_ARE = ("cumulative-layout-shift", "total-blocking-time")


@dataclass(frozen=True)
class Lighthouse:
    """A Lighthouse that can be started."""

    node: Path
    script: Path
    browser: str

    @classmethod
    def installed(cls, home: Path) -> Lighthouse:
        """The one in this folder of local state; fetched once for each state of its lock."""
        lock = (TOOLS / "package-lock.json").read_bytes()
        folder = home / f"bench-lighthouse-{hashlib.sha256(lock).hexdigest()[:12]}"
        ready = folder / "ready"
        if not ready.exists():
            print("bench: installing Lighthouse beside us …", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(TOOLS, folder)
            # Its own Node.js comes with it, so that npm's, which may be older, only fetches.
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(
                    f"{done.stdout}{done.stderr}\nbench: Lighthouse could not be installed: nothing is measured"
                )
            ready.touch()
        browser = next(filter(None, map(shutil.which, CHROMIUM)), None)
        if browser is None:
            sys.exit("bench: Lighthouse needs a Chromium; ./run test installs it")
        return cls(_node(folder), folder / "node_modules" / "lighthouse" / "cli" / "index.js", browser)

    def visit(self, address: str) -> Visit:
        """The figures of one first visit: a browser without any memory opens the page."""
        flags = "--headless=new --disable-gpu" + (" --no-sandbox" if os.geteuid() == 0 else "")
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            command = [str(self.node), str(self.script), address, "--quiet", "--output=json"]
            command += [f"--output-path={report}", f"--chrome-flags={flags}"]
            environment = os.environ | {"CHROME_PATH": self.browser}
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S
            )
            if done.returncode or not report.exists():
                sys.exit(f"{done.stdout}{done.stderr}\nbench: Lighthouse could not visit {address}")
            return _figures(json.loads(report.read_text()))


def _figures(report: dict[str, dict[str, dict[str, object]]]) -> Visit:
    audits = report["audits"]
    requests = audits["network-requests"]["details"]["items"]  # type: ignore[index]

    def value(key: str) -> float:
        return float(audits[key]["numericValue"])  # type: ignore[arg-type]

    return {
        **{key: 100 * float(report["categories"][key]["score"]) for key in SCORES},  # type: ignore[arg-type]
        **{key: value(key) / 1000 for key in SECONDS},
        **{key: value(key) for key in AS_THEY_ARE},
        "weight": sum(request.get("transferSize", 0) for request in requests) / 1024,
        "requests": len(requests),
    }


def _node(folder: Path) -> Path:
    """A Node.js new enough: the one that came along, else the machine's own."""
    brought = sorted(folder.glob("node_modules/node-linux-*/bin/node"))
    if brought:
        return brought[0]
    own = shutil.which("node")
    if own:
        told = subprocess.run([own, "--version"], capture_output=True, text=True, check=True).stdout
        if tuple(int(part) for part in told.strip().lstrip("v").split(".")[:2]) >= LEAST_NODE:
            return Path(own)
    sys.exit(f"bench: Lighthouse needs Node.js {LEAST_NODE[0]}.{LEAST_NODE[1]} or newer")
