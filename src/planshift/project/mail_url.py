"""Which mail server does an address in the settings name? A wrong one stops the start."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from planshift.project import env

Security = Literal["tls", "starttls", "none"]
# scheme → (how the connection is protected, usual port)
SMTP: dict[str, tuple[Security, int]] = {"smtp": ("none", 25), "smtp+tls": ("starttls", 587), "smtps": ("tls", 465)}
IMAP: dict[str, tuple[Security, int]] = {"imap": ("none", 143), "imap+tls": ("starttls", 143), "imaps": ("tls", 993)}
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mail server, who we are there, and for a mailbox which folder is read and where read mails are moved to."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = ""
    move_to: str = ""


def read(url: str, *, variable: str, schemes: dict[str, tuple[Security, int]]) -> Address:
    """The parts of `url`. EnvironmentProblem, never with the password, for one that cannot be used: a password goes
    over an unprotected connection only inside this machine."""
    names = [f"{scheme}://" for scheme in schemes]
    shape = f"{variable} must be {', '.join(names[:-1])} or {names[-1]}user:password@host:port"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise env.EnvironmentProblem(shape) from problem
    if parts.scheme not in schemes or not parts.hostname:
        raise env.EnvironmentProblem(shape)
    security, usual = schemes[parts.scheme]
    if security == "none" and parts.password and parts.hostname not in _HERE:
        raise env.EnvironmentProblem(f"{variable} would send a password unprotected: use one with TLS")
    return Address(
        host=parts.hostname,
        port=port or usual,
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")),
        move_to=next(iter(parse_qs(parts.query).get("move", [])), ""),
    )
