"""Where does everything lie on this server? Defaults of Debian, changed by a file that only root can write."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import dataclass, fields
from pathlib import Path

FILE = "/etc/planshift-agent.json"


@dataclass(frozen=True)
class Settings:
    """Paths and names. `authorized_keys` is where one-time keys for copies are put; `command` is how a forced command
    starts this agent as root; `acme` is where
    answers to a certificate authority are put; `made_again` names what programs of a site make again by themselves
    (`looking`): folders, by the end of their path with a slash, and beginnings of names that are made up."""

    accounts: str = "/srv/planshift"
    state: str = "/var/lib/planshift-agent"
    log: str = "/var/log/planshift-agent.log"
    run: str = "/run/planshift-agent"
    group: str = "planshift-accounts"
    uid_first: int = 20000
    sites: str = "/etc/nginx/conf.d"
    nginx: str = "/usr/sbin/nginx"
    nginx_pid: str = "/run/nginx.pid"
    nginx_log: str = "/var/log/nginx"
    acme: str = "/var/lib/planshift-acme"
    web_user: str = "www-data"
    http_port: int = 80
    https_port: int = 443
    upstream_port: int = 80
    certificates: str = "/etc/letsencrypt/live"
    php_fpm: str = ""
    cgroups: str = "/sys/fs/cgroup"
    login: str = "planshift"
    authorized_keys: str = "/var/lib/planshift-login/.ssh/authorized_keys"
    command: str = "sudo -n /usr/local/sbin/planshift-agent"
    made_again: str = (
        "wp-content/cache/ administrator/cache/ var/cache/ storage/framework/cache/ storage/framework/sessions/ "
        "storage/framework/views/ sess_"
    )

    @property
    def base(self) -> Path:
        """The folder of all accounts."""
        return Path(self.accounts)

    def home(self, account: str) -> Path:
        """What the client may write; its parent belongs to root."""
        return self.base / account / "home"

    def kept(self, *parts: str) -> Path:
        """A path in the agent's own state."""
        return Path(self.state, *parts)

    def running(self, *parts: str) -> Path:
        """A path that does not survive a restart of the server."""
        return Path(self.run, *parts)


def load(path: str = FILE) -> Settings:
    """The settings of this server. Ends the program when somebody else than root could have written the file."""
    known = {field.name: type(field.default) for field in fields(Settings)}
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return Settings()
    with os.fdopen(handle, encoding="utf-8") as file:
        status = os.fstat(file.fileno())
        if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            sys.exit(f"{path} must belong to root and be writable by root alone")
        given = json.load(file)
    for name, value in given.items():
        if name not in known or type(value) is not known[name]:
            sys.exit(f"{path}: {name} is unknown or of the wrong type")
    return Settings(**given)
