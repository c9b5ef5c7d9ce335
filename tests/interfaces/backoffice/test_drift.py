"""A difference between a machine and what we think is found, kept, and decided by staff."""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping

import pytest
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.adapters.drivers.simulated import driver as simulated
from planshift.adapters.drivers.simulated.models import SimulatedAccount, SimulatedRecord
from planshift.domain.errors import Refused
from planshift.interfaces.cli import drift as command
from planshift.procedures import drift as deciding
from planshift.procedures.queries import choices
from planshift.procedures.queries import drift as reading
from planshift.provisioning import comparing, drift, models, ports
from planshift.runtime import clock, runs
from planshift.runtime.models import AuditEntry
from planshift.services.queries import NotFound
from tests.interfaces.backoffice.test_back_office import ITALIAN, POLISH, text

Enter = Callable[..., Client]
OURS, OTHERS = ("demo-host-italia",), ("demo-host-polska",)


@pytest.fixture
def environment(demo: object) -> models.Environment:
    """That of a demo service, in use on a simulated server."""
    found = models.Environment.objects.select_related("server", "service")
    return found.filter(service__client__email="silver@demo.example", state="ACTIVE").latest("pk")


def account(environment: models.Environment) -> SimulatedAccount:
    return SimulatedAccount.objects.get(machine__code=environment.server.code, name=environment.external_id)


def look() -> list[tuple[str, str, str, str]]:
    deciding.look_now(sellers=OURS, at=clock.business())
    return [(each.what, each.subject, each.ours, each.theirs) for each in reading.report(sellers=OURS).rows]


def planted(environment: models.Environment, **said: object) -> None:
    """Somebody changed the account at the machine, behind our back."""
    row = account(environment)
    for name, value in said.items():
        setattr(row, name, value)
    row.save()


def decide(decision: str, note: str = "seen by demo staff", **more: object) -> None:
    (row,) = reading.report(sellers=OURS).rows
    told = {"sellers": OURS, "difference": row.id, "at": clock.business(), "actor": "user:1", **more}
    deciding.decide(decision=decision, note=note, **told)  # type: ignore[arg-type]


def smaller(environment: models.Environment) -> tuple[str, int]:
    """A limit of the account, and one less."""
    code = sorted(environment.limits)[0]
    return code, environment.limits[code] - 1


def lower(environment: models.Environment) -> tuple[str, int]:
    code, less = smaller(environment)
    planted(environment, limits={**environment.limits, code: less})
    return code, less


def test_nothing_differs_in_a_fresh_demo_and_each_account_was_asked(environment: models.Environment) -> None:
    assert look() == []
    assert unknown() == []
    asked = models.DriftCheck.objects.filter(environment__server__seller__code=OURS[0])
    here = models.Environment.objects.filter(server__seller__code=OURS[0]).exclude(state="PREPARING")
    assert asked.count() == here.count() > 3
    assert not asked.exclude(trouble="").exists()


def test_a_planted_limit_suspension_and_name_are_found(environment: models.Environment) -> None:
    code, less = lower(environment)
    planted(environment, suspended=True)
    SimulatedRecord.objects.update_or_create(
        name=environment.service.label, defaults={"address": "203.0.113.9", "ttl": 300}
    )
    assert look() == [
        ("limit", code, str(less + 1), str(less)),
        ("suspended", "", "no", "yes"),
        ("dns", environment.service.label, environment.address, "203.0.113.9"),
    ]
    before = [(row.pk, row.found_at) for row in models.Difference.objects.order_by("pk")]
    look()  # again: the same differences, seen later
    assert [(row.pk, row.found_at) for row in models.Difference.objects.order_by("pk")] == before
    assert all(row.seen_at > row.found_at for row in models.Difference.objects.all())


def test_an_account_that_is_gone_or_should_be_is_found(environment: models.Environment) -> None:
    planted(environment, removed=True)
    assert look() == [("missing", "", "yes", "no")]
    planted(environment, removed=False)
    models.Environment.objects.filter(pk=environment.pk).update(state="RETIRED", retired_at=clock.business())
    assert look() == [("still_there", "", "no", "yes")]
    closed = reading.report(sellers=OURS, closed=True).rows
    assert [(each.what, each.outcome) for each in closed] == [("missing", "settled")]
    with pytest.raises(Refused, match="drift_not_possible"):
        decide("apply")  # nobody removes data by a button


