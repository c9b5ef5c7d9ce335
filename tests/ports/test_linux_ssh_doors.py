"""Who gets in, by which key, and how far? Clients, our key, strangers, hostile requests."""

import json
import logging
import subprocess
from pathlib import Path

import pytest

from planshift.adapters.drivers.linux_ssh import transport
from planshift.adapters.drivers.linux_ssh.driver import LinuxSshDriver
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports
from tests.harness import free_ports
from tests.ports.agent_bench import ask, first, get, made, op, ssh
from tests.ports.conftest import Lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("agents")]


def test_clients_log_in_by_sftp_into_their_own_folder_only(agents: Lab) -> None:
    import asyncio

    import asyncssh

    ref, driver = made(agents, first(agents)), agents.driver()
    secrets = driver.set_credentials(op=op("credentials"), ref=ref).secrets
    assert (secrets["user"], secrets["protocol"], secrets["host"]) == ("s1001-1", "sftp", "127.0.0.1")

    async def listed() -> list[str]:
        known = asyncssh.import_known_hosts(f"* {agents.first.host_key}\n")
        options = {"port": agents.first.ssh_port, "username": secrets["user"], "password": secrets["password"]}
        options |= {"known_hosts": known, "client_keys": [], "agent_path": None}
        async with asyncssh.connect("127.0.0.1", **options) as up, up.start_sftp_client() as sftp:
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await sftp.stat("/etc/passwd")
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await sftp.mkdir("/beside-home")
            return sorted(str(name) for name in await sftp.listdir("."))

    assert asyncio.run(listed()) == [".", "..", "public"]
    driver.suspend(op=op("suspend"), ref=ref, reason="unpaid")
    with pytest.raises(asyncssh.DisconnectError):
        asyncio.run(listed())
    decided = f"cat /var/lib/planshift-agent/accounts/{ref.account}.json"
    assert json.loads(agents.first.shell(decided))["reason"] == "unpaid"
    driver.unsuspend(op=op("unsuspend"), ref=ref)
    assert json.loads(agents.first.shell(decided))["reason"] == ""
    assert asyncio.run(listed()) == [".", "..", "public"]
    kept = agents.first.shell("cat /var/lib/planshift-agent/journal/* /var/log/planshift-agent.log")
    assert '"set_credentials"' in kept
    assert secrets["password"] not in kept


def test_our_key_asks_the_agent_and_opens_nothing_else(agents: Lab) -> None:
    answer = json.loads(ssh(agents, agents.first, "id; cat /etc/shadow", fed="{}").stdout)
    assert (answer["ok"], answer["what"]) == (False, "unsupported")
    forward = ssh(agents, agents.first, "-W", "127.0.0.1:1")
    assert "prohibited" in forward.stderr
    assert agents.first.run("sudo", "-n", "-u", "root", "id", user="planshift", check=False).returncode != 0
    more = agents.first.run("sudo", "-n", "/usr/local/sbin/planshift-agent", "boot", user="planshift", check=False)
    assert more.returncode != 0


def test_another_host_key_is_refused_for_good_and_loudly(agents: Lab, caplog: pytest.LogCaptureFixture) -> None:
    server = agents.first.at("bench1", host_key=agents.second.host_key)
    with caplog.at_level(logging.CRITICAL), pytest.raises(Permanent) as refused:
        agents.driver().probe(server=server)
    assert refused.value.what == "remote_refused"
    assert "another host key" in caplog.text
    with pytest.raises(Permanent) as refused:
        agents.driver().probe(server=agents.first.at("bench1", host_key=""))
    assert refused.value.what == "invalid"


