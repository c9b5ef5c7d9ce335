"""Which user of the server does an account run as? Every account has one of its own, and whatever touches a client's
files does it as that user: a link that the client laid leads nowhere that he could not go himself."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import resource
import secrets
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import files, said, shell
from .settings import Settings

NOTE = "Planshift account"  # in the user's entry: ours, and nobody else's
NOLOGIN = "/usr/sbin/nologin"
LEAST_UID, LAST_UID = 1000, 59999
KEPT = 16384  # bytes of what a program says


def ensure(settings: Settings, account: str) -> int:
    """The uid of the account's user, made when absent. Trouble "conflict" when the name belongs to somebody else."""
    if not any(group.gr_name == settings.group for group in grp.getgrall()):
        shell.run("groupadd", "--system", settings.group)
    try:
        known = pwd.getpwnam(account)
    except KeyError:
        uid = _next_uid(settings)
        home = str(settings.home(account))
        words = ("--no-create-home", "--home-dir", home, "--shell", NOLOGIN, "--comment", NOTE)
        extra = ("--uid", str(uid), "--user-group", "--groups", settings.group, "--no-log-init")
        shell.run("useradd", *words, *extra, "--", account)
        return uid
    if known.pw_gecos != NOTE or known.pw_uid < settings.uid_first:
        raise said.never("conflict", account=account, remote="a user of that name is there already")
    return known.pw_uid


def ours(settings: Settings, account: str) -> int:
    """The uid of a user that this agent made; 0 when there is none of that name."""
    try:
        known = pwd.getpwnam(account)
    except KeyError:
        return 0
    return known.pw_uid if known.pw_gecos == NOTE and known.pw_uid >= settings.uid_first else 0


def _next_uid(settings: Settings) -> int:
    """A uid that no account had before: what a removed one left somewhere never becomes another's."""
    path = settings.kept("next-uid")
    uid = int((files.read(path) or {"uid": settings.uid_first})["uid"])
    taken = {user.pw_uid for user in pwd.getpwall()} | {group.gr_gid for group in grp.getgrall()}
    while uid in taken:
        uid += 1
    if uid > LAST_UID:
        raise said.never("capacity", remote="no user numbers are left")
    files.keep(path, {"uid": uid + 1})
    return uid


def folders(settings: Settings, account: str, uid: int) -> None:
    """The account's folder (root's: the client cannot rename what lies in it) with the client's `home` and `tmp`."""
    home = settings.home(account)
    os.chmod(home.parent, 0o711)  # noqa: S103 (passed through, not listed: the chroot of SFTP wants it root's)
    web = grp.getgrgid(pwd.getpwnam(settings.web_user).pw_gid).gr_gid
    for path, group, mode in ((home, web, 0o710), (home.parent / "tmp", uid, 0o700)):
        path.mkdir(mode=0o700, exist_ok=True)
        os.chown(path, uid, group, follow_symlinks=False)
        os.chmod(path, mode)


def no_jobs(account: str) -> None:
    """The user leaves no work behind for cron or at: it would run outside of the account's limits."""
    for path in (Path("/etc/cron.deny"), Path("/etc/at.deny")):
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        if account not in lines and (lines or path.name == "cron.deny"):  # an at.deny of ours would let others in
            files.write(path, "\n".join([*(line for line in lines if line), account]) + "\n", mode=0o644)


def jobs_again(account: str) -> None:
    """Forget that, and what cron has of the user's all the same."""
    for path in (Path("/etc/cron.deny"), Path("/etc/at.deny")):
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        if account in lines:
            files.write(path, "\n".join(line for line in lines if line not in ("", account)) + "\n", mode=0o644)
    with contextlib.suppress(FileNotFoundError):
        Path("/var/spool/cron/crontabs", account).unlink()


def may_log_in(account: str, allowed: bool) -> None:
    """Let the user in by SFTP, or not."""
    shell.run("usermod", "--expiredate", "" if allowed else "1", "--", account)


def set_password(account: str) -> str:
    """A new one, which only the answer holds."""
    password = secrets.token_urlsafe(15)
    shell.run("chpasswd", fed=f"{account}:{password}\n")
    return password


def drop(account: str) -> None:
    """Remove the user, if it is ours."""
    try:
        known = pwd.getpwnam(account)
    except KeyError:
        return
    if known.pw_gecos == NOTE:
        shell.run("userdel", "--", account, accept=(0, 6, 12))


