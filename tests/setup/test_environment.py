"""Set-up: what is there is left alone, what is half-made is made again, what can't be got is named."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import environment, system
from deploy.local.console import Console, Refused
from deploy.local.places import CHECKOUT, Places


def a_checkout(folder: Path) -> Places:
    """A copy of what set-up reads, with nothing made yet."""
    (folder / "deploy").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "run"):
        shutil.copy(CHECKOUT / name, folder)
    for name in ("requirements.lock", "requirements-dev.lock", "__init__.py"):
        shutil.copy(CHECKOUT / "deploy" / name, folder / "deploy")
    shutil.copytree(CHECKOUT / "deploy" / "local", folder / "deploy" / "local")
    return Places(folder, folder / ".local")


def run(places: Places, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """./run in that checkout, on a machine whose PATH has nothing."""
    empty = places.checkout / "empty"
    empty.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, str(places.checkout / "run"), *arguments],
        env={"PATH": str(empty), "HOME": str(places.checkout), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_missing_and_cannot_be_installed_is_named_with_the_command_to_type(tmp_path: Path) -> None:
    done = run(a_checkout(tmp_path / "kopie města"), "test")
    assert done.returncode == 1
    assert done.stdout == ""
    for package in ("npm", "nodejs", "chromium", "gdal-bin"):
        assert f"  {package}" in done.stderr
    assert "sudo apt-get install " in done.stderr
    assert "Traceback" not in done.stderr


def test_what_apt_cannot_get_is_named_with_its_own_words(tmp_path: Path) -> None:
    places = a_checkout(tmp_path)
    programs = places.checkout / "empty"
    programs.mkdir()
    (programs / "env").symlink_to("/usr/bin/env")
    scripts = {
        "dpkg": "exit 0",
        "apt-get": "echo E: Unable to locate package; exit 100",
        "sudo": '[ "$1" = -n ] && shift; exec "$@"',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    (programs / "true").symlink_to("/bin/true")
    done = run(places, "demo", "--port", "64123")
    assert done.returncode == 1
    assert "E: Unable to locate package" in done.stderr
    assert "  npm " in done.stderr


def test_a_server_that_is_named_needs_no_postgresql_here(tmp_path: Path) -> None:
    done = run(a_checkout(tmp_path), "demo", "--port", "64123", DATABASE_URL="postgres://nowhere/x")
    assert done.returncode == 1
    assert "postgresql" not in done.stderr


def test_an_environment_without_its_stamp_is_not_taken_for_whole(tmp_path: Path) -> None:
    places = a_checkout(tmp_path)
    bin_folder = places.venv / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)
    assert not environment.venv_is_current(places, "runtime")


def test_an_environment_is_renewed_when_its_list_changes(tmp_path: Path) -> None:
    places = a_checkout(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(places.venv)], check=True)
    packages = next(places.venv.glob("lib/python3.*/site-packages"))
    (packages / "pip").mkdir()
    (packages / "pip" / "__init__.py").touch()
    # A list of nothing, and a pip that is content with it.
    (packages / "pip" / "__main__.py").write_text("")
    places.lock("runtime").write_text("# nothing\n")
    places.make_home()
    assert not environment.venv_is_current(places, "runtime")
    environment.make_environment(places, "runtime", Console(io.StringIO()))
    assert environment.venv_is_current(places, "runtime")
    assert not environment.venv_is_current(places, "dev")
    assert (packages / "pip").exists(), "what was usable was not made again"
    places.lock("runtime").write_text("# nothing else\n")
    assert not environment.venv_is_current(places, "runtime")


def test_front_end_files_are_copied_as_listed_and_then_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = a_checkout(tmp_path)
    # npm itself is tried by every fresh start; here it has just done its work.
    for package, files in environment.VENDOR.items():
        for file in files:
            target = places.checkout / "node_modules" / package / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if "." in file or file.isupper():
                target.write_text(file)
            else:
                target.mkdir()
                (target / "marker.png").write_bytes(b"png")
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "npm").write_text("#!/bin/sh\nexit 0\n")
    (fake / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake}:{os.environ['PATH']}")
    places.make_home()
    assert not environment.vendor_is_current(places, "runtime")
    environment.make_front_end(places, "runtime", Console(io.StringIO()))
    assert environment.vendor_is_current(places, "runtime")
    assert not environment.vendor_is_current(places, "dev"), "what tests need is not there yet"
    assert (places.vendor / "leaflet" / "images" / "marker.png").read_bytes() == b"png"
    (places.vendor / "leaflet" / "leaflet.css").unlink()
    assert not environment.vendor_is_current(places, "runtime")


def test_a_command_that_fails_shows_its_last_lines_and_where_the_rest_is(tmp_path: Path) -> None:
    console = Console(io.StringIO())
    with pytest.raises(Refused, match="the disk is full") as refused, console.step("Trying") as step:
        console.run(step, ["/bin/sh", "-c", "echo the disk is full; exit 3"], tmp_path / "try.log")
    assert "ended with 3" in str(refused.value)
    assert str(tmp_path / "try.log") in str(refused.value)


def test_a_refusal_names_every_package_and_what_it_is_for() -> None:
    told = str(system.refusal([system.NPM, system.CHROMIUM], "no root"))
    assert "npm, for the front-end packages" in told
    assert told.endswith("sudo apt-get install npm chromium")


def test_locked_lists_name_no_place_of_their_own() -> None:
    for name in ("deploy/requirements.lock", "deploy/requirements-dev.lock", "package-lock.json"):
        text = (CHECKOUT / name).read_text()
        assert "://" not in text
        assert "find-links" not in text


def test_the_development_list_has_all_of_the_runtime_list() -> None:
    def listed(level: str) -> set[str]:
        text = Places(CHECKOUT, CHECKOUT).lock(level).read_text()
        # Without the marker: what one list wants on some systems only, the other may want everywhere.
        return {line.partition(";")[0].rstrip(" \\") for line in text.splitlines() if "==" in line}

    assert listed("runtime") < listed("dev")