def stranger(environment: models.Environment, name: str = "old-shop") -> SimulatedAccount:
    """An account that somebody made at the server by hand."""
    row = account(environment)
    row.pk, row.name, row.label = None, name, ""
    row.save()
    return row


def unknown() -> list[tuple[str, str]]:
    return [(each.server, each.account) for each in reading.report(sellers=OURS).unknown]


def test_an_account_that_no_environment_is_is_found_and_goes_when_it_is_known_or_gone(
    environment: models.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulated, "PAGE", 2)  # several pages
    row = stranger(environment)
    stranger(environment, "older-shop")
    there = environment.server.code
    assert look() == []
    assert unknown() == [(there, "older-shop"), (there, "old-shop")]
    found = models.UnknownAccount.objects.get(name="old-shop")
    SimulatedAccount.objects.filter(pk=row.pk).update(removed=True)
    models.Environment.objects.filter(pk=environment.pk).update(external_id="older-shop")
    look()
    assert unknown() == [(there, account(environment).name)]  # the account that it was before
    found.refresh_from_db()
    assert (found.outcome, found.closed_by, found.closed_at is not None) == ("settled", "", True)
    assert reading.report(sellers=OTHERS).unknown == ()


def test_a_server_that_does_not_list_its_accounts_closes_nothing(environment: models.Environment) -> None:
    stranger(environment)
    look()
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind="fails", server=environment.server.code, verb="listed")
    look()
    assert unknown() == [(environment.server.code, "old-shop")]
    assert comparing.names(environment.server) == comparing.Names(
        environment.server.pk, trouble="unreachable", again=True
    )


def test_what_we_removed_long_ago_and_is_still_there_is_an_unknown_account(environment: models.Environment) -> None:
    at = clock.business()
    rows = models.Environment.objects.filter(pk=environment.pk)
    rows.update(state="RETIRED", retired_at=at - comparing.GONE_FOR + dt.timedelta(days=1))
    assert [each[0] for each in look()] == ["still_there"] and unknown() == []
    rows.update(retired_at=at - comparing.GONE_FOR - dt.timedelta(days=1))
    look()
    assert unknown() == [(environment.server.code, environment.external_id)]


def test_the_night_finds_unknown_accounts_and_staff_dismiss_them_once_for_all(
    enter: Enter, environment: models.Environment
) -> None:
    stranger(environment)
    runs.start(kind="drift", key="drift:2026-11-22", subject="2026-11-22")
    runs.drain()
    browser, other = enter(ITALIAN), enter(POLISH)
    page = browser.get("/staff/drift/")
    assert "Accounts that we do not know" in text(page) and "/ old-shop" in text(page)
    assert "old-shop" not in text(other.get("/staff/drift/"))
    (number,) = re.findall(r"/staff/drift/accounts/(\d+)/dismiss/", page.content.decode())
    address = f"/staff/drift/accounts/{number}/dismiss/"
    assert other.post(address, {"note": "x"}).status_code == 404
    assert browser.post(address, {"note": " "}).status_code == 409
    assert browser.post(address, {"note": "our monitoring"}).status_code == 302
    assert browser.post(address, {"note": "again"}).status_code == 409
    look()
    assert unknown() == []
    closed = text(browser.get("/staff/drift/?closed=1"))
    assert "old-shop" in closed and "our monitoring" in closed and "user:" not in closed
    entry = AuditEntry.objects.get(kind="provisioning.unknown_account")
    assert (entry.event, entry.note, entry.facts) == ("drift_dismissed", "our monitoring", {"account": "old-shop"})


