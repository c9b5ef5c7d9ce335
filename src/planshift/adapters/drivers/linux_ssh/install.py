"""What makes a plain Debian server one of ours? One script for its root: packages that are missing, the agent, a
log-in that can do nothing but ask it, clients' SFTP, and what is needed after a restart. Running it again brings a
newer agent.

Why a log-in of its own with sudo, and not root by SSH: root's door can stay shut, the key is good for one command, and
sudo lets that log-in start this one file without words of its own choosing. The agent itself needs root: it makes
users, sets quotas and becomes the accounts' users.
"""

import base64
import json
import re
import shlex
import textwrap
from collections.abc import Mapping
from dataclasses import fields

from planshift.adapters.drivers.linux_ssh import bundle, transport
from planshift.adapters.drivers.linux_ssh.agent import settings as agent

PLAIN = re.compile(r"[A-Za-z0-9_./ -]{0,200}")  # goes into configuration files
AGENT = "/usr/local/sbin/planshift-agent"

_SCRIPT = r"""#!/bin/sh
# Planshift agent @VERSION@ for one server; run as root. Running it again changes nothing, or brings a newer agent.
set -eu
umask 022
[ "$(id -u)" = 0 ] || { echo "run this as root" >&2; exit 1; }
say() { echo "planshift: $*" >&2; }
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || NEED="python3"
for pair in nginx:nginx-light sshd:openssh-server rsync:rsync sudo:sudo setquota:quota; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || NEED="${NEED:-} ${pair##*:}"
done
@PHP_CHECK@
if [ -n "${NEED:-}" ]; then
    say "installing $NEED"
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $NEED >/dev/null
fi

put() {  # put FILE MODE: standard input becomes the file, as a whole
    mkdir -p "$(dirname "$1")"
    cat > "$1.planshift-new"
    chown root:root "$1.planshift-new"
    chmod "$2" "$1.planshift-new"
    mv "$1.planshift-new" "$1"
}

base64 -d <<'END' | put @AGENT@ 0755
@PACKED@
END
echo "@FINGERPRINT@  @AGENT@" | sha256sum --check --quiet
@SETTINGS@
getent group planshift-accounts >/dev/null || groupadd --system planshift-accounts
HOME_OF_LOGIN=/var/lib/planshift-login
getent passwd planshift >/dev/null || \
    useradd --system --user-group --home-dir "$HOME_OF_LOGIN" --no-create-home --shell /bin/sh planshift
usermod --password '*' planshift
mkdir -p "$HOME_OF_LOGIN/.ssh"
chown root:root "$HOME_OF_LOGIN" "$HOME_OF_LOGIN/.ssh"
chmod 0755 "$HOME_OF_LOGIN" "$HOME_OF_LOGIN/.ssh"
put "$HOME_OF_LOGIN/.ssh/authorized_keys" 0644 <<'END'
restrict,command="sudo -n @AGENT@" @PUBLIC_KEY@ planshift-control
END

put /etc/sudoers.d/.planshift-agent 0440 <<'END'
Defaults:planshift !requiretty, !use_pty, env_keep += "SSH_ORIGINAL_COMMAND"
planshift ALL=(root) NOPASSWD: @AGENT@ "", @AGENT@ send [0-9a-f]*
END
visudo --check --quiet --file=/etc/sudoers.d/.planshift-agent
mv /etc/sudoers.d/.planshift-agent /etc/sudoers.d/planshift-agent

put /etc/ssh/sshd_config.d/planshift-accounts.conf 0644 <<'END'
Match Group planshift-accounts
    ChrootDirectory @ACCOUNTS@/%u
    ForceCommand internal-sftp -d /home
    PasswordAuthentication yes
    AllowTcpForwarding no
    AllowAgentForwarding no
    AllowStreamLocalForwarding no
    X11Forwarding no
    PermitTunnel no
    PermitTTY no
END
grep -qi '^ *include .*/etc/ssh/sshd_config\.d/' /etc/ssh/sshd_config || \
    say "CAUTION: /etc/ssh/sshd_config does not include sshd_config.d: clients cannot log in by SFTP"

put /etc/logrotate.d/planshift-agent 0644 <<'END'
/var/log/planshift-agent.log {
    monthly
    rotate 24
    missingok
    notifempty
    compress
    create 0600 root root
}
END

if [ -d /run/systemd/system ]; then
    put /etc/systemd/system/planshift.slice 0644 <<'END'
[Unit]
Description=Clients' accounts
[Slice]
CPUAccounting=yes
MemoryAccounting=yes
TasksAccounting=yes
END
    put /etc/systemd/system/planshift-accounts.service 0644 <<'END'
[Unit]
Description=Limits and scripts of clients' accounts
After=local-fs.target network.target nginx.service
RequiresMountsFor=@ACCOUNTS@
[Service]
Type=oneshot
RemainAfterExit=yes
KillMode=none
ExecStart=@AGENT@ boot
[Install]
WantedBy=multi-user.target
END
    put /etc/systemd/system/planshift-watch.service 0644 <<'END'
[Unit]
Description=Scripts of clients' accounts that died
After=planshift-accounts.service
[Service]
Type=oneshot
KillMode=none
ExecStart=@AGENT@ watch
END
    put /etc/systemd/system/planshift-watch.timer 0644 <<'END'
[Unit]
Description=Scripts of clients' accounts that died
[Timer]
OnBootSec=2min
OnUnitInactiveSec=1min
[Install]
WantedBy=timers.target
END
    systemctl daemon-reload
    systemctl start planshift.slice
    systemctl enable --quiet planshift-accounts.service
    systemctl enable --quiet --now planshift-watch.timer
    systemctl restart planshift-accounts.service || say "CAUTION: see: journalctl -u planshift-accounts"
    systemctl reload ssh 2>/dev/null || systemctl reload sshd || true
else
    mkdir -p @ACCOUNTS@
    @AGENT@ boot || say "CAUTION: see above"
    say "no systemd here: start '@AGENT@ boot' after each start of the server and '@AGENT@ watch' each minute"
fi

say "agent $(@AGENT@ version) is installed"
KEY=$(ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key)
set -- $KEY
say "pin this host key:  planshift servers add @SERVER@ --host-key '$1 $2' ..."
echo "$1 $2"
"""


