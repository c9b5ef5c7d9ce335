"""What every driver keeps to, whatever stands behind it (`driver_benches`)."""

import pytest

from planshift.domain.errors import Permanent
from planshift.provisioning import ports
from tests.ports.driver_benches import BIG, SMALL, SPEC, Bench, done_by_staff, key

pytestmark = pytest.mark.xdist_group("agents")
NOTICE = ports.Proof("removal_notice", "N-2026-000001")


def read(driver: ports.Driver, ref: ports.Ref) -> ports.Account:
    account = driver.get(ref=ref)
    assert account is not None
    return account


def test_it_says_what_it_is_and_can(driver: ports.Driver, bench: Bench) -> None:
    assert driver.probe(server=bench.first)
    able = driver.capabilities(server=bench.first)
    assert able.may_change("disk_gb")
    if able.never_shrink or driver.capabilities(server=bench.second).never_shrink:
        assert not driver.capabilities(server=bench.second).may_shrink("disk_gb")


def test_an_absent_account_is_none(driver: ports.Driver, bench: Bench) -> None:
    assert driver.get(ref=ports.Ref(bench.first, "nobody")) is None


@pytest.mark.parametrize("verb", ["usage", "check", "apply", "suspend", "quarantine", "set_credentials", "backup"])
def test_an_absent_account_is_not_found(driver: ports.Driver, bench: Bench, verb: str) -> None:
    nobody = ports.Ref(bench.first, "nobody")
    said: dict[str, object] = {"ref": nobody}
    if verb not in ("usage", "check"):
        said["op"] = key(verb)
    if verb in ("check", "apply"):
        said["to"] = BIG
    if verb == "suspend":
        said["reason"] = "test"
    with pytest.raises(Permanent) as refused:
        getattr(driver, verb)(**said)
    assert refused.value.what == "not_found"


def test_create_is_read_back_with_address_and_limits(driver: ports.Driver, ref: ports.Ref) -> None:
    account = read(driver, ref)
    assert (account.account, dict(account.limits), account.serves) == ("s1001-1", SMALL, True)
    assert account.address


def test_create_again_changes_nothing_and_with_other_limits_conflicts(driver: ports.Driver, ref: ports.Ref) -> None:
    before = read(driver, ref)
    again = driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    assert (again.replayed, dict(again.secrets)) == (True, {})
    assert driver.create(op=key("other"), ref=ref, spec=SPEC, limits=SMALL).changed is False
    with pytest.raises(Permanent) as refused:
        driver.create(op=key("third"), ref=ref, spec=SPEC, limits=BIG)
    assert refused.value.what == "conflict"
    assert read(driver, ref) == before


def test_two_accounts_have_two_addresses_where_the_server_gives_each_its_own(
    driver: ports.Driver, bench: Bench, ref: ports.Ref
) -> None:
    other = ports.Ref(bench.first, "s1002-1")
    spec = ports.Spec("other.example", "silver", ("other.example",))
    driver.create(op=key("create-other"), ref=other, spec=spec, limits=SMALL)
    assert (read(driver, other).address != read(driver, ref).address) is bench.own_addresses


def test_apply_sets_exactly_what_was_asked_once(driver: ports.Driver, ref: ports.Ref) -> None:
    assert driver.apply(op=key("apply"), ref=ref, to=BIG).changed is True
    assert dict(read(driver, ref).limits) == BIG
    assert driver.apply(op=key("apply"), ref=ref, to=BIG).replayed is True
    assert driver.apply(op=key("apply-2"), ref=ref, to=BIG).changed is False


def test_a_replay_does_not_do_it_again(driver: ports.Driver, ref: ports.Ref) -> None:
    driver.apply(op=key("up"), ref=ref, to=BIG)
    fewer = {**BIG, "mailboxes": 20}  # disks do not shrink everywhere
    driver.apply(op=key("down"), ref=ref, to=fewer)
    assert driver.apply(op=key("up"), ref=ref, to=BIG).replayed is True
    assert dict(read(driver, ref).limits) == fewer


