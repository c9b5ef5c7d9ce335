"""What the tests of the linux-ssh driver do on their servers: accounts, visitors, files, journals."""

import http.client
import json
import subprocess
from pathlib import Path

from planshift.provisioning import ports
from tests.ports.agent_hosts import Host
from tests.ports.conftest import Lab

LIMITS = {"disk_mb": 40, "mailboxes": 5, "memory_mb": 256, "processes": 30}
BIGGER = {**LIMITS, "disk_mb": 80}
NOTICE = ports.Proof("removal_notice", "N-2026-000001")
PHP = "<?php echo posix_geteuid(), ' ', $_SERVER['HTTP_HOST'], ' ', $_SERVER['HTTP_X_FORWARDED_FOR'] ?? '-';"


def op(name: str) -> ports.Op:
    return ports.Op(f"X-1:{name}:1", "CH-1", "test")


def first(agents: Lab, account: str = "s1001-1") -> ports.Ref:
    return ports.Ref(agents.first.at("bench1"), account)


def second(agents: Lab, account: str = "s1001-2") -> ports.Ref:
    return ports.Ref(agents.second.at("bench2"), account)


def made(
    agents: Lab,
    ref: ports.Ref,
    domain: str = "demo.example",
    limits: ports.Limits = LIMITS,
    label: str = "demo.example",
) -> ports.Ref:
    spec = ports.Spec(label, "silver", (domain,))
    agents.driver().create(op=op(f"create-{ref.account}"), ref=ref, spec=spec, limits=limits)
    return ref


def get(host: Host, path: str = "/", domain: str = "demo.example") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", host.http_port, timeout=20)
    connection.request("GET", path, headers={"Host": domain})
    answer = connection.getresponse()
    body = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, body


def home(account: str) -> str:
    return f"/srv/planshift/{account}/home"


def put(host: Host, account: str, path: str, text: str) -> None:
    host.run(
        "sh",
        "-c",
        f"mkdir -p $(dirname {home(account)}/{path}) && cat > {home(account)}/{path}",
        fed=text,
        user=account,
    )


def journal(host: Host) -> list[dict[str, object]]:
    listed = host.shell(
        "cat /var/lib/planshift-agent/journal/*.json | python3 -c '"
        "import json, sys; text = sys.stdin.read(); d = json.JSONDecoder(); out = []; i = 0\n"
        "while text[i:].strip():\n"
        "    one, n = d.raw_decode(text[i:].lstrip()); out.append(one); i = len(text) - len(text[i:].lstrip()[n:])\n"
        "print(json.dumps(out))'"
    )
    found: list[dict[str, object]] = json.loads(listed)
    return found


def ask(host: Host, raw: str) -> dict[str, object]:
    """Put raw text to the agent, as the control key does."""
    answer: dict[str, object] = json.loads(host.run("/usr/local/sbin/planshift-agent", fed=raw).stdout)
    return answer


def ssh(lab: Lab, host: Host, *words: str, key: Path | None = None, fed: str = "") -> subprocess.CompletedProcess[str]:
    known = lab.key_file.with_name("known")
    known.write_text(f"[127.0.0.1]:{host.ssh_port} {host.host_key}\n")
    options = ["-F", "none", "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"]
    command = ["ssh", *options, "-p", str(host.ssh_port), "-i", str(key or lab.key_file), "planshift@127.0.0.1", *words]
    return subprocess.run(command, input=fed, capture_output=True, text=True, timeout=60, check=False)
