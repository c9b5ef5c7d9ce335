"""One service on real servers, on the test database: for tests in which the machines fail."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from planshift.domain import recipes
from planshift.project.lab import hosts, parts, zone
from planshift.provisioning import executions, models, servers
from planshift.runtime import clock
from planshift.services import models as services
from tests.machines import hosting, processes

TTL = 2  # seconds: of the names
SMALL = {"disk_mb": 60, "memory_mb": 256}
LARGE = {"disk_mb": 240, "memory_mb": 512}
ADDRESSES = {"web-a": parts.WEB_A, "web-b": parts.WEB_B}


@dataclass
class Ground:
    """The hosts, and a client whose service is at web-a."""

    lab: hosts.Lab
    folder: Path
    key_file: str
    host_keys: Mapping[str, str]

    def prepare(self) -> "Ground":
        """Servers, client, service; a worker makes the account, and the client puts pages there."""
        hosting.caller()
        owner = hosting.seller()
        for code, host_key in self.host_keys.items():
            servers.add_server(
                seller=owner,
                code=code,
                driver="linux-ssh",
                dns="powerdns",
                address=ADDRESSES[code],
                traits={"host_key": host_key},
                at=clock.business(),
                actor="test",
            )
        hosting.service(hosting.client(owner))
        with self.worker():
            self.reach(self.start("ACTIVATE", limits=SMALL, server="web-a"), "hand_over", "DONE")
        page = '<?php echo trim(file_get_contents("version.txt")), " at ", gethostname();'
        self.write("web-a", "index.php", page)
        self.write("web-a", "version.txt", "v1")
        return self

    @property
    def service(self) -> services.Service:
        """The only one."""
        return services.Service.objects.get()

    @contextmanager
    def worker(self, **more: str) -> "Iterator[subprocess.Popen[bytes]]":
        """`planshift worker`, a process of its own in the network of the control host."""
        environment = {
            "PLANSHIFT_SSH_KEY": self.key_file,
            "PLANSHIFT_POWERDNS_URL": f"http://{parts.DNS}:8081",
            "PLANSHIFT_POWERDNS_KEY": parts.API_KEY,
            "PLANSHIFT_DNS_ASKED": f"{parts.DNS},{parts.RESOLVER}",
            "PLANSHIFT_SECRET_KEY": settings.SECRET_KEY,
        }
        within = self.lab.network("control")
        with processes.worker(self.folder, within=within, **(environment | more)) as process:
            yield process

    def start(self, recipe: str, *, limits: Mapping[str, int], server: str = "", **parameters: Any) -> models.Execution:
        """Order an execution as a change would."""
        usual = {"domains": (parts.ZONE,), "content_transfer": "provider", "hold_days": 0, "cutover_days": 7}
        with transaction.atomic():
            return executions.start(
                service=self.service,
                recipe=recipe,
                target=recipes.Target("any", dict(limits), server=server),
                cause="CH-2026-000001",
                signal_key="change:CH-2026-000001",
                parameters=recipes.Parameters(**(usual | parameters)),
                at=clock.business(),
                actor="client:C-1001",
            )

    def reach(self, execution: models.Execution, step: str, *states: str, seconds: float = 240) -> None:
        """Wait until it stands there."""

        def there() -> bool:
            execution.refresh_from_db()
            return execution.step == step and execution.state in states

        hosts.until(there, seconds=seconds, why=lambda: self.told(execution) + processes.logs(self.folder)[-3000:])

    def told(self, execution: models.Execution) -> str:
        """For the message of a failed test."""
        return f"{execution.state} at {execution.step} {execution.error}\n" + "\n".join(hosting.journal(execution))

    def finish(self, execution: models.Execution) -> None:
        """The client confirms, the removal is announced, the old environment goes. The hold is of no time here: what is
        real is waited for, until nobody has the old address in his cache."""
        self.reach(execution, "cut_over", "AWAITING_CLIENT")
        time.sleep(2 * TTL + 1)
        executions.confirm_cutover(number=execution.number, at=clock.business(), actor="client:C-1001")
        self.reach(execution, "notice", "AWAITING_NOTICE")
        executions.notice_sent(number=execution.number, proof="N-1", at=clock.business(), actor="system")
        self.reach(execution, "verify_gone", "DONE")

    def accounts(self, server: str) -> list[str]:
        """The accounts on a server, as its agent knows them."""
        return sorted(file.stem for file in self.lab.path(server, "/var/lib/planshift-agent/accounts").glob("*.json"))

    def write(self, server: str, path: str, content: str) -> None:
        """The client writes a file of the site, as the account's own user."""
        target = f"public/{path}"
        self.as_client(server, f"cat > {target}.new; mv {target}.new {target}", input=content)

    def as_client(self, server: str, script: str, **more: Any) -> str:
        """A script in the home of the only account, as its user."""
        (name,) = self.accounts(server)
        script = f"cd /srv/planshift/{name}/home; {script}"
        return self.lab.run(server, "setpriv", f"--reuid={name}", "--clear-groups", "sh", "-ec", script, **more)

    def page(self, server: str) -> str:
        """What a visitor gets from a server: status and text."""
        given = ["-s", "-m", "5", "-w", " %{http_code}", "-H", f"Host: {parts.ZONE}", f"http://{ADDRESSES[server]}/"]
        return self.lab.run("world", "curl", *given, check=False).strip()

    def address(self) -> str:
        """What the name server says about the site."""
        return zone.addresses(self.lab)[parts.ZONE][1][0]

    def once(self) -> None:
        """No agent did anything twice that is done once."""
        for server in ADDRESSES:
            files = self.lab.path(server, "/var/lib/planshift-agent/journal").glob("*.json")
            entries = [json.loads(file.read_text()) for file in files]
            done = Counter((e["verb"], e["account"]) for e in entries if e.get("answer", {}).get("changed"))
            for (verb, account), count in done.items():
                if verb in ("create", "quarantine", "remove"):
                    assert count == 1, f"{server}: {verb} {account} was done {count} times"