def processes(uid: int, *, but: frozenset[int] = frozenset()) -> list[int]:
    """What runs as the user now, by any of its user ids: a set-uid program that he started is his too."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) not in but:
            with contextlib.suppress(OSError):
                lines = Path(entry.path, "status").read_text(errors="replace").splitlines()
                ids = next((line.split()[1:] for line in lines if line.startswith("Uid:")), [])
                if str(uid) in ids and not any(line.startswith("State:\tZ") for line in lines):
                    found.append(int(entry.name))
    return found


def kill_all(uid: int, *, but: frozenset[int] = frozenset()) -> None:
    """End everything that runs as the user. Trouble "busy" when it breeds faster than it dies."""
    if uid < LEAST_UID:
        raise ValueError(f"{uid} is no account's user")
    for _ in range(100):
        left = processes(uid, but=but)
        if not left:
            return
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    raise said.later("busy", processes=len(processes(uid, but=but)))


def become(uid: int) -> None:
    """This process is the user's from here on, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.umask(0o022)


def as_user(uid: int, do: Callable[[], Any], *, seconds: float) -> Any:
    """What `do` returns (JSON), done in a process of the user's. Trouble "remote_failed" when it fails or takes longer
    than `seconds`, "capacity" when the disk or the quota is full."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _child(uid, do, reading, writing, seconds)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        raw = answers.read()
    _, status = os.waitpid(child, 0)
    told = json.loads(raw) if raw else {"error": f"ended with {status}"}
    if "error" in told:
        if told.get("full"):
            raise said.never("capacity", remote=told["error"])
        raise said.later("remote_failed", remote=told["error"])
    return told["made"]


def _child(uid: int, do: Callable[[], Any], reading: int, writing: int, seconds: float) -> None:
    """Never returns."""
    status = 1
    try:
        os.close(reading)
        signal.alarm(max(1, int(seconds)))
        become(uid)
        os.chdir("/")
        try:
            told = {"made": do()}
        except OSError as problem:
            where = said.shortened(os.fsdecode(problem.filename or ""))
            told = {"error": f"{problem.strerror}: {where}", "full": problem.errno in (28, 122)}
        except said.Trouble as trouble:
            told = {"error": str(trouble.facts.get("remote", trouble.what)), "full": trouble.what == "capacity"}
        with os.fdopen(writing, "wb") as answer:
            answer.write(json.dumps(told).encode())
        status = 0
    finally:
        os._exit(status)


def run_as(
    uid: int, words: Sequence[str], *, seconds: float, stdin: Any = None, stdout: Any = None, most: int = -1
) -> tuple[int, str, str]:
    """Run a program as the user: exit status, and the ends of what it wrote to its two outputs. Whoever is the user may
    meddle with it, so it gets nothing of root's but the open files named here, may write at most `most` bytes to a
    file, and what it says is not kept beyond measure. Trouble "remote_failed" when it takes too long."""

    def enter() -> None:
        if most >= 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        become(uid)

    process = subprocess.Popen(
        list(words),
        stdin=stdin if stdin is not None else subprocess.DEVNULL,
        stdout=stdout if stdout is not None else subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=shell.CLEAN,
        cwd="/",
        preexec_fn=enter,
        start_new_session=True,
    )
    told = {pipe: b"" for pipe in (process.stdout, process.stderr) if pipe is not None}
    end, open_pipes = time.monotonic() + seconds, list(told)
    while open_pipes:
        ready = select.select(open_pipes, [], [], max(0.0, end - time.monotonic()))[0]
        if not ready:
            process.kill()
            process.wait()
            raise said.later("remote_failed", program=words[0], remote=f"no end after {seconds:.0f} s")
        for pipe in ready:
            block = os.read(pipe.fileno(), 65536)
            told[pipe] = (told[pipe] + block)[-KEPT:]
            if not block:
                open_pipes.remove(pipe)
    status = process.wait()
    ends = [told.get(pipe, b"").decode(errors="replace") if pipe else "" for pipe in (process.stdout, process.stderr)]
    for pipe in told:
        pipe.close()
    return status, ends[0], ends[1]


def welcome(settings: Settings, account: str, label: str) -> None:
    """As the user: the folder of the site, with a page of its own when there is a label and no page yet."""
    public = Path(settings.home(account), "public")
    public.mkdir(mode=0o755, exist_ok=True)
    if label and not any(public.iterdir()):
        safe = label.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        page = f"<!doctype html><meta charset=utf-8><title>{safe}</title><p>{safe}</p>\n"
        with (public / "index.html").open("x", encoding="utf-8") as file:
            file.write(page)
