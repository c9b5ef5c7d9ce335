"""A new environment stops serving after visitors were sent to it: the old one serves again, or a person decides."""

import datetime as dt

import pytest

from planshift.adapters.drivers.simulated import driver as simulated
from planshift.adapters.drivers.simulated.models import SimulatedAccount, SimulatedRecord
from planshift.provisioning import executions, models, ports, queries, returning
from planshift.runtime import clock
from tests.machines import hosting
from tests.machines.conftest import Host
from tests.machines.hosting import NOON, after, drain, go_to, journal, simulation, with_name


def sent(host: Host, **parameters: object) -> models.Execution:
    """Visitors are sent to the new environment, the client has not yet said that it is in use."""
    with_name(host.environment)
    execution = hosting.start(
        host.service, "HARD", domains=("demo.example",), content_transfer="provider", **parameters
    )
    drain()
    execution.refresh_from_db()
    return execution


def look(times: int = 1) -> None:
    """Let time pass in small steps: what looks now and then looks."""
    for _ in range(times):
        clock.move_to(at=clock.business() + dt.timedelta(seconds=16), actor="test", really=True)
        drain()


def visited(address: str) -> int:
    web = ports.web("simulated")
    assert web is not None
    return web.visit(address=address, name="demo.example")


def test_visitors_are_sent_on_only_after_a_visit_and_names_are_switched_only_after_another(host: Host) -> None:
    execution = sent(host)
    assert (execution.state, execution.step) == ("AWAITING_CLIENT", "cut_over")
    done = [line for line in journal(execution) if line.endswith("done")]
    assert done[-8:] == [
        "copy done",
        "lower_ttl done",
        "final_copy done",
        "try_new done",
        "proxy done",
        "try_old done",
        "swap_dns done",
        "observe_dns done",
    ]
    assert (
        SimulatedAccount.objects.get(name="s1001-1").proxied_to == SimulatedAccount.objects.get(name="s1001-2").address
    )


def test_a_new_environment_that_does_not_serve_gets_no_visitors(host: Host) -> None:
    simulation().add_fault(kind="fails", server="web2", verb="visit")
    execution = sent(host)
    assert execution.state == "FAILED"
    assert execution.error["what"] == "not_serving"
    assert "proxy done" not in journal(execution)
    record = SimulatedRecord.objects.get()
    assert (record.address, record.ttl) == (host.environment.address, 3600)
    assert visited(host.environment.address) == 200


