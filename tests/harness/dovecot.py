"""A Dovecot of our own for tests: unprivileged, on a free port of this machine, TLS with a certificate of its own."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.harness import free_ports

USER, PASSWORD = "faktury@hosting.example", "a-password-of-the-tests"
PATIENCE_SECONDS = 20
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
first_valid_uid = 1
first_valid_gid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
"""


def missing() -> str:
    """What is not on this machine, and how to get it; "" when all is there."""
    needed = {"dovecot": "dovecot-imapd", "openssl": "openssl"}
    packages = [package for command, package in needed.items() if _found(command) is None]
    return f"apt-get install {' '.join(packages)}" if packages else ""


def _found(command: str) -> str | None:
    return shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@dataclass
class Dovecot:
    """A running server with one account."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    plain: int
    tls: int
    account: pwd.struct_passwd

    @property
    def ca_file(self) -> Path:
        return self.folder / "cert.pem"

    def receive(self, raw: bytes) -> None:
        """A mail arrives."""
        number = time.monotonic_ns()
        part, whole = self.folder / "mail" / "tmp" / f"{number}.demo", self.folder / "mail" / "new" / f"{number}.demo"
        part.write_bytes(raw)
        os.chown(part, self.account.pw_uid, self.account.pw_gid)
        part.rename(whole)

    def renumber(self) -> None:
        """The index is lost: the server numbers all messages anew."""
        for path in (self.folder / "mail").glob("dovecot*"):
            path.unlink()

    def flags(self) -> list[str]:
        """The flags of every message, as maildir writes them ("S": seen)."""
        return sorted(path.name.rpartition(",")[2] for path in (self.folder / "mail" / "cur").iterdir())

    def stop(self) -> None:
        """It and what it started; its files are gone."""
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Dovecot:
    """As root it runs as `nobody`, for it keeps no mail of root."""
    folder = Path(tempfile.mkdtemp(prefix="planshift-imap-", dir="/tmp"))  # short: a socket's path has 107 characters
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    plain, tls = free_ports.take(), free_ports.take()
    for name in ("run", "state", "mail", "mail/new", "mail/cur", "mail/tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    certificate = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    where = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([_found("openssl") or "openssl", *certificate, *names, *where], check=True, capture_output=True)
    text = _CONFIGURATION.format(
        folder=folder, user=account.pw_name, group=grp.getgrgid(account.pw_gid).gr_name, plain=plain, tls=tls,
        password=PASSWORD, uid=account.pw_uid, gid=account.pw_gid,
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(text, encoding="utf-8")
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [_found("dovecot") or "dovecot", "-F", "-c", str(folder / "dovecot.conf")],
            user=account.pw_uid if os.geteuid() == 0 else None,
            group=account.pw_gid if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    made = Dovecot(folder, process, plain, tls, account)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", tls)) == 0:
                return made
        time.sleep(0.05)
    said = "\n".join(p.read_text(errors="replace") for p in (folder / "output", folder / "log") if p.exists())
    made.stop()
    raise RuntimeError(f"dovecot did not start: {said[-3000:]}")
