"""cPanel accounts by WHM: the traps of an interface that says "no" without a code, and "yes" without doing."""

import pytest

from planshift.adapters.drivers.by_http.models import VendorAccount, VendorOp
from planshift.adapters.drivers.whm import reading
from planshift.adapters.drivers.whm.driver import WhmDriver
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports
from tests.ports.standins import benches
from tests.ports.standins.serving import Fault, Request
from tests.ports.standins.whm import WhmServer
from tests.ports.standins.whm import account as account_of

pytestmark = pytest.mark.django_db
SMALL, BIG = {"disk_gb": 10, "mailboxes": 20}, {"disk_gb": 50, "mailboxes": 100}
SPEC = ports.Spec("demo.example", "silver", ("demo.example",))
NOTICE = ports.Proof("removal_notice", "N-2026-000001")
Servers = tuple[WhmDriver, WhmServer, WhmServer]


def key(name: str) -> ports.Op:
    return ports.Op(f"X-1:{name}:1", "CH-1", "test")


def ref_at(server: WhmServer, account: str = "s1001-1", **traits: str | int | bool) -> ports.Ref:
    return ports.Ref(benches.at(server, **traits), account)


def made(driver: WhmDriver, server: WhmServer, **traits: str | int | bool) -> ports.Ref:
    ref = ref_at(server, **traits)
    driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    server.asked.clear()
    return ref


def limits(driver: WhmDriver, ref: ports.Ref) -> dict[str, int]:
    found = driver.get(ref=ref)
    assert found is not None
    return dict(found.limits)


@pytest.mark.parametrize(("kind", "calls"), [("lost", 1), ("slow", 1), ("cut", 2), ("status_after", 1)])
def test_a_lost_answer_is_unknown_and_the_account_is_made_once(whm_servers: Servers, kind: str, calls: int) -> None:
    driver, server, _ = whm_servers
    ref = ref_at(server)
    server.faults = [Fault("createacct", kind, seconds=1.5)]
    with pytest.raises(Unknown):
        driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    again = driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    assert (again.changed, again.replayed) == (True, False)
    assert server.changes().count("createacct") == calls
    assert limits(driver, ref) == SMALL
    assert driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL).replayed is True