def test_what_the_capabilities_deny_is_refused_and_nothing_happens(driver: ports.Driver, bench: Bench) -> None:
    ref = ports.Ref(bench.second, "s1003-1")
    driver.create(op=key("create-3"), ref=ref, spec=SPEC, limits=BIG)
    if driver.capabilities(server=bench.second).may_shrink("disk_gb"):
        assert driver.apply(op=key("down"), ref=ref, to=SMALL).changed is True
        return
    with pytest.raises(Permanent) as refused:
        driver.apply(op=key("down"), ref=ref, to=SMALL)
    assert refused.value.what == "unsupported"
    assert dict(read(driver, ref).limits) == BIG


def test_a_key_with_another_request_is_refused(driver: ports.Driver, ref: ports.Ref) -> None:
    driver.apply(op=key("apply"), ref=ref, to=BIG)
    with pytest.raises(Permanent) as refused:
        driver.apply(op=key("apply"), ref=ref, to=SMALL)
    assert refused.value.what == "key_reused"
    assert dict(read(driver, ref).limits) == BIG


@pytest.mark.django_db  # the business clock
def test_usage_fits_and_check_tells_every_violation_and_apply_refuses_them(
    driver: ports.Driver, ref: ports.Ref
) -> None:
    usage = driver.usage(ref=ref)
    assert usage.taken_at.tzinfo is not None
    used = {name: amount for name, amount in usage.used.items() if name in SMALL and amount > 0}
    assert used  # a bench whose account is empty proves nothing here
    assert driver.check(ref=ref, to=BIG).violations == ()
    assert driver.check(ref=ref, to=dict.fromkeys(SMALL, ports.UNLIMITED)).violations == ()
    tight = {name: amount - 1 for name, amount in used.items()}
    found = driver.check(ref=ref, to={**SMALL, **tight}).violations
    assert {(one.resource, one.used, one.target, one.minimum) for one in found} == {
        (name, amount, amount - 1, amount) for name, amount in used.items()
    }
    with pytest.raises(Permanent) as refused:
        driver.apply(op=key("tight"), ref=ref, to={**SMALL, **tight})
    assert refused.value.what == "usage_exceeds_target"
    assert dict(read(driver, ref).limits) == SMALL


@pytest.mark.django_db  # the business clock
def test_capacity_counts_what_is_promised(driver: ports.Driver, bench: Bench, ref: ports.Ref) -> None:
    before = driver.capacity(server=bench.first)
    driver.apply(op=key("apply"), ref=ref, to=BIG)
    after = driver.capacity(server=bench.first)
    assert after.sold["disk_gb"] - before.sold["disk_gb"] == 40
    free_before, free_after = before.free("disk_gb"), after.free("disk_gb")
    assert free_before is not None
    assert free_after is not None
    assert free_before - free_after == 40
    assert after.free("nothing anybody counts") is None


def test_suspended_and_back(driver: ports.Driver, bench: Bench, ref: ports.Ref) -> None:
    if not driver.capabilities(server=bench.first).suspend:
        pytest.skip("this driver cannot suspend")
    assert driver.suspend(op=key("suspend"), ref=ref, reason="test").changed is True
    assert (read(driver, ref).suspended, read(driver, ref).serves) == (True, False)
    assert driver.suspend(op=key("suspend-2"), ref=ref, reason="test").changed is False
    assert driver.unsuspend(op=key("unsuspend"), ref=ref).changed is True
    assert read(driver, ref).serves is True


def test_credentials_are_given_once_and_never_replayed(driver: ports.Driver, ref: ports.Ref) -> None:
    first = driver.set_credentials(op=key("credentials"), ref=ref)
    assert first.secrets["password"]
    assert first.secrets["password"] not in repr(first)
    again = driver.set_credentials(op=key("credentials"), ref=ref)
    assert (again.replayed, dict(again.secrets)) == (True, {})
    anew = driver.set_credentials(op=key("credentials-2"), ref=ref)
    assert anew.secrets["password"] != first.secrets["password"]


def test_a_backup_is_listed_and_made_once(driver: ports.Driver, bench: Bench, ref: ports.Ref) -> None:
    done_by_staff(driver, bench, driver.backup(op=key("backup"), ref=ref), snapshot="tape 7")
    made = driver.backup(op=key("backup"), ref=ref)
    assert made.snapshot
    assert read(driver, ref).snapshots == (made.snapshot,)
    again = driver.backup(op=key("backup"), ref=ref)
    assert (again.snapshot, again.replayed) == (made.snapshot, True)
    assert len(read(driver, ref).snapshots) == 1
    with pytest.raises(Permanent) as refused:
        driver.restore(op=key("restore-none"), ref=ref, snapshot="0123456789ab")
    assert refused.value.what == "not_found"


