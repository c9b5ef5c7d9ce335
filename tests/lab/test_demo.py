"""`planshift demo --lab`: a person watches a hard upgrade; here, that it comes up, serves, and leaves nothing."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests

from planshift.project.lab import hosts, leftovers, show
from tests.harness import children, free_ports, product

pytestmark = [pytest.mark.slow, pytest.mark.sqlite, pytest.mark.timeout(600)]


def folders(owner: int) -> set[Path]:
    """What the labs of that process have in /tmp: other labs may come and go on this machine meanwhile."""
    found = set()
    for each in Path("/tmp").glob(f"{leftovers.NAME}*/owner"):
        with suppress(OSError):
            if each.read_text() == f"{owner} {leftovers.started(owner)}":
                found.add(each.parent)
    return found


@pytest.fixture
def neighbour() -> Iterator[Path]:
    """The folder of another lab of this machine."""
    with TemporaryDirectory(prefix=leftovers.NAME, dir="/tmp") as name:
        leftovers.own(Path(name))
        yield Path(name)


def test_without_root_or_programs_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert show.main(port=8100) == 2
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(leftovers, "program", lambda name: name != "nginx")
    assert show.main(port=8100) == 2
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Not here: the lab of real servers needs root."
    assert second == "Not here: the lab of real servers needs: apt-get install nginx-light."


def test_a_port_that_is_taken_and_a_lab_that_does_not_come_up_are_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    where: list[Path] = []

    def broken(folder: Path) -> None:
        where.append(folder)
        raise hosts.LabError("web-a: sshd did not start")

    monkeypatch.setattr(hosts, "lacking", lambda: "")
    monkeypatch.setattr(show.parts, "everything", broken)
    monkeypatch.setattr(show.signal, "signal", lambda *_: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    below = free_ports.take(2)
    port = below + 1
    with socket.create_server(("127.0.0.1", port)):
        assert show.main(port=port) == show.main(port=below) == 2
    assert where == []
    assert show.main(port=free_ports.take(2)) == 1
    assert [(folder.parent, folder.exists()) for folder in where] == [(Path("/tmp"), False)]
    told = f"Not here: port {port} cannot be used (Address already in use): choose another with --port."
    first, second, _, last = capsys.readouterr().out.splitlines()
    assert (first, second, last) == (told, told, "The lab does not work here: web-a: sshd did not start")


@pytest.mark.xdist_group("lab")
def test_it_comes_up_lets_its_people_in_shows_the_real_site_and_leaves_nothing(
    possible: None, neighbour: Path, tmp_path: Path
) -> None:
    port = free_ports.take(2)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PLANSHIFT_", "DJANGO_"))}
    environment |= {"PLANSHIFT_VAR": str(tmp_path / "elsewhere"), "PLANSHIFT_SECRET_KEY": "x" * 50}
    said = tmp_path / "said"
    with said.open("wb") as output:
        running = subprocess.Popen(
            [product.PLANSHIFT, "demo", "--lab", "--port", str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=children.mortal,
        )
    try:
        hosts.until(lambda: "Ctrl-C ends it" in said.read_text(), seconds=240, why=said.read_text)
        mine = folders(running.pid)
        link = re.search(r"Demo Shop .*\n\s+(http\S+)", said.read_text())
        assert link is not None, said.read_text()
        with requests.Session() as person:
            page = person.get(link.group(1), timeout=60)
            page = person.post(link.group(1), data={"csrfmiddlewaretoken": _token(page.text)}, timeout=60)
            assert "shop.example" in page.text
        seen = f"http://localhost:{port + 1}/"
        hosts.until(lambda: "200 the shop, served by web-a" in requests.get(seen, timeout=10).text, seconds=60)
        hosts.until(lambda: re.search(r"Mails taken: \d+ at web-a", requests.get(seen, timeout=10).text) is not None)
    finally:
        running.send_signal(signal.SIGINT)
        assert running.wait(90) == 0, said.read_text()
    assert len(mine) == 2  # its own, and the hosts'
    assert not [folder for folder in mine if folder.exists()]
    assert neighbour.exists()
    assert not (tmp_path / "elsewhere" / "planshift.sqlite3").exists()
    time.sleep(0.2)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://localhost:{port}/", timeout=5)


def _token(page: str) -> str:
    """Of the page's form."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return found.group(1) if found else ""