def test_it_dies_before_the_point_of_no_return_and_the_old_one_serves_again_by_itself(host: Host) -> None:
    execution = sent(host)
    look(3)
    simulation().add_fault(kind="fails", server="web2")  # the whole new server is gone
    look(2)
    execution.refresh_from_db()
    assert execution.state == "AWAITING_CLIENT"  # twice may be a hiccup
    assert visited(host.environment.address) == 502
    look(1)
    execution.refresh_from_db()
    assert visited(host.environment.address) == 200
    record = SimulatedRecord.objects.get()
    assert (record.address, record.ttl) == (host.environment.address, 3600)
    assert journal(execution).count("cut_over not_serving") == 3
    # what is left on the dead server waits for a person, who finds it: mail may be there
    assert (execution.state, execution.step, execution.error["what"]) == ("STUCK", "hand_over", "mail_not_back")
    assert (execution.error["why"], SimulatedAccount.objects.get(name="s1001-2").removed) == ("unreachable", False)
    assert [one.number for one in queries.for_staff(seller="demo-host", at=clock.business())] == [execution.number]
    simulation().clear_faults()
    executions.retry(number=execution.number, note="repaired", at=clock.business(), actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert execution.state == "FAILED"
    assert hosting.states(host.service) == {"s1001-1": "ACTIVE", "s1001-2": "RETIRED"}


def delivered(account: str, *mails: str) -> None:
    to = SimulatedAccount.objects.get(name=account)
    to.mail = [*to.mail, *mails]
    to.save()


@pytest.mark.parametrize("fault", ["", "fails", "lost_answer"])
def test_mail_that_came_in_on_the_new_environment_is_brought_back_before_that_goes(host: Host, fault: str) -> None:
    delivered("s1001-1", "before")
    execution = sent(host)
    delivered("s1001-2", "after the switch")
    if fault:
        simulation().add_fault(kind=fault, verb="return_mail", times=1)
    executions.cancel(number=execution.number, note="changed my mind", at=clock.business(), actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert execution.state == "CANCELLED"
    assert SimulatedAccount.objects.get(name="s1001-1").mail == ["before", "after the switch"]
    new = SimulatedAccount.objects.get(name="s1001-2")
    assert (new.removed, new.takes_mail) == (True, False)
    assert [line for line in journal(execution) if line.endswith("undone")] == [
        *("swap_dns undone", "proxy undone", "final_copy undone", "lower_ttl undone", "hand_over undone"),
        "create undone",
    ]
    told = execution.journal.get(step="hand_over", event="undone").facts
    assert told["mails"] == (0 if fault == "lost_answer" else 1)  # the count was in the answer that was lost


def test_mail_that_cannot_be_brought_back_waits_for_a_person_who_may_give_it_up(host: Host) -> None:
    execution = sent(host)
    delivered("s1001-2", "after the switch")
    simulation().add_fault(kind="refuses", verb="return_mail")
    executions.cancel(number=execution.number, note="changed my mind", at=clock.business(), actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.error["what"], execution.error["why"]) == (
        *("STUCK", "mail_not_back"),
        "remote_refused",
    )
    assert SimulatedAccount.objects.get(name="s1001-2").removed is False
    executions.skip(number=execution.number, note="copied by hand", at=clock.business(), actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert execution.state == "CANCELLED"
    assert SimulatedAccount.objects.get(name="s1001-2").removed is True


def wrote(account: str, content: str) -> None:
    SimulatedAccount.objects.filter(name=account).update(content=content)


def test_files_that_were_written_on_the_new_environment_are_kept_until_a_person_has_decided(host: Host) -> None:
    wrote("s1001-1", "the site")
    execution = sent(host)
    assert SimulatedAccount.objects.get(name="s1001-2").content == "the site"
    delivered("s1001-2", "after the switch")
    wrote("s1001-2", "the site, and what was uploaded")
    executions.cancel(number=execution.number, note="changed my mind", at=clock.business(), actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.step, execution.error["what"]) == ("STUCK", "hand_over", "files_not_back")
    assert (execution.error["files"], execution.error["names"]) == (1, ["content"])
    new = SimulatedAccount.objects.get(name="s1001-2")
    assert (new.removed, new.takes_mail, new.content) == (False, False, "the site, and what was uploaded")
    assert visited(host.environment.address) == 200  # the old one serves, and has the mail
    assert SimulatedAccount.objects.get(name="s1001-1").mail == ["after the switch"]
    executions.retry(number=execution.number, note="look again", at=clock.business(), actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert (execution.state, SimulatedAccount.objects.get(name="s1001-2").removed) == ("STUCK", False)
    executions.skip(number=execution.number, note="the client has them", at=clock.business(), actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert (execution.state, SimulatedAccount.objects.get(name="s1001-2").removed) == ("CANCELLED", True)


def test_what_a_client_uploaded_before_he_changed_his_mind_is_kept_too(host: Host) -> None:
    with_name(host.environment)
    execution = hosting.start(host.service, "HARD", domains=("demo.example",), content_transfer="client")
    drain()
    wrote("s1001-2", "uploaded")
    executions.cancel(number=execution.number, note="changed my mind", at=clock.business(), actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.error["what"]) == ("STUCK", "files_not_back")
    assert SimulatedAccount.objects.get(name="s1001-2").removed is False


def test_what_a_client_uploaded_to_a_server_that_cannot_look_is_not_removed_without_a_person(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returning.inside, "Looks", type("Nobody", (), {}))
    with_name(host.environment)
    execution = hosting.start(host.service, "HARD", domains=("demo.example",), content_transfer="client")
    drain()
    wrote("s1001-2", "uploaded")
    executions.cancel(number=execution.number, note="changed my mind", at=clock.business(), actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.error["what"]) == ("STUCK", "files_not_back")
    assert execution.error["why"] == "unsupported"
    assert SimulatedAccount.objects.get(name="s1001-2").removed is False
    executions.skip(number=execution.number, note="looked", at=clock.business(), actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert (execution.state, SimulatedAccount.objects.get(name="s1001-2").removed) == ("CANCELLED", True)


def test_a_server_that_says_mail_is_back_and_has_it_not_is_not_believed(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = sent(host)
    delivered("s1001-2", "after the switch")
    monkeypatch.setattr(simulated, "_return", lambda source, to: True)  # it claims, and does nothing
    executions.cancel(number=execution.number, note="changed my mind", at=clock.business(), actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    error = execution.error
    assert (execution.state, error["what"], error["why"]) == ("STUCK", "mail_not_back", "read_back_differs")
    assert error["mails"] == 1
    assert SimulatedAccount.objects.get(name="s1001-2").removed is False
    monkeypatch.undo()
    executions.retry(number=execution.number, note="repaired", at=clock.business(), actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert execution.state == "CANCELLED"
    assert SimulatedAccount.objects.get(name="s1001-1").mail == ["after the switch"]


def test_nothing_is_asked_about_mail_where_none_can_have_come(host: Host) -> None:
    with_name(host.environment)
    execution = hosting.start(
        host.service, "HARD", domains=("demo.example",), content_transfer="provider", set_up_work=("look",)
    )
    drain()
    simulation().add_fault(kind="refuses", verb="return_mail")
    executions.cancel(number=execution.number, note="changed my mind", at=clock.business(), actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert execution.state == "CANCELLED"


def test_a_hiccup_is_forgotten(host: Host) -> None:
    execution = sent(host)
    for _ in range(3):
        simulation().add_fault(kind="fails", server="web2", verb="visit", times=2)
        look(4)
    execution.refresh_from_db()
    assert execution.state == "AWAITING_CLIENT"
    assert journal(execution).count("cut_over serves_again") == 3


def test_when_both_are_silent_it_may_be_us_who_see_nothing(host: Host) -> None:
    execution = sent(host)
    simulation().add_fault(kind="fails", verb="visit")
    look(6)
    execution.refresh_from_db()
    assert execution.state == "AWAITING_CLIENT"


def test_it_dies_after_the_point_of_no_return_and_a_person_decides(host: Host) -> None:
    execution = sent(host, hold_days=14)
    hosting.confirm(execution)
    simulation().add_fault(kind="fails", server="web2")
    look(4)
    execution.refresh_from_db()
    assert (execution.state, execution.error["what"]) == ("STUCK", "not_serving")
    assert [one.number for one in queries.for_staff(seller="demo-host", at=clock.business())] == [execution.number]
    simulation().clear_faults()
    executions.retry(number=execution.number, note="web2 is back", at=clock.business(), actor="staff:demo")
    drain()
    go_to(after(15))
    execution.refresh_from_db()
    assert execution.state == "AWAITING_NOTICE"


def test_nobody_looks_after_the_old_one_is_switched_off(host: Host) -> None:
    execution = sent(host, hold_days=0)
    hosting.confirm(execution)
    hosting.notice(execution)
    execution.refresh_from_db()
    assert execution.state == "DONE"
    simulation().add_fault(kind="fails", server="web2")
    look(5)
    assert "not_serving" not in " ".join(journal(execution))


@pytest.mark.parametrize(("traits", "parameters"), [({}, {"pass_on": False}), ({"front_proxy": False}, {})])
def test_where_visitors_are_not_passed_on_the_former_time_to_live_is_waited_for(
    host: Host, traits: dict[str, bool], parameters: dict[str, bool]
) -> None:
    host.old.traits |= traits
    host.old.save()
    execution = sent(host, **parameters)
    assert (execution.state, execution.step) == ("HOLDING", "old_ttl")
    go_to(NOON + dt.timedelta(seconds=3599))
    assert "final_copy done" not in journal(execution)
    go_to(NOON + dt.timedelta(seconds=3600))
    execution.refresh_from_db()
    assert (execution.state, execution.step) == ("AWAITING_CLIENT", "cut_over")
    assert SimulatedAccount.objects.get(name="s1001-1").proxied_to == ""
    assert SimulatedRecord.objects.get().address == SimulatedAccount.objects.get(name="s1001-2").address


def test_it_can_be_given_up_while_the_former_time_to_live_is_waited_for(host: Host) -> None:
    execution = sent(host, pass_on=False)
    executions.cancel(number=execution.number, note="changed my mind", at=NOON, actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert execution.state == "CANCELLED"
    assert SimulatedRecord.objects.get().ttl == 3600


def test_a_name_that_points_elsewhere_stays_where_it_is_and_names_below_move_along(host: Host) -> None:
    simulation().add_record(name="demo.example", address="203.0.113.7", ttl=900)
    simulation().add_record(name="www.demo.example", address=host.environment.address, ttl=900)
    simulation().add_record(name="mail.demo.example", address="203.0.113.8", ttl=900)
    execution = hosting.start(host.service, "HARD", domains=("demo.example",), content_transfer="provider")
    drain()
    execution.refresh_from_db()
    found = dict(SimulatedRecord.objects.values_list("name", "address"))
    new = SimulatedAccount.objects.get(name="s1001-2").address
    assert found == {"demo.example": "203.0.113.7", "www.demo.example": new, "mail.demo.example": "203.0.113.8"}
    assert execution.journal.get(step="lower_ttl", event="done").facts["elsewhere"] == ["demo.example"]
    hosting.confirm(execution)
    assert set(SimulatedRecord.objects.values_list("ttl", flat=True)) == {900}