class Installer:
    """The installer port: the script with the public half of our key."""

    def __init__(self, *, ssh: transport.Ssh) -> None:
        self._ssh = ssh

    def script(self, *, server: str, settings: Mapping[str, str | int]) -> str:
        """For the server's root. ValueError names a setting that the agent does not have."""
        known = {field.name: type(field.default) for field in fields(agent.Settings)}
        for name, value in settings.items():
            if name not in known or type(value) is not known[name]:
                raise ValueError(name)
            if isinstance(value, str) and not PLAIN.fullmatch(value):
                raise ValueError(name)
        return script(server=server, public_key=self._ssh.public_key(), settings=settings)


def script(*, server: str, public_key: str, settings: Mapping[str, str | int] | None = None, php: bool = True) -> str:
    """The script for the server named `server`. `public_key`: of the key that PLANSHIFT_SSH_KEY names; `settings`: what
    this server does otherwise than Debian (agent/settings.py). Its last line on standard output is the host key."""
    kind, key = public_key.split()[:2]
    packed = "\n".join(textwrap.wrap(base64.b64encode(bundle.packed()).decode(), 110))
    kept = ""
    if settings:
        kept = (
            f"put /etc/planshift-agent.json 0644 <<'END'\n{json.dumps(dict(settings), indent=1, sort_keys=True)}\nEND\n"
        )
    accounts = str((settings or {}).get("accounts", "/srv/planshift"))
    check = 'ls /usr/sbin/php-fpm[0-9]* >/dev/null 2>&1 || NEED="${NEED:-} php-fpm"' if php else ""
    replaced = {
        "@VERSION@": bundle.version(),
        "": "",
        "@PHP_CHECK@": check,
        "@PACKED@": packed,
        "@FINGERPRINT@": bundle.fingerprint(),
        "@SETTINGS@": kept,
        "@AGENT@": AGENT,
        "@PUBLIC_KEY@": f"{kind} {key}",
        "@ACCOUNTS@": accounts,
        "@SERVER@": shlex.quote(server),
    }
    text = _SCRIPT
    for mark, value in replaced.items():
        text = text.replace(mark, value)
    return text