def test_a_key_that_the_server_does_not_know_is_refused(agents: Lab, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    driver = LinuxSshDriver(ssh=transport.Ssh(key_file=str(stranger)))
    with pytest.raises(Permanent) as refused:
        driver.probe(server=agents.first.at("bench1"))
    assert refused.value.what == "remote_refused"
    nowhere = LinuxSshDriver(ssh=transport.Ssh(key_file=str(tmp_path / "absent")))
    with pytest.raises(Transient) as problem:
        nowhere.probe(server=agents.first.at("bench1"))
    assert problem.value.what == "unreachable"


def test_a_server_that_does_not_answer_was_not_asked_and_one_that_breaks_off_may_have_done_it(agents: Lab) -> None:
    driver = agents.driver()
    away = ports.ServerAt("away", f"127.0.0.1:{free_ports.take()}", {"host_key": agents.first.host_key})
    with pytest.raises(Transient) as problem:
        driver.suspend(op=op("suspend"), ref=ports.Ref(away, "s1001-1"), reason="")
    assert problem.value.what == "unreachable"
    agent = "/usr/local/sbin/planshift-agent"
    agents.first.shell(f"mv {agent} {agent}.kept; printf '#!/bin/sh\\nexit 1\\n' > {agent}; chmod +x {agent}")
    try:
        with pytest.raises(Unknown) as unknown:
            driver.suspend(op=op("suspend"), ref=first(agents), reason="")
        assert unknown.value.what == "no_answer"
        with pytest.raises(Transient):
            driver.get(ref=first(agents))
    finally:
        agents.first.shell(f"mv {agent}.kept {agent}")


HEAD = '{"protocol":1,"verb":"create","wait":1,"begin":true,"op":{"key":"X-1:c:1","cause":"","actor":""},'
BODY = {"account": "s1", "label": "", "plan": "", "domains": [], "limits": {}, "enforce": {}}


@pytest.mark.parametrize(
    "change",
    [
        {"account": "../../etc"},
        {"account": "-rf"},
        {"account": "Root"},
        {"account": "s1\n"},
        {"account": "s" * 32},
        {"account": ["s1"]},
        {"label": "a\nb"},
        {"label": "x" * 201},
        {"domains": ["a.example; } server {"]},
        {"domains": ["a.example", "a.example"]},
        {"domains": ["A.example"]},
        {"domains": ["*.example"]},
        {"domains": ["a.example\n"]},
        {"domains": "a.example"},
        {"limits": {"disk": True}},
        {"limits": {"disk": 1.0}},
        {"limits": {"disk": -2}},
        {"limits": {"disk": 1 << 61}},
        {"limits": {"../x": 1}},
        {"enforce": {"anything": 1}},
        {"surprise": 1},
        {"begin": 1},
        {"wait": 10**9},
        {"op": {"key": "X-1:c:1", "cause": ""}},
        {"op": {"key": "X 1", "cause": "", "actor": ""}},
    ],
)
def test_hostile_fields_are_refused_before_anything_happens(agents: Lab, change: dict[str, object]) -> None:
    asked = {"protocol": 1, "verb": "create", "wait": 1, "begin": True, **BODY}
    asked["op"] = {"key": "X-1:c:1", "cause": "", "actor": ""}
    answer = ask(agents.first, json.dumps({**asked, **change}))
    assert (answer["ok"], answer["kind"], answer["what"]) == (False, "permanent", "invalid")
    assert agents.first.shell("ls /srv/planshift /var/lib/planshift-agent/journal | grep -v :").strip() == ""


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        ("", "invalid"),
        ("[]", "invalid"),
        ("[" * 60000, "invalid"),
        ("x" * 70000, "invalid"),
        ('{"protocol":1,"protocol":1,"verb":"probe"}', "invalid"),
        ('{"protocol":1,"verb":"probe","x":NaN}', "invalid"),
        ('{"protocol":1,"verb":"probe","x":1}', "invalid"),
        ('{"protocol":2,"verb":"probe"}', "unsupported"),
        ('{"protocol":true,"verb":"probe"}', "invalid"),
        ('{"protocol":1,"verb":"__import__"}', "unsupported"),
        ('{"protocol":1,"verb":["probe"]}', "invalid"),
        ('{"protocol":1,"verb":"poll","task":"../accounts/s1001-1"}', "invalid"),
        ('{"protocol":1,"verb":"get","account":"../../etc/passwd"}', "invalid"),
        ("\ufeff{}", "invalid"),
    ],
)
def test_hostile_documents_are_refused(agents: Lab, raw: str, what: str) -> None:
    answer = ask(agents.first, raw)
    assert (answer["ok"], answer["what"]) == (False, what)


@pytest.mark.parametrize(
    "upstream", ["example.org", "1.2.3.4;", "1.2.3.4:0", "1.2.3.4:99999", "[::1", "1.2.3.4/x", "fe80::1%eth0"]
)
def test_visitors_are_passed_on_to_addresses_only(agents: Lab, upstream: str) -> None:
    ref = made(agents, first(agents))
    with pytest.raises(Permanent) as refused:
        agents.driver().front_proxy(op=op("proxy"), ref=ref, upstream=upstream)
    assert refused.value.what == "invalid"
    assert get(agents.first)[0] == 200


def test_installing_again_changes_nothing(agents: Lab) -> None:
    made(agents, first(agents))
    before = agents.first.shell("cat /etc/sudoers.d/planshift-agent /var/lib/planshift-login/.ssh/authorized_keys")
    host_key = agents.first.run("sh", str(agents.first.base / "install.sh")).stdout.strip()
    assert host_key == agents.first.host_key
    assert (
        agents.first.shell("cat /etc/sudoers.d/planshift-agent /var/lib/planshift-login/.ssh/authorized_keys") == before
    )
    assert get(agents.first)[0] == 200
