"""The provider's zones on any server that takes dynamic updates (RFC 2136) signed with TSIG: BIND, Knot, Windows.

What stood there before is a prerequisite of every update, so that the server itself compares and swaps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.tsigkeyring
import dns.update

from planshift.adapters.dns import asking
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports

SECONDS = 10.0
ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512")
MOVED = (dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A TSIG key; `secret` is Base64, as name servers write it."""

    name: str
    secret: str
    algorithm: str = "hmac-sha256"

    def __repr__(self) -> str:
        return f"Key({self.name}, {self.algorithm})"  # no secret in a log


class Rfc2136:
    """The `Dns` port. `server` is the primary of the zones; `ask` are the servers that `observed` asks."""

    def __init__(self, *, server: asking.Server, key: Key, ask: Sequence[asking.Server] = ()) -> None:
        """ValueError for an algorithm that is not among ALGORITHMS, or a secret that is not Base64."""
        if key.algorithm not in ALGORITHMS:
            raise ValueError(f"the algorithm must be one of {', '.join(ALGORITHMS)}, not {key.algorithm!r}")
        self._server = server
        self._key = dns.tsig.Key(key.name, key.secret, key.algorithm)
        self._ask = tuple(ask) or (server,)

    def __repr__(self) -> str:
        return f"Rfc2136({self._server})"

    def get(self, *, name: str) -> ports.Record | None:
        """As the port says."""
        return asking.authoritative(server=self._server, name=name)

    def set_ttl(self, *, op: ports.Op, name: str, ttl: int) -> ports.Result:
        """As the port says."""
        changed = False
        for kind in asking.TYPES:
            present = self._present(name, kind)
            if present is not None and present.ttl != ttl:
                self._replace(name, present, [item.to_text() for item in present], ttl)
                changed = True
        if not changed and self.get(name=name) is None:
            raise Permanent("not_found", name=name)
        return ports.Result(changed=changed)

    def swap(self, *, op: ports.Op, name: str, old: str, new: str) -> ports.Result:
        """As the port says."""
        present = self._present(name, asking.type_of(new))
        if present is None and self.get(name=name) is None:
            raise Permanent("not_found", name=name)
        values = [item.to_text() for item in present] if present is not None else []
        if new in values and old not in values:
            return ports.Result(changed=False)
        if present is None or old not in values:
            raise Permanent("conflict", name=name, holds=values)
        kept = [value for value in values if value not in (old, new)]
        self._replace(name, present, [*kept, new], present.ttl)
        return ports.Result(changed=True)

    def observed(self, *, name: str) -> Mapping[str, tuple[str, ...]]:
        """As the port says."""
        return asking.observed(servers=self._ask, name=name)

    def _present(self, name: str, kind: str) -> dns.rrset.RRset | None:
        full = dns.name.from_text(name)
        answer = asking.exchange(self._server, dns.message.make_query(full, kind))
        return answer.get_rrset(answer.answer, full, dns.rdataclass.IN, dns.rdatatype.from_text(kind))

    def _zone(self, name: str) -> dns.name.Name:
        """The zone that holds `name`: the owner of the SOA that the server answers or refers to."""
        answer = asking.exchange(self._server, dns.message.make_query(name, "SOA"))
        for each in (*answer.answer, *answer.authority):
            if each.rdtype == dns.rdatatype.SOA:
                return each.name
        raise Permanent("not_found", name=name)

    def _replace(self, name: str, present: dns.rrset.RRset, values: Sequence[str], ttl: int) -> None:
        """Replace `present` where it is still there, exactly as it was read."""
        kind = dns.rdatatype.to_text(present.rdtype)
        full = dns.name.from_text(name)
        update = dns.update.UpdateMessage(self._zone(name), keyring=self._key)
        update.present(full, *present)
        update.delete(full, kind)
        for value in values:
            update.add(full, ttl, kind, value)
        try:
            answer = dns.query.tcp(update, self._server.host, port=self._server.port, timeout=SECONDS)
        except ConnectionRefusedError as problem:
            raise Transient("unreachable", dns=str(self._server)) from problem
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.message.UnknownTSIGKey) as problem:
            raise Permanent("remote_refused", dns=str(self._server), remote=type(problem).__name__) from problem
        except (OSError, EOFError, dns.exception.DNSException) as problem:
            raise Unknown("no_answer", dns=str(self._server), remote=type(problem).__name__) from problem
        self._judge(answer, name)

    def _judge(self, answer: dns.message.Message, name: str) -> None:
        code = answer.rcode()
        said: dict[str, Any] = {"dns": str(self._server), "name": name, "remote": dns.rcode.to_text(code)}
        if code == dns.rcode.NOERROR:
            return
        if code in MOVED:  # somebody changed it between our look and our update: look again
            raise Transient("busy", **said)
        if code == dns.rcode.SERVFAIL:
            raise Transient("remote_failed", **said)
        raise Permanent("remote_refused", **said)
