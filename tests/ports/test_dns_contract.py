"""What every name service keeps to: the simulated one, a real PowerDNS by its API, a real Knot by RFC 2136."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from planshift.adapters.dns import asking, powerdns, rfc2136
from planshift.adapters.drivers.simulated import driver as simulated
from planshift.adapters.drivers.simulated import faults
from planshift.domain.errors import Permanent, Transient, Trouble, Unknown
from planshift.provisioning import ports
from tests.harness import knot, missing
from tests.harness import powerdns as pdns

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("name servers")]
WWW, OLD, NEW, OTHER = "www.demo.example", "192.0.2.21", "192.0.2.22", "192.0.2.99"


@dataclass(frozen=True)
class Bench:
    """A name service to try, and handles past it: add a record set, stop and start what stands behind it."""

    dns: ports.Dns
    add: Callable[..., None]
    real: bool
    stop: Callable[[], None] = lambda: None
    start: Callable[[], None] = lambda: None


@pytest.fixture(scope="module")
def power(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pdns.Server]:
    if why := pdns.lacking():
        missing.skip(why)
    made = pdns.start(tmp_path_factory.mktemp("pdns"))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def knotd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[knot.Server]:
    if why := knot.lacking():
        missing.skip(why)
    made = knot.start(tmp_path_factory.mktemp("knot"))
    try:
        yield made
    finally:
        made.stop()


def by_api(server: pdns.Server, **more: Any) -> powerdns.PowerDns:
    ask = (asking.Server("127.0.0.1", server.port),)
    return powerdns.PowerDns(**{"url": server.url, "key": pdns.KEY, "ask": ask, **more})


def by_update(server: knot.Server, name: str = knot.KEY, secret: str = knot.SECRET) -> rfc2136.Rfc2136:
    return rfc2136.Rfc2136(server=server.at, key=rfc2136.Key(name=name, secret=secret))


def add_simulated(name: str, kind: str, ttl: int, *values: str) -> None:
    faults.add_record(name=name, address=values[0], ttl=ttl)


@pytest.fixture(params=["simulated", "powerdns", "rfc2136"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "simulated":
        yield Bench(simulated.SimulatedDns(), add_simulated, real=False)
        return
    server: pdns.Server | knot.Server
    if request.param == "powerdns":
        server = request.getfixturevalue("power")
        dns: ports.Dns = by_api(server)
    else:
        server = request.getfixturevalue("knotd")
        dns = by_update(server)
    for kind, value in (("A", OTHER), ("AAAA", "2001:db8::99")):
        server.add(WWW, kind, 60, value)
        server.add(WWW, kind, 60)
    yield Bench(dns, server.add, real=True, stop=server.stop, start=server.start)


def only_old(server: pdns.Server | knot.Server) -> None:
    """Whatever other tests left: the name has the old address, and no other."""
    server.add(WWW, "AAAA", 60)
    server.add(WWW, "A", 60, OLD)


def op(name: str) -> ports.Op:
    return ports.Op(f"X-1:{name}:1", "CH-1", "test")


def refusal(do: Callable[..., ports.Result], **said: Any) -> str:
    with pytest.raises(Trouble) as refused:
        do(**said)
    return f"{type(refused.value).__name__} {refused.value.what}"


def test_a_name_that_is_not_served_is_none_and_not_found(bench: Bench) -> None:
    for name in ("nobody.demo.example", "www.elsewhere.example"):
        assert bench.dns.get(name=name) is None
        assert refusal(bench.dns.set_ttl, op=op("ttl"), name=name, ttl=60) == "Permanent not_found"
        assert refusal(bench.dns.swap, op=op("swap"), name=name, old=OLD, new=NEW) == "Permanent not_found"


def test_the_time_to_live_goes_down_and_up_and_the_address_stays(bench: Bench) -> None:
    bench.add(WWW, "A", 3600, OLD)
    assert bench.dns.get(name=WWW) == ports.Record(3600, (OLD,))
    assert bench.dns.set_ttl(op=op("lower"), name=WWW, ttl=60).changed is True
    assert bench.dns.get(name=WWW) == ports.Record(60, (OLD,))
    assert bench.dns.set_ttl(op=op("lower-2"), name=WWW, ttl=60).changed is False
    bench.dns.set_ttl(op=op("restore"), name=WWW, ttl=3600)
    assert bench.dns.get(name=WWW) == ports.Record(3600, (OLD,))


def test_swap_compares_first(bench: Bench) -> None:
    bench.add(WWW, "A", 60, OLD)
    assert bench.dns.swap(op=op("swap"), name=WWW, old=OLD, new=NEW).changed is True
    assert bench.dns.get(name=WWW) == ports.Record(60, (NEW,))
    assert bench.dns.swap(op=op("swap-2"), name=WWW, old=OLD, new=NEW).changed is False
    bench.add(WWW, "A", 60, OTHER)
    assert refusal(bench.dns.swap, op=op("swap-3"), name=WWW, old=OLD, new=NEW) == "Permanent conflict"
    assert bench.dns.get(name=WWW) == ports.Record(60, (OTHER,))


def test_what_the_world_is_told_is_observed(bench: Bench) -> None:
    bench.add(WWW, "A", 60, OLD)
    (before,) = bench.dns.observed(name=WWW).values()
    bench.dns.swap(op=op("swap"), name=WWW, old=OLD, new=NEW)
    (after,) = bench.dns.observed(name=WWW).values()
    assert (before, after) == ((OLD,), (NEW,))
    assert set(bench.dns.observed(name="nobody.demo.example").values()) == {()}


@pytest.mark.parametrize("bench", ["powerdns", "rfc2136"], indirect=True)  # the simulated one has one address
def test_other_addresses_of_the_name_stay(bench: Bench) -> None:
    bench.add(WWW, "A", 60, OLD, OTHER)
    bench.add(WWW, "AAAA", 90, "2001:db8::21")
    bench.dns.swap(op=op("swap"), name=WWW, old=OLD, new=NEW)
    assert bench.dns.get(name=WWW) == ports.Record(90, (NEW, OTHER, "2001:db8::21"))
    bench.dns.swap(op=op("swap-6"), name=WWW, old="2001:db8::21", new="2001:db8::22")
    bench.dns.set_ttl(op=op("ttl"), name=WWW, ttl=30)
    assert bench.dns.get(name=WWW) == ports.Record(30, (NEW, OTHER, "2001:db8::22"))


def test_where_nobody_answers_it_is_transient_and_observed_says_nothing(bench: Bench) -> None:
    if not bench.real:
        faults.add_fault(kind="fails", verb="set_ttl")
        assert refusal(bench.dns.set_ttl, op=op("ttl"), name=WWW, ttl=60) == "Transient unreachable"
        return
    bench.add(WWW, "A", 60, OLD)
    bench.stop()
    try:
        with pytest.raises(Transient, match="unreachable"):
            bench.dns.get(name=WWW)
        with pytest.raises(Transient, match="unreachable"):
            bench.dns.swap(op=op("swap"), name=WWW, old=OLD, new=NEW)
        assert set(bench.dns.observed(name=WWW).values()) == {()}
    finally:
        bench.start()
    assert bench.dns.swap(op=op("swap"), name=WWW, old=OLD, new=NEW).changed is True


def test_a_wrong_key_is_refused_and_shown_nowhere(power: pdns.Server, knotd: knot.Server) -> None:
    only_old(power)
    only_old(knotd)
    services: list[ports.Dns] = [
        by_api(power, key="another-secret"),
        by_update(knotd, secret="YW5vdGhlci1zZWNyZXQ="),
        by_update(knotd, name="nobody"),
    ]
    for dns in services:
        with pytest.raises(Permanent, match="remote_refused") as refused:
            dns.swap(op=op("swap"), name=WWW, old=OLD, new=NEW)
        told = f"{refused.value.facts} {dns!r}"
        assert "another-secret" not in told and "YW5vdGhlci1zZWNyZXQ" not in told
    assert asking.authoritative(server=knotd.at, name=WWW) == ports.Record(60, (OLD,))


def test_a_key_may_be_limited_to_names(knotd: knot.Server) -> None:
    knotd.add(WWW, "A", 60, OLD)
    knotd.add("mail.demo.example", "A", 60, OLD)
    limited = by_update(knotd, name=knot.LIMITED)
    assert limited.swap(op=op("swap"), name=WWW, old=OLD, new=NEW).changed is True
    said = refusal(limited.swap, op=op("swap"), name="mail.demo.example", old=OLD, new=NEW)
    assert said == "Permanent remote_refused"


def test_the_server_itself_compares_where_somebody_is_faster(knotd: knot.Server, monkeypatch: Any) -> None:
    only_old(knotd)
    dns = by_update(knotd)
    seen = dns._present(WWW, "A")
    knotd.add(WWW, "A", 60, OTHER)  # between our look and our update
    monkeypatch.setattr(dns, "_present", lambda name, kind: seen)
    assert refusal(dns.swap, op=op("swap"), name=WWW, old=OLD, new=NEW) == "Transient busy"
    assert dns.get(name=WWW) == ports.Record(60, (OTHER,))


def test_an_answer_that_is_lost_is_unknown_and_found_by_looking(power: pdns.Server, monkeypatch: Any) -> None:
    only_old(power)
    dns, ask = by_api(power), powerdns.requests.request

    def lose(method: str, url: str, **given: Any) -> Any:
        answer = ask(method, url, **given)
        if method == "PATCH":
            raise powerdns.requests.ReadTimeout("lost")
        return answer

    monkeypatch.setattr(powerdns.requests, "request", lose)
    with pytest.raises(Unknown, match="no_answer"):
        dns.swap(op=op("swap"), name=WWW, old=OLD, new=NEW)
    assert dns.get(name=WWW) == ports.Record(60, (NEW,))
    assert dns.swap(op=op("swap"), name=WWW, old=OLD, new=NEW).changed is False


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", asking.Server("192.0.2.1", 53)),
        ("192.0.2.1:5300", asking.Server("192.0.2.1", 5300)),
        ("2001:db8::1", asking.Server("2001:db8::1", 53)),
        ("[2001:db8::1]:5300", asking.Server("2001:db8::1", 5300)),
    ],
)
def test_addresses_of_servers(text: str, server: asking.Server) -> None:
    assert asking.Server.read(text) == server
    assert asking.Server.read(str(server)) == server
    with pytest.raises(ValueError, match="ns1"):
        asking.Server.read("ns1.demo.example")
