"""What do name servers and resolvers answer right now? Asked one by one, past any cache of this machine."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from planshift.domain.errors import Transient
from planshift.provisioning import ports

SECONDS = 3.0
TYPES = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Server:
    """A name server or resolver by address and port."""

    host: str
    port: int = 53

    @classmethod
    def read(cls, text: str) -> "Server":
        """`192.0.2.1`, `192.0.2.1:5300`, `2001:db8::1` or `[2001:db8::1]:5300`. ValueError for anything else: names are
        not looked up here, for looking up names is what is being checked."""
        host, _, port = text.strip().rpartition("]:") if "]:" in text else (text.strip(), "", "")
        if not port and host.count(":") == 1:
            host, _, port = host.partition(":")
        return cls(str(ipaddress.ip_address(host.strip("[]"))), int(port or 53))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def type_of(address: str) -> str:
    """A or AAAA. ValueError where `address` is none."""
    return TYPES[ipaddress.ip_address(address).version == 6]


def observed(*, servers: Sequence[Server], name: str) -> Mapping[str, tuple[str, ...]]:
    """The addresses that each of `servers` answers for `name`; nothing for one that does not answer."""
    return {str(server): _answer(server, name) for server in servers}


def _answer(server: Server, name: str) -> tuple[str, ...]:
    found: list[str] = []
    for kind in TYPES:
        try:
            answer = exchange(server, dns.message.make_query(name, kind), seconds=SECONDS)
        except Transient:
            return ()
        found += [
            item.to_text() for each in answer.answer if each.rdtype == dns.rdatatype.from_text(kind) for item in each
        ]
    return tuple(sorted(found))


def authoritative(*, server: Server, name: str) -> ports.Record | None:
    """The address record of `name` at a server that must know; None where it does not serve the name or has no address
    for it. Transient where it does not answer."""
    values: list[str] = []
    ttl = 0
    for kind in TYPES:
        query = dns.message.make_query(name, kind)
        query.flags &= ~dns.flags.RD
        answer = exchange(server, query)
        if not answer.flags & dns.flags.AA:
            continue
        for each in answer.answer:
            if each.rdtype == dns.rdatatype.from_text(kind) and each.name == query.question[0].name:
                values += sorted(item.to_text() for item in each)
                ttl = max(ttl, each.ttl)
    return ports.Record(ttl, tuple(values)) if values else None


def exchange(server: Server, query: dns.message.Message, *, seconds: float = SECONDS) -> dns.message.Message:
    """Ask over TCP: nothing is cut short, and a lost packet is not a lost answer. Transient where nobody answers."""
    try:
        answer = dns.query.tcp(query, server.host, port=server.port, timeout=seconds)
    except (OSError, dns.exception.DNSException, EOFError) as problem:
        raise Transient("unreachable", dns=str(server), remote=type(problem).__name__) from problem
    if answer.rcode() == dns.rcode.SERVFAIL:
        raise Transient("remote_failed", dns=str(server), remote="SERVFAIL")
    return answer
