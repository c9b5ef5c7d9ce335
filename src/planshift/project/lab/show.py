"""How can a person watch a hard upgrade? The product with its demo, and beside it real servers in namespaces of this
machine: two that host, a name server, a resolver. Nothing of it reaches the network; all of it ends with this command.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from planshift.project.lab import hosts, leftovers, parts, scene, visitors, zone

PLANSHIFT = str(Path(sys.executable).parent / "planshift")
TTL = 30  # seconds: of the names
AGENT = "/usr/local/sbin/planshift-agent"
PAGE = """<?php header("Content-Type: text/plain"); echo "the shop, served by ", gethostname();"""
GUIDE = """
The lab is up. {zone} is a site with a mailbox on the real server web-a; its owner is “{client}”.

  1  Open the link of “{client}” above, choose the service {zone} and the plan Large: another platform, so a hard
     upgrade. Order it and pay on the demo's payment page.
  2  Watch http://localhost:{visitors} : who comes by name, and where mail goes, while the worker moves it to web-b.
  3  When the change asks for it, say in the panel that the new service works. The link of “{staff}”
     shows the same from the other side of the desk.
  4  Fifteen days later the old server is emptied:
     {tick}

Ctrl-C ends it and removes everything.
"""


def main(*, port: int) -> int:
    """0 after Ctrl-C or SIGTERM, 1 when the product ended by itself or the lab did not come up, 2 where there can be no
    lab."""
    if why := hosts.lacking() or _taken(port, port + 1):
        print(f"Not here: {why}.")
        return 2
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ending.set())
    with tempfile.TemporaryDirectory(prefix=leftovers.NAME, dir="/tmp") as name:  # where the next lab sweeps
        folder = Path(name)
        leftovers.own(folder)
        print("Starting the servers …", flush=True)
        try:
            machines, key_file, host_keys = parts.everything(folder)
            with hosts.lab(machines) as lab:
                zone.records(lab, ttl=TTL)
                return _show(lab, _environment(folder, key_file, port), host_keys, port, ending)
        except hosts.LabError as problem:
            print(f"The lab does not work here: {problem}")
            return 1


def _taken(*ports: int) -> str:
    """Which of these ports somebody else serves, "" for none."""
    for port in ports:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as problem:
            return f"port {port} cannot be used ({os.strerror(problem.errno or 0)}): choose another with --port"
    return ""


def _show(
    lab: hosts.Lab, environment: dict[str, str], host_keys: Mapping[str, str], port: int, ending: threading.Event
) -> int:
    told = json.dumps({"host_keys": dict(host_keys), "label": parts.ZONE})
    for step in ([PLANSHIFT, "setup"], [sys.executable, "-m", "planshift.project.lab.scene", told]):
        subprocess.run([*lab.network("control"), *step], env=environment, check=True, stdout=subprocess.DEVNULL)
    door = _door(lab, port, ending)
    command = [*lab.network("control"), PLANSHIFT, "run", "--empty", "--port", str(port)]
    product = subprocess.Popen(
        command, env=environment, start_new_session=True, preexec_fn=leftovers.mortal, stdout=subprocess.PIPE
    )
    pages, up = None, threading.Event()
    telling = threading.Thread(target=_tell, args=(product, up), daemon=True)
    telling.start()
    try:
        if _filled(lab, product, ending):
            pages = visitors.Visitors(lab, ending).begin(port + 1)
            while not up.wait(0.2) and not ending.is_set():
                pass
            if product.poll() is None and not ending.is_set():
                print(_guide(environment, port), flush=True)
        while product.poll() is None and not ending.wait(0.2):
            pass
        return 0 if ending.is_set() else 1
    finally:
        ending.set()
        if product.poll() is None:
            product.send_signal(signal.SIGTERM)
        product.wait()
        telling.join(5)
        if pages is not None:
            pages.shutdown()
        door.close()


def _environment(folder: Path, key_file: str, port: int) -> dict[str, str]:
    """An installation of its own: nothing of another one shines through."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLANSHIFT_", "DJANGO_"))}
    return kept | {
        "PLANSHIFT_DEMO": "1",
        "PLANSHIFT_VAR": str(folder / "var"),
        "PLANSHIFT_DATABASE": str(folder / "var" / "planshift.sqlite3"),
        "PLANSHIFT_BASE_URL": f"http://localhost:{port}",
        "PLANSHIFT_SSH_KEY": key_file,
        "PLANSHIFT_POWERDNS_URL": f"http://{parts.DNS}:8081",
        "PLANSHIFT_POWERDNS_KEY": parts.API_KEY,
        "PLANSHIFT_DNS_ASKED": f"{parts.DNS},{parts.RESOLVER}",
    }


def _guide(environment: Mapping[str, str], port: int) -> str:
    client, staff = scene.people()
    given = [f"{name}={environment[name]}" for name in ("PLANSHIFT_DEMO", "PLANSHIFT_VAR", "PLANSHIFT_DATABASE")]
    tick = " ".join([*given, PLANSHIFT, "tick", "--days 15", "--no-drain"])
    return GUIDE.format(zone=parts.ZONE, client=client, staff=staff, visitors=port + 1, tick=tick)


def _filled(lab: hosts.Lab, product: "subprocess.Popen[bytes]", ending: threading.Event) -> bool:
    """Wait until the account is there; then put the client's page and mailbox into it."""
    accounts = lab.path("web-a", "/var/lib/planshift-agent/accounts")
    while not (found := sorted(accounts.glob("*.json"))):
        if product.poll() is not None or ending.wait(0.2):
            return False
    name = found[0].stem
    script = f"cd /srv/planshift/{name}/home; cat > public/index.php; rm -f public/index.html"
    script += f"; mkdir -p mail/{parts.ZONE}/info"
    lab.run("web-a", "setpriv", f"--reuid={name}", "--clear-groups", "sh", "-ec", script, input=PAGE)
    lab.sh("web-a", f"{AGENT} watch")
    return True


def _tell(product: "subprocess.Popen[bytes]", up: threading.Event) -> None:
    """Pass on what the product says, until it ends; with “runs at” its links have been printed."""
    for line in product.stdout or ():
        print(line.decode(errors="replace"), end="", flush=True)
        if line.startswith(b"Planshift runs at"):
            up.set()
    up.set()


def _door(lab: hosts.Lab, port: int, ending: threading.Event) -> socket.socket:
    """The product's pages are in the network of the control host: let this machine's browsers in there."""
    listening = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        while not ending.is_set():
            try:
                one, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_pass_on, args=(lab, one, port), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listening


def _pass_on(lab: hosts.Lab, one: socket.socket, port: int) -> None:
    with one:
        try:
            other = lab.inside("control", lambda: socket.create_connection(("127.0.0.1", port), timeout=5))
        except OSError:
            return
        with other:
            _exchange((one, other))


def _exchange(pair: Sequence[socket.socket]) -> None:
    """Until one of them has nothing more to say."""
    one, other = pair
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select():
                source = one if key.fileobj is one else other
                try:
                    block = source.recv(65536)
                    if not block:
                        return
                    key.data.sendall(block)
                except OSError:
                    return