def test_the_command_names_unknown_accounts(
    environment: models.Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger(environment)
    assert command.main(["--seller", OURS[0]]) == 1
    out = capsys.readouterr().out
    assert f"{OURS[0]} {environment.server.code} old-shop: We know no environment for this account" in out
    assert "0 differences, " in out and ", 1 unknown account" in out
    command.main(["--seller", OURS[0], "--kept", "--json"])
    (told,) = json.loads(capsys.readouterr().out)["unknown_accounts"]
    assert (told["server"], told["account"]) == (environment.server.code, "old-shop")


def test_what_is_being_worked_on_is_not_compared(environment: models.Environment) -> None:
    lower(environment)
    row = models.Execution.objects.filter(service=environment.service).latest("pk")
    models.Execution.objects.filter(pk=row.pk).update(state="RUNNING", ended_at=None, point_of_no_return_at=None)
    assert look() == []


def test_a_silent_server_is_told_and_closes_nothing(environment: models.Environment) -> None:
    lower(environment)
    assert len(look()) == 1
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind="fails", server=environment.server.code)
    assert len(look()) == 1
    report = reading.report(sellers=OURS)
    assert [each.silent for each in report.servers if each.server == environment.server.code] != [0]


def test_a_silent_name_service_hides_nothing_that_the_machine_says_and_closes_no_difference_of_names(
    environment: models.Environment,
) -> None:
    name = environment.service.label
    SimulatedRecord.objects.update_or_create(name=name, defaults={"address": "203.0.113.9", "ttl": 300})
    elsewhere = ("dns", name, environment.address, "203.0.113.9")
    assert look() == [elsewhere]
    code, less = lower(environment)
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind="fails", verb="dns_get")
    assert look() == [elsewhere, ("limit", code, str(less + 1), str(less))]
    checks = models.DriftCheck.objects.filter(environment__server=environment.server)
    assert set(checks.filter(environment=environment).values_list("trouble", flat=True)) == {"unreachable"}
    simulation.clear_faults()
    SimulatedRecord.objects.filter(name=name).update(address=environment.address)
    assert look() == [("limit", code, str(less + 1), str(less))]
    assert not checks.exclude(trouble="").exists()


def test_ours_is_set_again_by_an_execution_and_the_next_look_closes_it(environment: models.Environment) -> None:
    code, less = lower(environment)
    look()
    with pytest.raises(Refused, match="note_needed"):
        decide("apply", note=" ")
    decide("apply")
    with pytest.raises(Refused, match="drift_under_way"):
        decide("apply")
    runs.drain()
    assert account(environment).limits[code] == less + 1
    assert look() == []
    assert [row.outcome for row in models.Difference.objects.all()] == ["settled"]
    done = AuditEntry.objects.get(event="drift_applied")
    assert (done.note, done.actor, done.facts["theirs"]) == ("seen by demo staff", "user:1", str(less))


def test_a_suspended_account_is_switched_on_again(environment: models.Environment) -> None:
    planted(environment, suspended=True)
    look()
    decide("apply")
    runs.drain()
    assert account(environment).suspended is False and look() == []


def test_a_name_that_leads_elsewhere_is_switched_back(environment: models.Environment) -> None:
    name = environment.service.label
    SimulatedRecord.objects.update_or_create(name=name, defaults={"address": "203.0.113.9", "ttl": 300})
    look()
    decide("apply")
    runs.drain()
    assert SimulatedRecord.objects.get(name=name).address == environment.address
    assert look() == []


def test_theirs_is_taken_over(environment: models.Environment) -> None:
    code, less = lower(environment)
    look()
    decide("take_over")
    environment.refresh_from_db()
    assert environment.limits[code] == less
    assert look() == []
    assert account(environment).limits[code] == less  # nobody touched the machine


def test_what_was_dismissed_comes_back_only_when_the_machine_says_something_new(
    environment: models.Environment,
) -> None:
    code, less = lower(environment)
    look()
    decide("dismiss", note="agreed with the client")
    assert look() == []
    planted(environment, limits={**environment.limits, code: less - 1})
    assert look() == [("limit", code, str(less + 1), str(less - 1))]
    assert [row.note for row in models.Difference.objects.exclude(outcome="")] == ["agreed with the client"]


def test_another_sellers_differences_are_not_there(environment: models.Environment) -> None:
    lower(environment)
    look()
    assert reading.report(sellers=OTHERS).rows == ()
    with pytest.raises(NotFound):
        decide("dismiss", sellers=OTHERS)
    assert [row.outcome for row in models.Difference.objects.all()] == [""]


