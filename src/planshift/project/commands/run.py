"""planshift run: set the installation up, then run web server and worker together until Ctrl-C or SIGTERM."""

import argparse
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from planshift.project import env
from planshift.project.commands import supervisor

DEFAULT_PORT = 8000
PORTS_TRIED = 20
PATIENCE_SECONDS = 60


def main(arguments: list[str]) -> int:
    """0 after a stop that was asked for; 1 when something could not be started or kept alive."""
    parser = argparse.ArgumentParser(prog="planshift run", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine)")
    parser.add_argument("--port", type=int, help=f"port to listen on (default: {DEFAULT_PORT}, or the next free one)")
    parser.add_argument("--web-workers", type=int, help="web processes (default: 1 on SQLite, 2 on PostgreSQL)")
    parser.add_argument("--workers", type=int, default=1, help="worker processes (default: 1; SQLite always has one)")
    parser.add_argument("--empty", action="store_true", help="a demo without its people and services")
    given = parser.parse_args(arguments)
    port = _port(given.host, given.port)
    if port is None:
        return 1
    environment = os.environ.copy()
    environment.setdefault("PLANSHIFT_BASE_URL", f"http://localhost:{port}")
    environment["PROMETHEUS_MULTIPROC_DIR"] = str(_empty_folder("metrics"))
    if env.boolean("PLANSHIFT_DEMO", default=False):  # people try it in a terminal, which shows where to go instead
        environment.setdefault("PLANSHIFT_LOG_FILE", str(Path(env.text("PLANSHIFT_VAR", default="var")) / "demo.log"))
    loads = env.boolean("PLANSHIFT_DEMO", default=False) and not given.empty
    steps = [["setup"], *([["demo", "load"]] if loads else [])]
    if any(subprocess.run([_planshift(), *step], env=environment, check=False).returncode for step in steps):
        return 1
    postgresql = env.text("PLANSHIFT_DATABASE", default="").startswith(("postgresql://", "postgres://"))
    web_workers = given.web_workers or (2 if postgresql else 1)
    children = [
        supervisor.Child("web server", _web(given.host, port, web_workers), environment),
        supervisor.Child("worker", [_planshift(), "worker", "--workers", str(given.workers)], environment),
    ]
    if env.text("PLANSHIFT_MAILBOX", default="") or env.boolean("PLANSHIFT_DEMO", default=False):
        children.append(supervisor.Child("mailbox", [_planshift(), "mailbox"], environment))
    return supervisor.Supervisor(children).run(when_up=lambda: _announce(given.host, port, environment))


def _empty_folder(name: str) -> Path:
    """A folder of the installation for figures that its processes share until they end."""
    folder = Path(env.text("PLANSHIFT_VAR", default="var")) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _planshift() -> str:
    return str(Path(sys.executable).parent / "planshift")


def _web(host: str, port: int, workers: int) -> list[str]:
    # Threads overlap waiting for the database; more writers than these would only wait for each other on SQLite.
    return [
        str(Path(sys.executable).parent / "granian"),
        *("--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", "4", "--respawn-failed-workers"),
        *("--no-access-log", "--log-level", "warning", "planshift.project.wsgi:application"),
    ]


def _port(host: str, wanted: int | None) -> int | None:
    """A free port, or None after saying why there is none."""
    candidates = [wanted] if wanted is not None else list(range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED))
    for port in candidates:
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
            return port
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                print(f"Cannot listen on {host}:{port}: {problem.strerror}.")
                return None
            print(f"Port {port} is in use.", flush=True)
    print("Choose another one: make run PORT=…, or planshift run --port …")
    return None


def _announce(host: str, port: int, environment: dict[str, str]) -> None:
    """Wait until the server answers, then print where it is and who may log in."""
    target = "127.0.0.1" if host in ("0.0.0.0", "127.0.0.1") else host  # noqa: S104 - compared, not bound
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET) as probe:
            probe.settimeout(1)
            if probe.connect_ex((target, port)) == 0:
                break
        time.sleep(0.1)
    else:
        print(f"The web server does not answer on port {port}.", flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
        return
    if env.boolean("PLANSHIFT_DEMO", default=False):
        command = [_planshift(), "demo", "links"]
        links = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False).stdout
        print(f"\nLog in as one of the demo people:\n\n{links}", flush=True)
    if file := environment.get("PLANSHIFT_LOG_FILE"):
        print(f"The log is in {file}.", flush=True)
    print(f"\nPlanshift runs at {environment['PLANSHIFT_BASE_URL']} (Ctrl-C stops it)\n", flush=True)
