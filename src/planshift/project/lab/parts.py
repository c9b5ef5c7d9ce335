"""What runs on the hosts of the lab? Two hosting servers, PowerDNS and a recursor, as Debian brings them."""

import subprocess
from pathlib import Path

from planshift.project import wiring
from planshift.project.lab.hosts import NET, Host

ZONE = "shop.example"
API_KEY = "key-of-the-lab"
WEB_A, WEB_B, DNS, RESOLVER, MAIL, CONTROL, WORLD = (f"{NET}.{n}" for n in (21, 22, 53, 54, 25, 10, 100))
NOT_HERE = "server { listen 80 default_server; server_name _; return 421; }\n"
PDNS = f"""
launch=gsqlite3
gsqlite3-database=/var/lib/powerdns/lab.sqlite3
local-address={DNS}
api=yes
api-key={API_KEY}
webserver=yes
webserver-address={DNS}
webserver-port=8081
webserver-allow-from={NET}.0/24
socket-dir=/run
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
"""
RECURSOR = f"""
local-address={RESOLVER}
query-local-address={RESOLVER}
forward-zones=example={DNS}
allow-from={NET}.0/24
max-cache-ttl=86400
minimum-ttl-override=0
socket-dir=/run
dnssec=off
hint-file=no
packetcache-ttl=1
packetcache-servfail-ttl=1
"""
DOVECOT = """
protocols = imap lmtp
listen = @ADDRESS@
ssl = no
disable_plaintext_auth = no
base_dir = /run/dovecot
log_path = /var/log/dovecot.log
mail_location = maildir:~
first_valid_uid = 1000
default_vsz_limit = 0
passdb {
  driver = static
  args = password=pw
}
userdb {
  driver = passwd-file
  args = /run/planshift-agent/mailboxes
}
service lmtp {
  inet_listener lmtp {
    address = @ADDRESS@
    port = 24
  }
}
service imap-login {
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
"""


def keys(folder: Path, *names: str) -> dict[str, tuple[str, str]]:
    """SSH keys made for this lab: by name, private and public."""
    made = {}
    for name in names:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)], check=True
        )
        made[name] = ((folder / name).read_text(), (folder / f"{name}.pub").read_text().strip())
    return made


def web(name: str, number: int, *, host_key: tuple[str, str], control: str) -> Host:
    """A plain Debian server with our agent, installed as an operator installs it, and with a mail server that takes
    mail for the mailboxes in accounts' folders. `control`: the key let in."""
    return Host(
        name,
        number,
        services={
            "agent": "sh /etc/lab/install.sh\n",
            "sshd": "mkdir -p /run/sshd\n/usr/sbin/sshd\n",
            "nginx": "nginx\n",
            "dovecot": "mkdir -p /run/planshift-agent\ndovecot -c /etc/lab/dovecot.conf\n",
        },
        files={
            "/etc/ssh/ssh_host_ed25519_key": (host_key[0], 0o600),
            "/etc/ssh/ssh_host_ed25519_key.pub": (host_key[1] + "\n", 0o644),
            "/etc/nginx/sites-enabled/default": (NOT_HERE, 0o644),
            "/etc/lab/dovecot.conf": (DOVECOT.replace("@ADDRESS@", f"{NET}.{number}"), 0o644),
            "/etc/lab/install.sh": (wiring.agent_script(server=name, public_key=control), 0o700),
        },
    )


def name_server() -> Host:
    """PowerDNS with its API."""
    start = """
mkdir -p /var/lib/powerdns
[ -e /var/lib/powerdns/lab.sqlite3 ] || \\
    sqlite3 /var/lib/powerdns/lab.sqlite3 < /usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql
pdns_server --config-dir=/etc/lab/pdns --daemon=yes --guardian=no
"""
    return Host("dns", 53, services={"pdns": start}, files={"/etc/lab/pdns/pdns.conf": (PDNS, 0o644)})


def resolver() -> Host:
    """A recursor that keeps to times to live, as visitors' providers run them."""
    start = "pdns_recursor --config-dir=/etc/lab/recursor --daemon=yes\n"
    files = {"/etc/lab/recursor/recursor.conf": (RECURSOR, 0o644)}
    return Host("resolver", 54, services={"resolver": start}, files=files)


def everything(folder: Path) -> tuple[list[Host], str, dict[str, str]]:
    """All hosts, the path of the control key, and by web server its host key."""
    made = keys(folder, "control", "web-a", "web-b")
    control = made["control"][1]
    hosts = [
        web("web-a", 21, host_key=made["web-a"], control=control),
        web("web-b", 22, host_key=made["web-b"], control=control),
        name_server(),
        resolver(),
        Host("mail", 25),  # where the product's own mails go
        Host("control", 10),
        Host("world", 100),
    ]
    return hosts, str(folder / "control"), {name: made[name][1] for name in ("web-a", "web-b")}
