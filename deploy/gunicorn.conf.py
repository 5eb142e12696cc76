"""How gunicorn serves the app: on a desk through ./run, in a container, behind a proxy.

POCIT_WORKERS and POCIT_THREADS override the counts; `--bind` says where.
"""

# ruff: noqa: N999
from __future__ import annotations

import ctypes
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

# The settings of the log are the app's, and this file is read before the app is found.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.logs import settings

CORES = len(os.sched_getaffinity(0))
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4

wsgi_app = "app:create_app()"
# Threads, since requests wait for the database; several processes, since Python computes in one thread.
# Slow senders hold few of them.
worker_class = "deploy.patience.PatientWorker"
workers = int(os.environ.get("POCIT_WORKERS") or min(max(2, CORES), 8))
# Each thread may hold one connection: at most 8 × 8 of the 100 that PostgreSQL allows by default.
threads = int(os.environ.get("POCIT_THREADS") or 8)
# The app is loaded once and then forked: half the start-up, and one answer when it can't start. It opens no
# connection while it is made.
preload_app = True

timeout = 60
graceful_timeout = 20
keepalive = 5
backlog = 1024
# A filter stands in the address of a GIS: the longest line that gunicorn takes.
limit_request_line = 8190
# The workers' heartbeat files: on a disk they would wait for it.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes its files there unguessable
worker_tmp_dir = str(IN_MEMORY) if IN_MEMORY.is_dir() else None

# Whom to believe about what came before us is the app's to say (POCIT_TRUSTED_PROXIES). gunicorn by itself would
# believe every neighbour on the machine, even that a stranger's SCRIPT_NAME is ours.
forwarded_allow_ips = ""

# Who looked at which map when is nobody's business; the app's own line of a request names no address.
accesslog = None
errorlog = "-"
loglevel = "warning"
logconfig_dict = settings(os.environ.get("POCIT_LOG") or "text")
# gunicorn's control socket would lie in the home of whoever runs it, one for all servers.
control_socket_disable = True


METERS = "pocit-meters"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus_client looks for its folder, when it is loaded: not before this file has made one."""


def _folder_of_meters() -> str:
    """A new folder in memory in which the processes of this master count; those of masters that are gone go."""
    in_memory = IN_MEMORY if IN_MEMORY.is_dir() else tempfile.gettempdir()
    place = Path(os.environ.get("RUNTIME_DIRECTORY") or in_memory)
    for left in place.glob(f"{METERS}-*"):
        with suppress(OSError, ValueError):
            if left.stat().st_uid == os.getuid() and not Path("/proc", left.name.split("-")[2]).exists():
                shutil.rmtree(left)
    return tempfile.mkdtemp(prefix=f"{METERS}-{os.getpid()}-", dir=place)


# Read anew at a HUP, this file goes on with the same folder.
if f"{METERS}-{os.getpid()}-" not in os.environ.get(FOLDER, ""):
    os.environ[FOLDER] = _folder_of_meters()


def _end_with_parent(number: signal.Signals, parent: int) -> None:
    """Have the kernel send us a signal when our parent dies, even by SIGKILL."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), number)


def on_starting(server: Arbiter) -> None:
    """Under ./run the server ends with it; nobody else's process reads its memory or its surroundings."""
    # Workers inherit it; programs that they start do not. Other processes of the same user see no secret of ours.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    launcher = os.environ.get("POCIT_LAUNCHER")
    if launcher:
        _end_with_parent(signal.SIGTERM, int(launcher))


def on_exit(server: Arbiter) -> None:
    """What was counted ends with the server."""
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """What an ended worker held is no longer held."""
    from app.meters import forget_process

    forget_process(worker.pid)


def pre_exec(server: Arbiter) -> None:
    """Before the new version begins, at an upgrade."""
    from deploy.handover import begin_as_before

    begin_as_before(server)


def when_ready(server: Arbiter) -> None:
    """What was loaded before the fork stays shared: the garbage collector would write into all of it."""
    gc.collect()
    gc.freeze()


def post_fork(server: Arbiter, worker: Worker) -> None:
    """A worker ends with its master."""
    _end_with_parent(signal.SIGKILL, server.pid)


def post_worker_init(worker: Worker) -> None:
    """Each worker looks after retention and counts beside its requests; of them all one is at a map at a time."""
    from app.db import EXTENSION
    from app.services.counts import keep_counts
    from app.services.retention import keep_house
    from deploy.handover import hand_over

    hand_over(worker)

    database = getattr(worker.wsgi, "extensions", {}).get(EXTENSION)
    if database is None:  # another app under these settings: the bare server of a benchmark
        return
    # A daemon: it ends with its worker, and what it had not finished is undone by the database.
    rounds = (database.session, threading.Event())
    threading.Thread(target=keep_house, args=rounds, name="retention", daemon=True).start()
    threading.Thread(target=keep_counts, args=rounds, name="counts", daemon=True).start()
