"""How is one request put to a server? One SSH connection, one JSON document in, one out; the server's key is pinned.

Whatever goes wrong before the request left is Transient; after that nobody knows, which is Unknown for a mutation and
Transient for a question. A server that shows another key than the one we keep is refused for good, and loudly.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports

PROTOCOL = 1
PORT = 22
LOGIN = "planshift"
CONNECT_SECONDS = 20.0
LARGEST_ANSWER = 4 * 1024 * 1024

asyncssh.set_log_level(logging.WARNING)  # one line for every packet is nobody's business
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Where:
    """How a server is reached."""

    code: str
    host: str
    port: int
    login: str
    host_key: str


def where(server: ports.ServerAt) -> Where:
    """From its address (`host`, `host:port`, `[v6]:port`) and its traits `host_key` and `login`. Permanent("invalid")
    without a pinned key: we never talk to whoever answers."""
    host, port = split(server.address)
    host_key = " ".join(str(server.traits.get("host_key", "")).split()[:2])
    if not host or not host_key:
        raise Permanent("invalid", server=server.code, remote="no address, or no pinned host key")
    return Where(server.code, host, port, str(server.traits.get("login", LOGIN)), host_key)


def split(address: str) -> tuple[str, int]:
    """Host and port of an address; the port is 22 unless it says another. Permanent("invalid") for what is none."""
    host, port = address.strip(), ""
    if host.startswith("["):
        host, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise Permanent("invalid", remote=f"{address} is no address")
    return host, int(port) if port else PORT


class Ssh:
    """Requests to agents, with one private key that is read from a file when it is first needed."""

    def __init__(self, *, key_file: str) -> None:
        self._key_file = key_file

    def ask(
        self, *, server: ports.ServerAt, request: Mapping[str, Any], seconds: float, changes: bool
    ) -> dict[str, Any]:
        """The agent's answer. `seconds`: how long it may take once it was asked. `changes`: it is a mutation, so no
        answer means Unknown("no_answer"). Transient("unreachable") when it was not asked at all; Permanent when the
        server shows another key, does not let us in, or says that it never will."""
        to = where(server)
        sent = {"yes": False}
        try:
            raw = asyncio.run(self._ask(to, json.dumps({"protocol": PROTOCOL, **request}), seconds, sent))
            answer = json.loads(raw)
        except asyncssh.HostKeyNotVerifiable as problem:
            log.critical("server %s shows another host key than the pinned one; nothing was sent", to.code)
            raise Permanent(
                "remote_refused", server=to.code, remote="another host key than the pinned one"
            ) from problem
        except asyncssh.KeyExchangeFailed as problem:
            log.critical("server %s has no key of the kind that we pinned, or is too old; nothing was sent", to.code)
            remote = f"no agreement about keys: {problem}"[:300]
            raise Permanent("remote_refused", server=to.code, remote=remote) from problem
        except asyncssh.PermissionDenied as problem:
            raise Permanent("remote_refused", server=to.code, remote="does not let our key in") from problem
        except (OSError, TimeoutError, asyncssh.Error, ValueError) as problem:
            facts: dict[str, Any] = {"server": to.code, "remote": f"{type(problem).__name__}: {problem}"[:300]}
            if sent["yes"] and changes:
                raise Unknown("no_answer", **facts) from problem
            raise Transient("unreachable", **facts) from problem
        return _opened(to, answer)

    def public_key(self) -> str:
        """What servers have to let in. Transient("unreachable") when our own key cannot be read."""
        return _private_key(self._key_file).export_public_key("openssh").decode("ascii").strip()

    async def _ask(self, to: Where, request: str, seconds: float, sent: dict[str, bool]) -> str:
        options: dict[str, Any] = {
            "port": to.port,
            "username": to.login,
            "client_keys": [_private_key(self._key_file)],
            "known_hosts": asyncssh.import_known_hosts(f"* {to.host_key}\n"),
            "server_host_key_algs": _algorithms(to.host_key),
            "config": None,
            "agent_path": None,
            "password": None,
            "preferred_auth": "publickey",
            "keepalive_interval": 15,
            "connect_timeout": CONNECT_SECONDS,
            "login_timeout": CONNECT_SECONDS,
        }
        async with asyncssh.connect(to.host, **options) as connection:
            process = await asyncio.wait_for(connection.create_process(encoding=None), CONNECT_SECONDS)
            sent["yes"] = True
            process.stdin.write(request.encode())
            process.stdin.write_eof()
            raw = await asyncio.wait_for(_all(process.stdout), seconds)
            return bytes(raw).decode("utf-8")


async def _all(stream: Any) -> bytes:
    """Everything until the end. ValueError when it is more than an answer can be."""
    raw = b""
    while block := await stream.read(65536):
        raw += block
        if len(raw) > LARGEST_ANSWER:
            raise ValueError("more than an answer can be")
    if not raw:
        raise ConnectionError("the connection ended without an answer")
    return raw


def _private_key(path: str) -> asyncssh.SSHKey:
    """The key; Transient("unreachable") when the file is not there: staff put it right, nothing was asked."""
    try:
        return asyncssh.import_private_key(Path(path).read_bytes())
    except (OSError, asyncssh.KeyImportError) as problem:
        name = type(problem).__name__
        raise Transient("unreachable", remote=f"our own key cannot be read ({name}): PLANSHIFT_SSH_KEY") from problem


def _algorithms(host_key: str) -> list[str]:
    """What the server may sign with, so that it shows the key that we know and not another of its keys."""
    kind = host_key.split()[0]
    return ["rsa-sha2-512", "rsa-sha2-256"] if kind == "ssh-rsa" else [kind]


def _plain(value: Any, depth: int = 0) -> Any:
    """What a server says, fit to be kept: a few levels, texts without control characters, not too long."""
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode("utf-8")[:2000]
        return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
    if isinstance(value, dict) and depth < 4:
        return {_plain(str(name)): _plain(each, depth + 1) for name, each in list(value.items())[:100]}
    if isinstance(value, list) and depth < 4:
        return [_plain(each, depth + 1) for each in value[:200]]
    return value if isinstance(value, bool | int) and abs(value) < 1 << 62 else None


def _opened(to: Where, answer: Any) -> dict[str, Any]:
    """What the agent said, or its refusal as one of the port's errors."""
    if not isinstance(answer, dict) or answer.get("protocol") != PROTOCOL:
        raise Permanent("unsupported", server=to.code, remote="an agent of another protocol: install it anew")
    if answer.get("ok") is True and isinstance(answer.get("answer"), dict):
        made = _plain(answer["answer"])
        return {**made, "agent": _plain(answer.get("version")), "fingerprint": _plain(answer.get("fingerprint"))}
    what = str(answer.get("what"))
    told = answer.get("facts")
    facts: dict[str, Any] = {**_plain(told if isinstance(told, dict) else {}), "server": to.code}
    if what not in ports.PROBLEMS:
        raise Transient("remote_failed", server=to.code, remote="an answer that says nothing")
    raise (Permanent if answer.get("kind") == "permanent" else Transient)(what, **facts)
