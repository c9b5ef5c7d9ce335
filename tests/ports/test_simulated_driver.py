"""What only the simulated driver has: faults on demand, a name service, a journal."""

import pytest

from planshift.adapters.drivers.simulated import faults
from planshift.adapters.drivers.simulated.driver import SimulatedDns, SimulatedDriver
from planshift.adapters.drivers.simulated.models import SimulatedAccount, SimulatedFault, SimulatedOp
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports
from planshift.runtime import clock

pytestmark = pytest.mark.django_db
SERVER = ports.ServerAt("bench1")
REF = ports.Ref(SERVER, "s1001-1")
LIMITS = {"disk_gb": 10}


def op(name: str) -> ports.Op:
    return ports.Op(f"X-1:{name}:1", "CH-1", "test")


def create() -> ports.Result:
    return SimulatedDriver().create(op=op("create"), ref=REF, spec=ports.Spec("demo.example", "silver"), limits=LIMITS)


def test_it_fails_twice_then_works() -> None:
    faults.add_fault(kind="fails", times=2)
    for _ in range(2):
        with pytest.raises(Transient):
            create()
    assert create().changed is True
    assert SimulatedOp.objects.count() == 1


def test_it_refuses_for_good() -> None:
    faults.add_fault(kind="refuses", server="bench1", verb="create")
    with pytest.raises(Permanent):
        create()
    assert not SimulatedAccount.objects.exists()


def test_a_lost_answer_is_an_act_all_the_same() -> None:
    faults.add_fault(kind="lost_answer", times=1)
    with pytest.raises(Unknown):
        create()
    assert SimulatedAccount.objects.get().name == "s1001-1"
    assert create().replayed is True


def test_it_lies() -> None:
    faults.add_fault(kind="lies", times=1)
    assert create().changed is True
    assert not SimulatedAccount.objects.exists()
    assert not SimulatedOp.objects.exists()


def test_it_is_full() -> None:
    faults.add_fault(kind="full")
    with pytest.raises(Permanent) as refused:
        create()
    assert refused.value.what == "capacity"


def test_it_is_slow() -> None:
    faults.add_fault(kind="slow", seconds=0.2, times=1)
    begun = clock.monotonic()
    create()
    assert clock.monotonic() - begun >= 0.2


def test_a_fault_strikes_only_where_it_was_set() -> None:
    faults.add_fault(kind="refuses", account="somebody else")
    faults.add_fault(kind="refuses", server="bench2")
    faults.add_fault(kind="refuses", verb="remove")
    assert create().changed is True
    assert SimulatedFault.objects.filter(times_left=-1).count() == 3
    faults.clear_faults()
    assert not SimulatedFault.objects.exists()


def test_an_unknown_fault_is_an_error() -> None:
    with pytest.raises(ValueError, match="no fault 'explodes'"):
        faults.add_fault(kind="explodes")


def test_usage_is_a_share_of_the_first_limits_until_it_is_set() -> None:
    create()
    SimulatedDriver().apply(op=op("apply"), ref=REF, to={"disk_gb": 50})
    assert SimulatedDriver().usage(ref=REF).used == {"disk_gb": 4}  # 40 % of 10
    faults.set_usage(server="bench1", account="s1001-1", used={"disk_gb": 9})
    assert SimulatedDriver().usage(ref=REF).used == {"disk_gb": 9}


def test_names_are_swapped_only_from_what_they_were() -> None:
    faults.add_record(name="demo.example", address="198.18.1.2", ttl=3600)
    dns = SimulatedDns()
    assert dns.get(name="demo.example") == ports.Record(3600, ("198.18.1.2",))
    assert dns.get(name="other.example") is None
    assert dns.set_ttl(op=op("ttl"), name="demo.example", ttl=60).changed is True
    assert dns.swap(op=op("swap"), name="demo.example", old="198.18.1.2", new="198.18.2.2").changed is True
    assert dns.swap(op=op("swap-2"), name="demo.example", old="198.18.1.2", new="198.18.2.2").changed is False
    with pytest.raises(Permanent) as refused:
        dns.swap(op=op("swap-3"), name="demo.example", old="198.18.7.7", new="198.18.8.8")
    assert refused.value.what == "conflict"
    assert dns.get(name="demo.example") == ports.Record(60, ("198.18.2.2",))


def test_the_journal_holds_no_password() -> None:
    create()
    made = SimulatedDriver().set_credentials(op=op("credentials"), ref=REF)
    assert made.secrets["password"] not in repr(list(SimulatedOp.objects.values()))
    assert made.secrets["password"] not in repr(list(SimulatedAccount.objects.values()))