def test_the_night_asks_every_server_once(environment: models.Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    lower(environment)
    monkeypatch.setattr(drift, "STRETCH", 2)
    for _ in range(2):
        runs.start(kind="drift", key="drift:2026-11-22", subject="2026-11-22")
        runs.drain()
    (row,) = models.Difference.objects.all()
    assert row.environment_id == environment.pk
    assert models.DriftCheck.objects.count() == models.Environment.objects.exclude(state="PREPARING").count()


def test_the_command_tells_and_its_status_says_whether_there_is_any(
    environment: models.Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--seller", OURS[0]]) == 0
    assert "0 differences, " in capsys.readouterr().out
    code, less = lower(environment)
    assert command.main(["--seller", OURS[0], "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["differences"]
    assert (told["what"], told["subject"], told["ours"], told["theirs"]) == ("limit", code, str(less + 1), str(less))
    assert told["server"] == environment.server.code and told["can"] == ["apply", "dismiss", "take_over"]
    assert command.main(["--kept", "--lang", "pl"]) == 1
    assert f"Inny limit ({code}): u nas {less + 1}, na serwerze {less}" in capsys.readouterr().out
    assert command.main(["--seller", "nobody"]) == 2


def test_staff_look_and_decide_on_the_page(enter: Enter, environment: models.Environment) -> None:
    code, less = lower(environment)
    browser, other = enter(ITALIAN), enter(POLISH)
    assert "No difference" in text(browser.get("/staff/drift/"))
    asked = browser.post("/staff/drift/look/", follow=True)
    assert "The worker asks the servers now. Look again in a moment." in text(asked)
    assert not models.Difference.objects.exists()  # a request asks no machine
    runs.drain()
    page = browser.get("/staff/drift/")
    seller = environment.server.seller
    title = choices.names_of_sellers(sellers=(seller.code,))[seller.code][code]
    assert isinstance(title, Mapping) and title["en"] != code
    assert f"Another limit {title['en']}" in text(page) and f"The server says {less}" in text(page)
    (number,) = re.findall(r"/staff/drift/(\d+)/decide/", page.content.decode())
    address = f"/staff/drift/{number}/decide/"
    assert other.post(address, {"decision": "dismiss", "note": "x"}).status_code == 404
    assert browser.post(address, {"decision": "destroy", "note": "x"}).status_code == 409
    assert browser.post(address, {"decision": "dismiss", "note": ""}).status_code == 409
    assert browser.post(address, {"decision": "dismiss", "note": "as agreed"}).status_code == 302
    assert browser.post(address, {"decision": "dismiss", "note": "again"}).status_code == 409
    closed = text(browser.get("/staff/drift/?closed=1"))
    assert "Dismissed" in closed and "as agreed" in closed and "user:" not in closed
    other_seller = models.Server.objects.exclude(seller=seller).values("seller")[:1]
    models.Server.objects.filter(seller=seller).update(seller=other_seller, code=Concat(Value("moved-"), "code"))
    assert "There is nothing on a server to ask about." in text(browser.post("/staff/drift/look/", follow=True))


def test_many_differences_have_pages_and_a_true_count(
    enter: Enter, environment: models.Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reading, "SIZE", 2)
    at = clock.business()
    for code in ("a", "b", "c"):
        models.Difference.objects.create(
            environment=environment, what="limit", subject=code, ours="1", theirs="2", found_at=at, seen_at=at
        )
    browser = enter(ITALIAN)
    first, second = (browser.get(f"/staff/drift/?page={number}").content.decode() for number in (1, 2))
    assert first.count("/decide/") == 2 and 'href="?page=2"' in first and 'num">3<' in first
    assert second.count("/decide/") == 1 and 'href="?page=1"' in second and 'href="?page=3"' not in second
    assert command.main(["--kept", "--seller", OURS[0]]) == 1
    out = capsys.readouterr().out
    assert "3 differences, " in out and out.count("Another limit") == 3  # the command tells them all


def test_more_differences_need_no_more_statements(enter: Enter, environment: models.Environment) -> None:
    browser, counts = enter(ITALIAN), []
    browser.get("/staff/drift/")
    at = clock.business()
    for code in ("a", "b", "c"):
        models.Difference.objects.create(
            environment=environment, what="limit", subject=code, ours="1", theirs="2", found_at=at, seen_at=at
        )
        clock.forget()
        with CaptureQueriesContext(connection) as seen:
            browser.get("/staff/drift/")
        counts.append(len(seen))
    assert counts[0] == counts[1] == counts[2]