def test_a_backup_can_be_put_back(driver: ports.Driver, bench: Bench, ref: ports.Ref) -> None:
    if not driver.capabilities(server=bench.first).content_push:
        done_by_staff(driver, bench, driver.backup(op=key("backup"), ref=ref), snapshot="tape 7")
        snapshot = driver.backup(op=key("backup"), ref=ref).snapshot
        done_by_staff(driver, bench, driver.restore(op=key("restore"), ref=ref, snapshot=snapshot), snapshot=snapshot)
        assert driver.restore(op=key("restore"), ref=ref, snapshot=snapshot).changed is True
        assert (dict(read(driver, ref).limits), read(driver, ref).serves) == (SMALL, True)
        return
    kept = driver.manifest(ref=ref)
    snapshot = driver.backup(op=key("backup"), ref=ref).snapshot
    other = ports.Ref(bench.first, "s1002-1")
    driver.create(op=key("create-other"), ref=other, spec=ports.Spec("other.example", "silver"), limits=SMALL)
    driver.push_content(op=key("push"), source=other, to=ref, final=True)
    assert driver.manifest(ref=ref) != kept
    driver.restore(op=key("restore"), ref=ref, snapshot=snapshot)
    assert driver.manifest(ref=ref) == kept


def test_content_goes_to_another_server_and_the_manifests_agree(
    driver: ports.Driver, bench: Bench, ref: ports.Ref
) -> None:
    if not driver.capabilities(server=bench.first).content_push:
        with pytest.raises(Permanent, match="unsupported"):
            driver.push_content(op=key("hot"), source=ref, to=ports.Ref(bench.second, "s1001-2"), final=False)
        return
    to = ports.Ref(bench.second, "s1001-2")
    driver.create(op=key("create-2"), ref=to, spec=ports.Spec("", "gold"), limits=BIG)
    assert driver.manifest(ref=to) != driver.manifest(ref=ref)
    assert driver.push_content(op=key("hot"), source=ref, to=to, final=False).changed is True
    driver.push_content(op=key("final"), source=ref, to=to, final=True)
    assert driver.manifest(ref=to) == driver.manifest(ref=ref)


def test_mail_that_came_in_elsewhere_comes_back_and_nothing_is_replaced_or_doubled(
    driver: ports.Driver, bench: Bench, ref: ports.Ref
) -> None:
    elsewhere = ports.Ref(bench.second, "s1001-2")
    back = {"source": elsewhere, "to": ref}
    if not driver.capabilities(server=bench.first).mail_return:
        with pytest.raises(Permanent, match="unsupported"):
            driver.return_mail(op=key("back"), **back)
        return
    if bench.deliver is None:
        done_by_staff(driver, bench, driver.return_mail(op=key("back"), **back))
        assert driver.return_mail(op=key("back"), **back).task == ""
        return
    bench.deliver(ref, "1-before")
    driver.create(op=key("create-2"), ref=elsewhere, spec=ports.Spec("", "gold", ("demo.example",)), limits=BIG)
    driver.push_content(op=key("final"), source=ref, to=elsewhere, final=True)
    driver.front_proxy(op=key("unproxy"), ref=ref, upstream="")
    for name in ("2-there", "3-there"):
        bench.deliver(elsewhere, name)
    bench.deliver(ref, "4-here")
    made = driver.return_mail(op=key("back"), **back)
    assert (made.changed, made.mails) == (True, 2)
    assert bench.mails(ref) == ["1-before", "2-there", "3-there", "4-here"]
    assert driver.return_mail(op=key("back"), **back).replayed is True
    again = driver.return_mail(op=key("back-2"), **back)
    assert (again.changed, again.mails) == (False, 0)
    assert bench.mails(ref) == ["1-before", "2-there", "3-there", "4-here"]


