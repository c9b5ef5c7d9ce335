"""Servers at the command line: described, made ready, tried out."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from planshift.adapters.drivers.linux_ssh import transport
from planshift.adapters.drivers.linux_ssh.driver import LinuxSshDriver
from planshift.adapters.drivers.linux_ssh.install import Installer
from planshift.adapters.drivers.simulated.driver import SimulatedDns, SimulatedDriver
from planshift.interfaces.cli import servers
from planshift.project import wiring
from planshift.provisioning import installing, models, ports
from tests.machines import hosting

pytestmark = pytest.mark.django_db
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFSj2VcpWPzGnjhKD2xtM1tVfN6oSpeOz6xkXSnurWrL"


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Path]:
    """An installation with a key for its servers."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    ssh = transport.Ssh(key_file=str(key))
    ports.bind(
        {"simulated": SimulatedDriver(), "linux-ssh": LinuxSshDriver(ssh=ssh)},
        dns={"simulated": SimulatedDns()},
    )
    installing.bind({"linux-ssh": Installer(ssh=ssh)})
    yield key
    wiring.wire()


def add(*more: str, seller: str, code: str = "web1") -> int:
    return servers.main(["add", code, "--seller", seller, *more])


def test_a_server_is_described_and_described_anew(ours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seller = hosting.seller().code
    more = ("--address", "192.0.2.1:2222", "--host-key", f"{HOST_KEY} root@web1", "--trait", "platform=shared")
    assert add(*more, "--trait", "total_disk=2000", "--dns", "simulated", seller=seller) == 0
    server = models.Server.objects.get()
    assert (server.driver, server.dns, server.address, server.takes_new) == (
        "linux-ssh",
        "simulated",
        "192.0.2.1:2222",
        True,
    )
    assert server.traits == {"platform": "shared", "total_disk": 2000, "host_key": HOST_KEY}
    assert add("--address", "192.0.2.2", "--closed", "--trait", "fast=true", seller=seller) == 0
    server = models.Server.objects.get()
    assert (server.address, server.takes_new) == ("192.0.2.2", False)
    assert server.traits == {"fast": True, "host_key": HOST_KEY}  # the pinned key stays
    capsys.readouterr()
    assert servers.main(["list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.split() == [seller, "web1", "linux-ssh", "-", "192.0.2.2", "pinned", "closed", "0", "fast=true"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--driver", "none-such"], "no driver or name service called none-such"),
        (["--dns", "none-such"], "no driver or name service called none-such"),
        (["--host-key", "ssh-ed25519 AAAA"], "no public host key"),
        (["--host-key", HOST_KEY.replace("ssh-ed25519", "ssh-rsa")], "no public host key"),
        (["--host-key", f"{HOST_KEY[:-9]}*"], "no public host key"),
    ],
)
def test_a_wrong_description_is_refused(
    ours: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert add(*arguments, seller=hosting.seller().code) == 1
    assert told in capsys.readouterr().err
    assert not models.Server.objects.exists()


def test_a_server_of_nobody_and_a_wrong_code_are_refused(ours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seller = hosting.seller().code
    assert add(seller="nobody") == 1
    assert add(seller=seller, code="Web 1") == 1
    assert servers.main(["probe", "web9", "--seller", seller]) == 1
    said = capsys.readouterr().err
    assert "no seller nobody" in said
    assert "Web 1" in said
    assert "no server web9" in said
    assert not models.Server.objects.exists()


def test_probe_tells_version_abilities_and_room(ours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seller = hosting.seller().code
    add("--driver", "simulated", "--trait", "total_disk=100", seller=seller)
    capsys.readouterr()
    assert servers.main(["probe", "web1", "--seller", seller]) == 0
    said = capsys.readouterr().out
    assert "simulated 1" in said
    assert "can: content_push, mail_return, suspend, front_proxy" in said
    assert ["disk", "total", "100", "sold", "0", "free", "100"] in [line.split() for line in said.splitlines()]


def test_probe_says_what_is_wrong(ours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seller = hosting.seller().code
    add("--address", "127.0.0.1:1", "--host-key", HOST_KEY, seller=seller)
    assert servers.main(["probe", "web1", "--seller", seller]) == 1
    assert "web1: Transient: unreachable" in capsys.readouterr().err


def test_the_script_brings_the_agent_and_the_public_half_of_our_key(
    ours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert servers.main(["install-agent", "web1", "--set", "http_port=8080"]) == 0
    script = capsys.readouterr().out
    public = " ".join(ours.with_suffix(".pub").read_text().split()[:2])
    assert f'restrict,command="sudo -n /usr/local/sbin/planshift-agent" {public}' in script
    assert '"http_port": 8080' in script
    assert "PRIVATE KEY" not in script
    assert "@" not in {line[:1] for line in script.splitlines()}  # no mark was left unfilled
    checked = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    for setting in ("surprise=1", "http_port=many", "accounts=$(id)", "login=a'b"):
        assert servers.main(["install-agent", "web1", "--set", setting]) == 1
    assert servers.main(["install-agent", "web1", "--driver", "simulated"]) == 1
    assert "need nothing installed" in capsys.readouterr().err
