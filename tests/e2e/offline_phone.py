"""For offline tests: a phone whose net is cut and whose browser is killed, and a server that can be stopped."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import BrowserContext, Error, Page, Playwright
from werkzeug.serving import BaseWSGIServer, make_server

from tests.e2e.conftest import ARGUMENTS, CHROMIUM, PHONE

KEPT = """async (path) => {
    if (!navigator.serviceWorker.controller) return false;
    const pages = await caches.open("pocit-pages");
    return (await pages.keys()).some(({ url }) => new URL(url).pathname === path);
}"""
WAITING = """() => new Promise((resolve, reject) => {
    const asked = indexedDB.open("pocit-offline");
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
        const db = asked.result;
        if (!db.objectStoreNames.contains("outbox")) return resolve([]);
        const all = db.transaction("outbox").objectStore("outbox").getAll();
        all.onsuccess = () => { db.close(); resolve(all.result.map(({ photo, ...entry }) => entry)); };
    };
})"""


class StoppableServer:
    """The app on a port of its own that it keeps through every stop and start."""

    def __init__(self, app: Flask) -> None:
        """Start at once, on a free port."""
        self._app = app
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._open: list[socket.socket] = []
        self.asked: list[str] = []
        self.port = 0
        self.start()

    @property
    def address(self) -> str:
        """Where it is to be found."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Answer from now on."""

        def noting(environ: dict[str, Any], start_response: Any) -> Any:
            self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            return self._app(environ, start_response)

        self._server = make_server("127.0.0.1", self.port, noting, threaded=True)
        self.port = self._server.server_port
        self._server.process_request = self._noted(self._server.process_request)  # type: ignore[assignment, method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _noted(self, process: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def noting(request: socket.socket, client: Any) -> None:
            self._open.append(request)
            process(request, client)

        return noting

    def stop(self) -> None:
        """Answer no more; connections are refused."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        # A browser keeps its connections: whoever is still on the line is cut off, too.
        for line in self._open:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._open.clear()
        self._server.server_close()
        self._server = None

    def count(self, what: str) -> int:
        """How often this was asked for: "POST /api/…"."""
        return self.asked.count(what)


class OfflinePhone:
    """One phone with its storage on a disk: what survives is what a real one would keep."""

    def __init__(self, playwright: Playwright, folder: Path, address: str) -> None:
        """Nothing is started yet."""
        self._playwright = playwright
        self._folder = folder
        self._address = address
        self._context: BrowserContext | None = None
        self.wrong: list[str] = []

    def open(self, path: str, **options: Any) -> Page:
        """Start the browser and open an address in it."""
        self._context = self._playwright.chromium.launch_persistent_context(
            self._folder,
            executable_path=CHROMIUM,
            args=ARGUMENTS,
            base_url=self._address,
            **(PHONE | options),  # type: ignore[arg-type]
        )
        self._context.set_default_timeout(10_000)
        self._context.on("page", self._watch)
        page = self._context.pages[0] if self._context.pages else self._context.new_page()
        self._watch(page)
        page.goto(path)
        return page

    @property
    def context(self) -> BrowserContext:
        """The running browser."""
        assert self._context is not None
        return self._context

    def cut(self, *, off: bool = True) -> None:
        """Take the net away from the phone, or give it back."""
        self.context.set_offline(off)

    def kill(self) -> None:
        """Kill the browser as a phone that runs out of memory does: without a word to the page."""
        for pid in self._processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + 10
        while self._processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        with suppress(Error):  # there is nothing left to close
            self.context.close()
        self._context = None
        for lock in self._folder.glob("Singleton*"):
            lock.unlink()

    def close(self) -> None:
        """Close the browser in peace."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def _processes(self) -> list[int]:
        mine = f"--user-data-dir={self._folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                said = (entry / "cmdline").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if mine in said and state != "Z":
                found.append(int(entry.name))
        return found

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))


def wait_until_kept(page: Page, path: str = "/m/testov", *, seconds: float = 15) -> None:
    """Wait until the worker stands beside the page and has kept this address."""
    until(page, KEPT, path, seconds=seconds)


def until(page: Page, script: str, argument: object = None, *, seconds: float = 15) -> None:
    """Wait until an asynchronous question in the page is answered with yes."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(script, argument):
        assert time.monotonic() < deadline, script
        page.wait_for_timeout(100)


def waiting(page: Page) -> list[dict[str, Any]]:
    """What lies in the outbox of this device."""
    found: list[dict[str, Any]] = page.evaluate(WAITING)
    return found
