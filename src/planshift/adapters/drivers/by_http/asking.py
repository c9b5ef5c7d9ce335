"""How is one request put to a vendor's server? HTTPS only, its certificate verified or pinned, one answer of a sensible
size, no redirection followed, no proxy of the environment used.

Whatever goes wrong before the request left is Transient; after that nobody knows, which is Unknown for a mutation and
Transient for a question. The token travels in a header, and neither it nor an address with parameters is ever in an
error or a log.
"""

import json
import logging
import re
import socket
import ssl
import stat
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports

CONNECT_SECONDS = 10.0
LARGEST_ANSWER = 8 * 1024 * 1024
_FINGERPRINT = re.compile(r"([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Token:
    """What lets us in at a server. Not shown in a repr."""

    user: str
    secret: str = field(repr=False)
    ca_file: str = ""


class Tokens:
    """The file with our tokens: TOML, a table for each server by its code, with `user`, `token` and, where the
    certificate is signed by an authority of your own, `ca_file`. Read whenever a server is asked."""

    def __init__(self, *, file: str) -> None:
        self._file = file

    def of(self, server: ports.ServerAt) -> Token:
        """Transient("unreachable") when the file cannot be read: staff put it right, nothing was asked.
        Permanent("invalid") when others may read it, or it has nothing about this server."""
        path = Path(self._file)
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise Permanent("invalid", server=server.code, remote="the file of tokens can be read by others")
            read = tomllib.loads(path.read_text("utf-8")).get(server.code)
        except (OSError, ValueError) as problem:
            remote = f"our file of tokens cannot be read ({type(problem).__name__}): PLANSHIFT_SERVER_TOKENS"
            raise Transient("unreachable", server=server.code, remote=remote) from None
        known = read if isinstance(read, dict) else {}
        if not (known.get("user") and known.get("token")):
            raise Permanent("invalid", server=server.code, remote="no user and token for this server in our file")
        return Token(str(known["user"]), str(known["token"]), str(known.get("ca_file", "")))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    reason: str  # of the status line
    body: str

    @property
    def hint(self) -> str:
        """Something for staff to read."""
        return plain(f"{self.status} {self.reason} {self.body[:200]}")


class Https:
    """Requests to servers of one kind. `port`: where they listen unless their address says otherwise; `seconds`: how
    long an answer may take, from the question to its last byte."""

    def __init__(self, *, port: int, seconds: float) -> None:
        self._port, self._seconds = port, seconds

    def ask(
        self,
        *,
        server: ports.ServerAt,
        token: Token,
        authorization: str,
        method: str,
        path: str,
        given: Mapping[str, str],
        changes: bool,
        hide: Sequence[str] = (),
    ) -> Answer:
        """One request; `given` goes into the body of a POST or PUT, else into the address. Our token and what is named
        in `hide` are struck out of the answer. Raises as the module says; Permanent("remote_refused") for a certificate
        that is not the one we trust."""
        in_body = method in ("POST", "PUT")
        with requests.Session() as session:
            session.trust_env = False
            adapter, verify = _trust(server, token)
            session.mount("https://", adapter)
            request = requests.Request(
                method,
                f"https://{where(server, self._port)}{path}",
                data=dict(given) if in_body else None,
                params=None if in_body else dict(given),
                headers={"Authorization": authorization, "Accept": "application/json", "User-Agent": "Planshift"},
            ).prepare()
            try:
                with adapter.ended_after(CONNECT_SECONDS + self._seconds):
                    timeout = (CONNECT_SECONDS, self._seconds)
                    answer = session.send(request, timeout=timeout, allow_redirects=False, verify=verify, stream=True)
                    said = _all(answer)
                secrets = (token.secret, *hide)
                return Answer(answer.status_code, _struck(str(answer.reason or ""), secrets), _struck(said, secrets))
            except requests.exceptions.SSLError as problem:
                if _untrusted(problem):
                    log.critical(
                        "server %s shows another certificate than the one we trust; nothing was sent", server.code
                    )
                    remote = "another certificate than the one we trust"
                    raise Permanent("remote_refused", server=server.code, remote=remote) from None
                raise _lost(problem, server, changes) from None
            except (requests.RequestException, OSError, ValueError) as problem:
                raise _lost(problem, server, changes) from None


def where(server: ports.ServerAt, port: int) -> str:
    """Host and port of an address (`host`, `host:port`, `[v6]:port`). Permanent("invalid") for what is none."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?", server.address.strip())
    if found is None:
        raise Permanent("invalid", server=server.code, remote="no address")
    return f"{found.group(1)}:{found.group(2) or port}"


def host_of(server: ports.ServerAt) -> str:
    """The host alone, an address of IPv6 in its brackets."""
    return where(server, 0).rpartition(":")[0]


def plain(text: str) -> str:
    """What a server says, fit to be kept: no control characters, no markup, not too long."""
    text = re.sub(r"<[^>]{0,200}>", " ", text)
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:500]


class _Adapter(HTTPAdapter):
    """Connections that can be ended from outside. With a `fingerprint`: trusts this certificate, whoever signed it."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint, self._made, self._over = fingerprint, list[HTTPSConnection](), False
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._fingerprint:
            context = create_urllib3_context()  # of our own: the system's authorities need not be read for this
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            kwargs |= {"assert_fingerprint": self._fingerprint, "ssl_context": context}
        super().init_poolmanager(*args, **kwargs)
        made = self._made

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                made.append(self)
                super().connect()

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        self.poolmanager.pool_classes_by_scheme = {"https": Pool}

    @contextmanager
    def ended_after(self, seconds: float) -> Iterator[None]:
        """A server that goes on and on does not hold us: ReadTimeout, whatever it says after that."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
        if self._over:
            raise requests.ReadTimeout

    def _end(self) -> None:
        self._over = True
        for one in self._made:
            if one.sock is not None:
                with suppress(OSError):
                    one.sock.shutdown(socket.SHUT_RDWR)


def _trust(server: ports.ServerAt, token: Token) -> tuple[_Adapter, bool | str]:
    """The pinned certificate (trait `fingerprint`), else our own authority, else the system's."""
    pinned = str(server.traits.get("fingerprint", ""))
    if pinned and not _FINGERPRINT.fullmatch(pinned):
        raise Permanent("invalid", server=server.code, remote="the fingerprint is no SHA-256")
    # who signed a pinned certificate and for which name says nothing more than the fingerprint
    return _Adapter(pinned), False if pinned else token.ca_file or True


def _struck(text: str, secrets: Sequence[str]) -> str:
    """Without the secrets, as they are or as an answer writes them."""
    for secret in filter(None, secrets):
        for form in (secret, json.dumps(secret)[1:-1], quote_plus(secret)):
            text = text.replace(form, "…")
    return text


def _untrusted(problem: Exception) -> bool:
    told = str(problem)
    return any(word in told for word in ("CERTIFICATE_VERIFY_FAILED", "Fingerprints did not match", "doesn't match"))


def _lost(problem: Exception, server: ports.ServerAt, changes: bool) -> Exception:
    facts: dict[str, Any] = {"server": server.code, "remote": type(problem).__name__}
    inner = getattr(problem.args[0] if problem.args else None, "reason", None)
    never_left = isinstance(problem, requests.ConnectTimeout) or type(inner).__name__ in (
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
    )
    if changes and not never_left:
        return Unknown("no_answer", **facts)
    return Transient("unreachable", **facts)


def _all(answer: requests.Response) -> str:
    raw = b""
    for block in answer.iter_content(65536):
        raw += block
        if len(raw) > LARGEST_ANSWER:
            raise ValueError("more than an answer can be")
    return raw.decode("utf-8", "replace")
