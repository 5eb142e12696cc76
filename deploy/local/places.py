"""Where everything lies: the checkout, the folder of local state, and what is in them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Places:
    """The folders of one checkout with one POCIT_HOME."""

    checkout: Path
    home: Path

    @classmethod
    def from_environment(cls) -> Places:
        """The places of this process; POCIT_HOME may be relative to where the person stands."""
        home = os.environ.get("POCIT_HOME")
        return cls(CHECKOUT, Path(home).expanduser().absolute() if home else CHECKOUT / ".local")

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.checkout / ".venv"

    @property
    def python(self) -> Path:
        """The Python of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def vendor(self) -> Path:
        """The front-end files of others, served by us."""
        return self.checkout / "static" / "vendor"

    @property
    def build(self) -> Path:
        """What browsers fetch, built of our own scripts and sheets."""
        return self.checkout / "static" / "build"

    @property
    def secrets(self) -> Path:
        """The folder only its owner may read."""
        return self.home / "secrets"

    def lock(self, level: str) -> Path:
        """The locked list of Python packages: `runtime`, or `dev` with the tools of the tests."""
        return self.checkout / "deploy" / ("requirements.lock" if level == "runtime" else "requirements-dev.lock")

    def log(self, name: str) -> Path:
        """A log file by name."""
        folder = self.home / "log"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    def make_home(self) -> None:
        """Make the folder of local state.

        Under root the cluster runs as another user, who must be able to pass through, though not to look.
        """
        if not self.home.exists():
            self.home.mkdir(parents=True)
            self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