def test_visitors_are_passed_on_and_back(driver: ports.Driver, bench: Bench, ref: ports.Ref) -> None:
    if not driver.capabilities(server=bench.first).front_proxy:
        with pytest.raises(Permanent, match="unsupported"):
            driver.front_proxy(op=key("proxy"), ref=ref, upstream="198.18.9.9")
        return
    driver.front_proxy(op=key("proxy"), ref=ref, upstream="198.18.9.9")
    assert read(driver, ref).proxied_to == "198.18.9.9"
    driver.front_proxy(op=key("unproxy"), ref=ref, upstream="")
    assert read(driver, ref).proxied_to == ""


def test_quarantine_keeps_the_data_and_serves_nobody(driver: ports.Driver, bench: Bench, ref: ports.Ref) -> None:
    looks_inside = driver.capabilities(server=bench.first).content_push
    kept = driver.manifest(ref=ref) if looks_inside else ""
    assert driver.quarantine(op=key("quarantine"), ref=ref).changed is True
    assert (read(driver, ref).quarantined, read(driver, ref).serves) == (True, False)
    if looks_inside:
        assert driver.manifest(ref=ref) == kept
    assert driver.quarantine(op=key("quarantine-2"), ref=ref).changed is False


@pytest.mark.parametrize("proof", [ports.Proof("removal_notice", ""), ports.Proof("", "N-1"), ports.Proof("x", "N-1")])
def test_H10_nothing_is_removed_without_proof(driver: ports.Driver, ref: ports.Ref, proof: ports.Proof) -> None:
    with pytest.raises(Permanent) as refused:
        driver.remove(op=key("remove"), ref=ref, proof=proof)
    assert refused.value.what == "forbidden"
    assert read(driver, ref).serves is True


def test_removed_is_gone_and_removing_the_absent_succeeds(driver: ports.Driver, ref: ports.Ref) -> None:
    assert driver.remove(op=key("remove"), ref=ref, proof=NOTICE).changed is True
    assert driver.get(ref=ref) is None
    assert driver.remove(op=key("remove"), ref=ref, proof=NOTICE).replayed is True
    assert driver.remove(op=key("remove-2"), ref=ref, proof=NOTICE).changed is False


@pytest.mark.parametrize(("limits", "fate"), [(BIG, "refused"), (SMALL, "taken as it is")])
def test_what_another_execution_made_stands_when_a_creation_is_taken_back(
    driver: ports.Driver, ref: ports.Ref, limits: dict[str, int], fate: str
) -> None:
    before, theirs = read(driver, ref), ports.Op("X-2:create:1", "CH-2", "test")
    if fate == "refused":
        with pytest.raises(Permanent, match="conflict"):
            driver.create(op=theirs, ref=ref, spec=SPEC, limits=limits)
    else:
        assert driver.create(op=theirs, ref=ref, spec=SPEC, limits=limits).changed is False
    with pytest.raises(Permanent) as refused:
        driver.remove(op=ports.Op("X-2:undo-create:2", "", "test"), ref=ref, proof=ports.Proof("never_used", "X-2"))
    assert refused.value.what == "conflict"
    assert read(driver, ref) == before
    own = ports.Op("X-1:undo-create:2", "", "test")
    assert driver.remove(op=own, ref=ref, proof=ports.Proof("never_used", "X-1")).changed is True
    assert driver.get(ref=ref) is None


def test_the_accounts_of_a_server_are_listed(driver: ports.Driver, bench: Bench, ref: ports.Ref) -> None:
    assert driver.capabilities(server=bench.first).lists
    assert driver.listed(server=bench.first) == ports.Listed(("s1001-1",))
    assert driver.listed(server=bench.second).names == ()
    second = ports.Ref(bench.first, "s2002-1")
    spec = ports.Spec("other.example", "silver", ("other.example",))
    driver.create(op=key("create-2"), ref=second, spec=spec, limits=SMALL)
    assert sorted(driver.listed(server=bench.first).names) == ["s1001-1", "s2002-1"]
    driver.remove(op=key("remove"), ref=ref, proof=NOTICE)
    assert driver.listed(server=bench.first).names == ("s2002-1",)


def test_an_unknown_task_is_not_found(driver: ports.Driver, bench: Bench) -> None:
    with pytest.raises(Permanent) as refused:
        driver.poll(server=bench.first, task="none such")
    assert refused.value.what == "not_found"