def test_a_no_that_was_done_counts_as_done_and_a_yes_that_was_not_does_not(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    server.faults = [Fault("editquota", "no_after"), Fault("modifyacct", "no_after")]
    assert driver.apply(op=key("apply"), ref=ref, to=BIG).changed is True
    assert limits(driver, ref) == BIG
    server.faults = [Fault("suspendacct", "lies")]
    with pytest.raises(Transient) as lied:
        driver.suspend(op=key("suspend"), ref=ref, reason="test")
    assert lied.value.what == "read_back_differs"
    assert driver.suspend(op=key("suspend"), ref=ref, reason="test").changed is True


def test_a_no_is_told_with_its_sentence_and_may_be_tried_again(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    server.faults = [Fault("editquota", "no"), Fault("modifyacct", "no")]
    with pytest.raises(Transient) as said_no:
        driver.apply(op=key("apply"), ref=ref, to=BIG)
    assert (said_no.value.what, said_no.value.facts["remote"]) == ("remote_failed", "The system is busy.")
    assert limits(driver, ref) == SMALL
    assert driver.apply(op=key("apply"), ref=ref, to=BIG).changed is True


def test_a_password_is_in_no_trouble_though_the_server_repeats_it(
    whm_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    monkeypatch.setattr("planshift.adapters.drivers.whm.driver.randomness.token_urlsafe", lambda _: "pass-of-the-test")
    answer = server.answer

    def repeats(request: Request) -> tuple[int, str, str]:
        return (500, "Oops", f"{request.given} failed") if request.path.endswith("passwd") else answer(request)

    monkeypatch.setattr(server, "answer", repeats)
    with pytest.raises(Unknown) as lost:
        driver.set_credentials(op=key("access"), ref=ref)
    assert "pass-of-the-test" not in str(lost.value.facts)


def test_accounts_are_listed_page_by_page_and_those_of_others_by_their_user(
    whm_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    server.accounts |= {user: account_of(user, f"{user}.example") for user in ("alice", "bob")}
    monkeypatch.setattr("planshift.adapters.drivers.whm.driver.PAGE", 2)
    first = driver.listed(server=ref.server)
    assert first == ports.Listed(("s1001-1", "alice"), "3")
    assert driver.listed(server=ref.server, after=first.after) == ports.Listed(("bob",))


def test_a_half_done_change_is_finished_and_not_begun_anew(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    server.faults = [Fault("modifyacct", "cut")]
    with pytest.raises(Unknown):
        driver.apply(op=key("apply"), ref=ref, to=BIG)
    assert limits(driver, ref) == {"disk_gb": 50, "mailboxes": 20}  # what is so, not what was wanted
    server.asked.clear()
    driver.apply(op=key("apply"), ref=ref, to=BIG)
    assert server.changes() == ["modifyacct"]
    assert limits(driver, ref) == BIG


@pytest.mark.parametrize(("kind", "wanted"), [("denied", Permanent), ("html", Unknown)])
def test_other_shapes_of_no(whm_servers: Servers, kind: str, wanted: type[Exception]) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    server.faults = [Fault("suspendacct", kind)]
    with pytest.raises(wanted):
        driver.suspend(op=key("suspend"), ref=ref, reason="test")
    server.faults = [Fault("accountsummary", "html")]
    with pytest.raises(Transient, match="remote_failed"):
        driver.get(ref=ref)


def test_a_token_that_is_not_taken_is_for_good(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    server.faults = [Fault("version", "status", status=403, reason="Forbidden Access denied")]
    with pytest.raises(Permanent) as refused:
        driver.probe(server=benches.at(server))
    assert refused.value.what == "remote_refused"
    assert driver.probe(server=benches.at(server)) == "WHM 11.136.0.4 as planshift, 0 packages for us"


def test_a_package_that_gives_exactly_this_is_assigned_and_tells_what_it_did(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    server.add_package("planshift_big", QUOTA=51200, MAXPOP=100)
    server.add_package("a_strangers_package", QUOTA=51200, MAXPOP=100)
    ref = made(driver, server, packages="planshift_")
    done = driver.apply(op=key("apply"), ref=ref, to=BIG)
    assert server.changes() == ["changepackage"]
    assert server.accounts["s1001x1"]["plan"] == "planshift_big"
    assert done.warnings == ("Changing Package", "Removing Shell Access (/bin/false)")


def test_without_such_a_package_own_values_are_set_in_the_case_that_counts(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    done = driver.apply(op=key("apply"), ref=ref, to={**BIG, "databases": 7, "domains": 3})
    assert server.changes() == ["editquota", "modifyacct"]
    sent = {name: value for one in server.asked if one.path.endswith("modifyacct") for name, value in one.given.items()}
    # WHM counts the domains beyond the first: 3 are 2 more
    assert sent == {"api.version": "1", "user": "s1001x1", "MAXPOP": "100", "MAXSQL": "7", "MAXADDON": "2"}
    assert done.warnings == ("own values: the next change of package undefined overwrites them",)
    assert limits(driver, ref) == {**BIG, "databases": 7, "domains": 3}


def test_nothing_of_disk_is_never_sent_as_nothing_for_that_means_no_limit(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    ref = ref_at(server)
    driver.create(op=key("create"), ref=ref, spec=SPEC, limits={"disk_gb": 0, "mailboxes": 0})
    assert (server.accounts["s1001x1"]["disklimit"], server.accounts["s1001x1"]["maxpop"]) == ("1M", "0")
    assert limits(driver, ref) == {"disk_gb": 0, "mailboxes": 0}


def test_no_limit_is_no_limit_in_both_ways_of_writing(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    free = {"disk_gb": ports.UNLIMITED, "mailboxes": ports.UNLIMITED}
    driver.apply(op=key("apply"), ref=ref, to=free)
    assert limits(driver, ref) == free
    server.accounts["s1001x1"]["disklimit"] = "0M"
    assert limits(driver, ref) == free


def test_neither_a_no_nor_an_old_list_alone_means_that_an_account_is_gone(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    server.faults = [Fault("accountsummary", "no")]
    with pytest.raises(Transient, match="remote_failed"):
        driver.get(ref=ref)
    server.faults = [Fault("listaccts", "stale", times=9)]  # the list of a time before the account
    assert driver.get(ref=ref) is not None
    here = benches.at(server, total_disk_gb=1000, total_accounts=10)
    room = driver.capacity(server=here)
    assert (room.sold, room.free("disk_gb")) == ({"disk_gb": 10, "accounts": 1}, 990)


def test_an_account_of_somebody_else_is_not_taken_over(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    made(driver, server)
    VendorAccount.objects.all().delete()  # as if another installation had made it
    other = ports.Spec("other.example", "silver", ("other.example",))
    for name, account, spec in (("a", "s1001-1", other), ("b", "s1002-1", SPEC)):
        with pytest.raises(Permanent) as refused:
            driver.create(op=key(name), ref=ref_at(server, account), spec=spec, limits=SMALL)
        assert refused.value.what == "conflict"
    assert server.changes() == []


def test_users_have_names_that_cpanel_takes_and_tells_apart() -> None:
    assert reading.user_of("s1001-1") == "s1001x1"
    assert reading.user_of("democlient") == "democlient"  # adopted as it is
    names = [reading.user_of(f"s{number}-{count}") for number in range(100200, 100400) for count in (1, 2, 11)]
    assert len({name[:8] for name in names}) == 600
    assert {len(name) for name in names} == {8}


def test_a_password_is_nowhere_but_in_the_answer(whm_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    monkeypatch.setattr("secrets.token_urlsafe", lambda length: "a-password-of-the-tests")
    server.passwords["s1001x1"].append("a-password-of-the-tests")
    with pytest.raises(Transient) as refused:
        driver.set_credentials(op=key("credentials"), ref=ref)
    assert refused.value.facts["remote"] == "The password … was used before."
    server.passwords["s1001x1"].clear()
    given = driver.set_credentials(op=key("credentials"), ref=ref)
    assert dict(given.secrets) == {
        "user": "s1001x1",
        "password": "a-password-of-the-tests",
        "host": "127.0.0.1",
        "url": "https://127.0.0.1:2083/",
    }
    rows = [str(list(model.objects.values())) for model in (VendorOp, VendorAccount)]
    assert all("a-password" not in row for row in rows)
    assert {one.method for one in server.asked} == {"POST"}  # an address is written into logs, a body is not


@pytest.mark.parametrize(("traits", "kept"), [({}, ["demo.example"]), ({"keep_dns": False}, [])])
def test_zones_stay_unless_told_otherwise_and_a_lost_answer_removes_once(
    whm_servers: Servers, traits: dict[str, bool], kept: list[str]
) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server, **traits)
    server.faults = [Fault("removeacct", "lost")]
    with pytest.raises(Unknown):
        driver.remove(op=key("remove"), ref=ref, proof=NOTICE)
    assert driver.get(ref=ref) is None
    assert driver.remove(op=key("remove"), ref=ref, proof=NOTICE).changed is True
    assert server.changes().count("removeacct") == 1
    assert server.kept_zones == kept


def test_quarantine_after_arrears_and_what_somebody_did_by_hand(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    ref = made(driver, server)
    driver.suspend(op=key("suspend"), ref=ref, reason="arrears")
    assert server.accounts["s1001x1"]["suspendreason"] == "arrears"
    assert driver.quarantine(op=key("quarantine"), ref=ref).changed is True
    found = driver.get(ref=ref)
    assert found is not None
    assert (found.suspended, found.quarantined) == (True, True)
    server.accounts["s1001x1"].update(suspended=0, disklimit="20480M")
    found = driver.get(ref=ref)
    assert found is not None
    assert (found.serves, found.quarantined, dict(found.limits)) == (True, False, {**SMALL, "disk_gb": 20})


def test_an_account_that_was_there_before_us_is_read_and_changed(whm_servers: Servers) -> None:
    driver, server, _ = whm_servers
    made(driver, server)
    VendorAccount.objects.all().delete()
    adopted = ref_at(server, "s1001x1")
    assert limits(driver, adopted)["mailboxes"] == 20
    assert driver.apply(op=key("apply"), ref=adopted, to=BIG).changed is True
    assert limits(driver, adopted) == BIG
