"""What do visitors get? One nginx server block for each account: tried before it counts, taken back when refused."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from . import files, php, said, shell
from .accounts import Account
from .settings import Settings

WAITS = 60.0  # seconds for others who change the configuration
TAKES_OVER = 10.0  # seconds until new workers serve


def path_of(settings: Settings, account: str) -> Path:
    """The file of an account's server block."""
    return Path(settings.sites, f"planshift-{account}.conf")


def log_of(settings: Settings, account: str) -> Path:
    """Who visited it."""
    return Path(settings.nginx_log, f"planshift-{account}.log")


def apply(settings: Settings, account: Account) -> bool:
    """Make nginx serve the account as it is now. Did anything change? Trouble "remote_refused" when nginx does not
    accept it, "conflict" when another site there has the name: then the former configuration is in force again."""
    if not account.domains:
        return False
    return _replace(settings, path_of(settings, account.account), block(settings, account), account.domains)


def drop(settings: Settings, account: str) -> bool:
    """Serve it no longer."""
    return _replace(settings, path_of(settings, account), None, [])


def _replace(settings: Settings, path: Path, text: str | None, domains: list[str]) -> bool:
    with files.locked(settings.kept("locks", "nginx"), seconds=WAITS):
        former = path.read_text(encoding="utf-8") if path.exists() else None
        if former != text:
            _put(path, text)
            tried = shell.run(settings.nginx, "-t", accept=(0, 1))
            doubled = [name for name in domains if f'conflicting server name "{name}"' in tried.stderr]
            if tried.returncode or doubled:
                _put(path, former)
                others = shell.run(settings.nginx, "-t", accept=(0, 1)).returncode
                remote = said.shortened(tried.stderr)
                if doubled:
                    raise said.never("conflict", domain=doubled[0], remote=remote)
                raise (
                    said.later("remote_failed", remote=remote)
                    if others
                    else said.never("remote_refused", remote=remote)
                )
            try:
                reload(settings)
            except said.Trouble:
                _put(path, former)
                raise
        return former != text


def _put(path: Path, text: str | None) -> None:
    if text is None:
        files.remove(path)
    else:
        files.write(path, text, mode=0o644)


def reload(settings: Settings) -> None:
    """New workers serve when this returns: nginx itself says nothing about that."""
    try:
        master = int(Path(settings.nginx_pid).read_text())
        name = Path(f"/proc/{master}/cmdline").read_bytes()
    except (OSError, ValueError):
        name = b""
    if not name.startswith(b"nginx: master"):
        raise said.later("remote_failed", remote="nginx is not running")
    before = _workers(master)
    os.kill(master, signal.SIGHUP)
    end = time.monotonic() + TAKES_OVER
    while time.monotonic() < end:
        now = _workers(master)
        if now - before and not now & before:
            return
        time.sleep(0.02)
    raise said.later("remote_failed", remote="nginx did not take over its new configuration: its error log says why")


def _workers(master: int) -> set[int]:
    """Workers that take new connections."""
    found = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                stat = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                title = Path(entry.path, "cmdline").read_bytes() + b"\0"
                if int(stat[1]) == master and b"worker process\0" in title:
                    found.add(int(entry.name))
    return found


def block(settings: Settings, account: Account) -> str:
    """The server block. Every word in it was checked by `asked`, or comes from our own settings."""
    lines = [*_listens(settings, account), f"server_name {' '.join(account.domains)};"]
    lines.append(f"access_log {log_of(settings, account.account)};")
    if account.quarantined:
        lines.append("location / { return 410; }")
    elif account.suspended:
        lines.append("location / { return 503; }")
    elif account.proxied_to:
        lines += _passed_on(settings, account.proxied_to)
    else:
        lines += _served(settings, account)
    body = "\n".join(f"    {line}" for line in lines)
    return f"# {account.account}: written by the Planshift agent; changes are lost\nserver {{\n{body}\n}}\n"


def _listens(settings: Settings, account: Account) -> list[str]:
    hosts = ["", "[::]:"] if os.path.exists("/proc/net/if_inet6") else [""]
    lines = [f"listen {host}{settings.http_port};" for host in hosts]
    kept = Path(settings.certificates, account.domains[0])
    if (kept / "fullchain.pem").exists() and (kept / "privkey.pem").exists():
        lines += [f"listen {host}{settings.https_port} ssl;" for host in hosts]
        lines += [f"ssl_certificate {kept}/fullchain.pem;", f"ssl_certificate_key {kept}/privkey.pem;"]
    return lines


def _passed_on(settings: Settings, upstream: str) -> list[str]:
    """To the new server, as if the visitor had come there; answers for its certificate authority too."""
    to = upstream
    if upstream.count(":") > 1 and not upstream.startswith("["):
        to = f"[{upstream}]"
    if ":" not in to.rpartition("]")[2]:
        to = f"{to}:{settings.upstream_port}"
    return [
        "client_max_body_size 0;",
        "location / {",
        f"    proxy_pass http://{to};",
        "    proxy_http_version 1.1;",
        "    proxy_set_header Host $http_host;",
        '    proxy_set_header Connection "";',
        "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "    proxy_set_header X-Forwarded-Proto $scheme;",
        "    proxy_connect_timeout 5s;",
        "    proxy_read_timeout 300s;",
        "}",
    ]


def _served(settings: Settings, account: Account) -> list[str]:
    """From the client's folder; a link is followed only to what is the client's own."""
    home = settings.home(account.account)
    lines = [
        f"root {home}/public;",
        f"disable_symlinks if_not_owner from={home};",
        "client_max_body_size 128m;",
        "index index.php index.html index.htm;",
        f"location ^~ /.well-known/acme-challenge/ {{ disable_symlinks on; root {settings.acme}; }}",
        r"location ~ /\.(?!well-known/) { deny all; }",
    ]
    if php.program(settings):
        lines += [
            "location / { try_files $uri $uri/ /index.php$is_args$args; }",
            r"location ~ \.php$ {",
            "    try_files $uri =404;",
            "    include /etc/nginx/fastcgi_params;",
            "    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;",
            f"    fastcgi_pass unix:{php.socket_of(settings, account.account)};",
            "}",
        ]
    return lines
