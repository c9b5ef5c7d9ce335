"""How do the scripts of an account run? In a php-fpm of its own, as the account's user, inside its control group."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from . import cgroups, files, shell
from .accounts import Account
from .settings import Settings

USUAL_WORKERS = 5


def program(settings: Settings) -> str:
    """The newest php-fpm of the server; "" when there is none."""
    if settings.php_fpm:
        return settings.php_fpm
    found = [path for path in Path("/usr/sbin").glob("php-fpm[0-9]*") if _version(path)]
    return str(max(found, key=_version)) if found else ""


def _version(path: Path) -> tuple[int, ...]:
    parts = path.name[len("php-fpm") :].split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def socket_of(settings: Settings, account: str) -> Path:
    """Where nginx reaches it."""
    return settings.running("php", f"{account}.sock")


def _pid_of(settings: Settings, account: str) -> int:
    """The process id of its master; 0 when it does not run."""
    try:
        pid = int(settings.running("php", f"{account}.pid").read_text())
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    return pid if b"php-fpm: master process" in title and f"/{account}.conf".encode() in title else 0


def runs(settings: Settings, account: str) -> bool:
    """Is its master there, or is there no php-fpm on this server at all?"""
    return not program(settings) or _pid_of(settings, account) != 0


def family(settings: Settings, account: str) -> frozenset[int]:
    """Its master and workers."""
    master = _pid_of(settings, account)
    if not master:
        return frozenset()
    found = {master}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                if int(Path(entry.path, "stat").read_text().rpartition(")")[2].split()[1]) == master:
                    found.add(int(entry.name))
    return frozenset(found)


def apply(settings: Settings, account: Account) -> bool:
    """Run as many workers as the account may have; did anything change? Stopped while nobody is served."""
    if not program(settings) or not account.domains:
        return False
    if not account.serves:
        return stop(settings, account.account)
    files.folder(settings.running("php"), mode=0o711)
    path = settings.kept("php", f"{account.account}.conf")
    text = config(settings, account)
    changed = not path.exists() or path.read_text(encoding="utf-8") != text
    if changed:
        files.write(path, text)
    master = _pid_of(settings, account.account)
    if master and changed:
        refresh(
            settings, account.account
        )  # reads its configuration anew and keeps the socket: no visitor is turned away
    if not master:
        words = (program(settings), "--fpm-config", str(path), "--daemonize")
        shell.run(*words, enter=lambda: cgroups.enter(settings, account.account))
    return changed or not master


def refresh(settings: Settings, account: str) -> None:
    """Read the configuration anew: requests under way end first, others wait at the socket meanwhile."""
    master = _pid_of(settings, account)
    if master:
        os.kill(master, signal.SIGUSR2)


def renew(settings: Settings, account: str) -> None:
    """No worker of before is left when this returns, so that none keeps a file open for writing."""
    before = family(settings, account) - {_pid_of(settings, account)}
    refresh(settings, account)
    end = time.monotonic() + 20
    while before & family(settings, account) and time.monotonic() < end:
        time.sleep(0.02)


def stop(settings: Settings, account: str) -> bool:
    """End it; was it running?"""
    master = _pid_of(settings, account)
    if not master:
        return False
    os.kill(master, signal.SIGQUIT)
    end = time.monotonic() + 5
    while _pid_of(settings, account) and time.monotonic() < end:
        time.sleep(0.02)
    left = family(settings, account)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return True


def drop(settings: Settings, account: str) -> None:
    """Stop it and forget how it was set up."""
    stop(settings, account)
    files.remove(settings.kept("php", f"{account}.conf"))
    for path in (socket_of(settings, account), settings.running("php", f"{account}.pid")):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def config(settings: Settings, account: Account) -> str:
    """The pool. Every word in it was checked by `asked`, or comes from our own settings."""
    processes = account.enforce.get("processes", -1)
    workers = account.enforce.get("php_workers", -1)
    workers = USUAL_WORKERS if workers < 1 else workers
    if processes > 0:
        workers = max(1, min(workers, processes - 2))
    home = settings.home(account.account)
    tmp = home.parent / "tmp"
    name = account.account
    return f"""[global]
pid = {settings.running("php", f"{name}.pid")}
error_log = syslog
syslog.ident = php-{name}
process_control_timeout = 10s
[{name}]
user = {name}
group = {name}
listen = {socket_of(settings, name)}
listen.owner = {settings.web_user}
listen.group = {settings.web_user}
listen.mode = 0600
pm = ondemand
pm.max_children = {workers}
pm.process_idle_timeout = 20s
pm.max_requests = 1000
chdir = {home}
clear_env = yes
php_admin_value[open_basedir] = {home}:{tmp}
php_admin_value[sys_temp_dir] = {tmp}
php_admin_value[upload_tmp_dir] = {tmp}
php_admin_value[session.save_path] = {tmp}
php_admin_value[opcache.revalidate_freq] = 0
"""
