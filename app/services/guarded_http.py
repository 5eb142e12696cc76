"""Connections of the `requests` library that end in time and stay off our own network.

The library's own limits count each piece of an answer: who sends one byte of a header now and then would hold a
thread for ever. And a provider's document may name other servers to ask, which must not be the town's own.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Collection
from functools import cache
from typing import Any

from app.services.outward import OutwardFailure, hang_up, is_public, look_up


def guard(session: Any, *, most_s: float, inner_hosts: Collection[str]) -> None:
    """Let every connection of this `requests` session end after that long, and lead to public addresses only.

    `inner_hosts`: names that may lie on a private network, as somebody trusted has named them.
    """
    adapter = _adapter_class()(most_s, frozenset(inner_hosts))
    session.mount("https://", adapter)
    session.mount("http://", adapter)


@cache
def _adapter_class() -> Any:
    """The adapter; `requests` is only loaded where somebody asks another server."""
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import NewConnectionError

    def classes(most_s: float, inner_hosts: Collection[str]) -> dict[str, Any]:
        class Guarded:
            """A connection that is looked at before anything is said on it."""

            host: str
            port: int
            proxy: Any

            def _new_conn(self) -> socket.socket:
                ends = time.monotonic() + most_s
                try:
                    look_up(self.host, self.port, ends)
                except OutwardFailure as error:
                    raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type]
                plain: socket.socket = super()._new_conn()  # type: ignore[misc]
                # The town's own proxy may lie on its network, and looks after where it leads.
                if self.proxy is None and self.host not in inner_hosts and not is_public(plain.getpeername()[0]):
                    plain.close()
                    raise NewConnectionError(self, "not on the public internet")  # type: ignore[arg-type]
                _end_at(plain, ends)
                return plain

        class Plain(Guarded, HTTPConnection):
            pass

        class Secret(Guarded, HTTPSConnection):
            pass

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecretPool(HTTPSConnectionPool):
            ConnectionCls = Secret

        return {"http": PlainPool, "https": SecretPool}

    class GuardedAdapter(HTTPAdapter):
        def __init__(self, most_s: float, inner_hosts: Collection[str]) -> None:
            self._pools = classes(most_s, inner_hosts)
            super().__init__()

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = self._pools

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(*args, **kwargs)
            manager.pool_classes_by_scheme = self._pools
            return manager

    return GuardedAdapter


def _end_at(plain: socket.socket, ends: float) -> None:
    """Hang up then, whatever the other side does; a connection that is over by then is none any more."""
    handle = plain.dup()

    def end() -> None:
        hang_up(handle)
        with contextlib.suppress(OSError):
            handle.close()

    alarm = threading.Timer(max(0.1, ends - time.monotonic()), end)
    alarm.daemon = True
    alarm.start()
