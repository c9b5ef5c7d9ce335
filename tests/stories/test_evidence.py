"""The evidence of a change: complete, the hashes verify, the same bytes each time, no secret, nobody else's."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import models as billing
from planshift.domain import facts
from planshift.domain.money import Money
from planshift.interfaces.cli import evidence as command
from planshift.interfaces.presenters import quote_text
from planshift.procedures import acceptance, change, evidence, models
from planshift.provisioning import models as machines
from planshift.runtime import clock
from planshift.services.queries import NotFound
from tests.stories.conftest import Stage
from tests.stories.test_account_credit import ANSWERS, LABEL, lowered
from tests.stories.test_answers_in_the_product import govern


def opened(number: str, **how: Any) -> dict[str, bytes]:
    """The files of the pack, each checked against the manifest; packing again gives the same bytes."""
    made = evidence.pack(change=number, words=quote_text.text, **how)
    assert made == evidence.pack(change=number, words=quote_text.text, **how)
    with zipfile.ZipFile(io.BytesIO(made.content)) as packed:
        assert packed.testzip() is None
        assert {each.date_time for each in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files["manifest.json"])
    told = {each["path"]: (each["bytes"], each["sha256"]) for each in manifest["files"]}
    found = {path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in files.items()}
    found.pop("manifest.json")
    assert told == found
    assert manifest["change"] == number
    return files


def read(files: dict[str, bytes], name: str) -> Any:
    return json.loads(files[name])


def moves(files: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(each["posting"], each["amount"]["amount"]) for each in read(files, "money/ledger.json")]


def test_H9_the_evidence_of_an_easy_change_is_complete(stage: Stage) -> None:
    quote = stage.quote("pasticceria", "gold")
    ordered = stage.order(quote)
    stage.pay(ordered.order)
    assert stage.change(ordered.number).state == "DONE"
    files = opened(ordered.number)
    row = models.Change.objects.get(number=ordered.number)
    (invoice,) = billing.Invoice.objects.filter(order=row.order)
    assert read(files, "change.json")["state"] == "DONE"
    # (135.00 - 69.00) x 4 / 12 = 22.00; 22 % VAT 4.84
    assert (read(files, "quote/quote.json")["net"], read(files, "quote/quote.json")["gross"]) == ("22.00", "26.84")
    text = files["quote/quote.txt"].decode()
    assert "26,84" in text and "22,00" in text and "135,00" in text  # in the client's language: Italian
    for path, kept in (("policy", row.quote.policy), ("catalog", row.quote.catalog)):
        assert hashlib.sha256(files[f"quote/{path}.toml"]).hexdigest() == kept.digest
        assert read(files, "quote/rules.json")[path]["sha256"] == kept.digest
    assert read(files, "quote/rules.json")["facts_sha256"] == row.quote.facts_digest
    agreed = read(files, "consents.json")["acknowledged"]
    assert [each["notice"] for each in agreed] == sorted(each.code for each in quote.offer.notices)
    assert all(hashlib.sha256(each["text"].encode()).hexdigest() == each["text_digest"] for each in agreed)
    stem = f"documents/{invoice.number.replace('/', '-')}"
    assert files[f"{stem}.pdf"].startswith(b"%PDF") and files[f"documents/{ordered.order}.pdf"].startswith(b"%PDF")
    absent = {each["path"]: each["why"] for each in read(files, "manifest.json")["absent"]}
    assert f"{stem}.xml" in files or absent[f"{stem}.xml"]  # written, or why it cannot be
    assert read(files, "documents/documents.json")["documents"][0]["gross"] == "26.84"
    moved = read(files, "money/ledger.json")
    assert [(each["posting"], each["amount"]["amount"]) for each in moved] == [
        ("received_for_order", "26.84"),
        ("invoice_issued", "22.00"),
        ("invoice_issued", "4.84"),
        ("invoice_settled", "26.84"),
    ]
    order = read(files, "money/order.json")
    assert [each["amount"] for each in (*order["covered_by"], *order["payments"])] == ["26.84", "26.84"]
    journal = read(files, "execution.json")["journal"]
    assert journal and all(each["actor"] and each["at"] for each in journal)
    assert {each["who"] for each in read(files, "run.json")}
    events = {(each["kind"], each["event"]) for each in read(files, "audit.json")}
    assert {("procedures.quote", "ordered"), ("billing.order", "paid"), ("billing.invoice", "issued")} <= events
    assert ("billing.payment", "received") in events and ("procedures.change", "paid") in events


def test_H9_the_evidence_of_a_hard_change_has_every_step_and_no_access_data(stage: Stage) -> None:
    ordered = stage.order(stage.quote("studio-tecnico", "gold"))
    stage.pay(ordered.order)
    executions = machines.Execution.objects.filter(cause=ordered.number)
    (sealed,) = machines.Handover.objects.filter(execution__in=executions, sealed__isnull=False)
    before = b"".join(opened(ordered.number).values())
    client = stage.service("studio-tecnico").client.number
    at = clock.business()
    seen = change.reveal_credentials(client=client, number=ordered.number, at=at, actor=stage.actor)
    assert seen.secret
    files = opened(ordered.number)
    for everything in (before, b"".join(files.values())):
        assert bytes(sealed.sealed) not in everything and seen.secret.encode() not in everything
    journal = read(files, "execution.json")["journal"]
    assert len(journal) == machines.ExecutionStep.objects.filter(execution__in=executions).count() > 3
    assert read(files, "change.json")["kind"] == "hard"
    # (135.00 - 36.90) x 6 / 12 + 10.00 = 59.05
    assert read(files, "quote/quote.json")["net"] == "59.05" and "59,05" in files["quote/quote.txt"].decode()


def test_D7_the_evidence_of_a_decrease_has_the_mails_the_answer_and_the_correction(stage: Stage) -> None:
    ordered = stage.order(stage.quote("vps.warsztat", facts.ChangeResources(amounts={"ip": 0, "memory": 0})))
    drafts = opened(ordered.number)
    (draft,) = billing.Correction.objects.filter(cause=ordered.number)
    assert drafts[f"documents/{draft.number}.pdf"].startswith(b"%PDF")
    client = stage.service("vps.warsztat").client.number
    acceptance.accept(client=client, number=ordered.number, at=clock.business(), actor=stage.actor)
    stage.work()
    files = opened(ordered.number)
    (sent,) = models.OutgoingMail.objects.filter(about=ordered.number)
    assert hashlib.sha256(files[f"mails/out/{sent.number}.eml"]).hexdigest() == sent.sha256
    assert read(files, "mails/mails.json")["out"][0]["sha256"] == sent.sha256
    answered = read(files, "consents.json")["acceptance"]
    assert (answered["state"], answered["answered_how"]) == ("CREDITED", "click")
    (paper,) = billing.Invoice.objects.filter(kind="correction")
    assert files[f"documents/{paper.number.replace('/', '-')}.pdf"].startswith(b"%PDF")
    assert read(files, "documents/corrections.json")["corrections"][0]["state"] == "CREDITED"
    credited = Money.from_minor(-paper.gross_minor, paper.currency).text
    moved = [(each["posting"], each["amount"]["amount"]) for each in read(files, "money/ledger.json")]
    assert ("credit_to_deposit", credited) in moved and ("correction_issued" in {name for name, _ in moved})


def test_the_evidence_tells_what_went_to_account_credit_and_what_was_paid_from_it(
    stage: Stage, post: SimulatedMail
) -> None:
    """Silver → Gold, 26.84 by transfer; back, to account credit; up again for 39.04: 26.84 of it by the credit."""
    down = lowered(stage)
    files = opened(down)
    (paper,) = billing.Invoice.objects.filter(kind="correction")
    stem = f"documents/{paper.number.replace('/', '-')}"
    assert files[f"{stem}.pdf"].startswith(b"%PDF")
    told = read(files, "documents/documents.json")["documents"]
    assert [(each["number"], each["gross"]) for each in told] == [(paper.number, "-26.84")]
    (correction,) = read(files, "documents/corrections.json")["corrections"]
    assert (correction["state"], correction["credited_to"]) == ("CREDITED", "account_credit")
    assert read(files, "quote/quote.json")["credit_to"] == "account_credit"
    assert 'credit_to = "account_credit"' in files["quote/policy.toml"].decode()  # the rule that says so
    assert moves(files) == [
        ("correction_issued", "22.00"),
        ("correction_issued", "4.84"),
        ("credit_to_account_credit", "26.84"),
    ]
    govern(stage, LABEL, **ANSWERS, change_fee='[{ answer = "flat", amount = "10.00" }]')
    up = stage.order(stage.quote(LABEL, "gold"))
    waits = read(opened(up.number), "money/order.json")["collection"]
    assert (waits["drawn"], waits["because"], waits["due"]) == (False, ["by_payment_only"], "39.04 EUR")
    stage.pay(up.order)  # the rest
    assert stage.change(up.number).state == "DONE"
    files = opened(up.number)
    money = read(files, "money/order.json")
    assert [(each["source"], each["amount"]) for each in money["covered_by"]] == [
        ("account_credit", "26.84"),
        ("bank", "12.20"),
    ]
    assert [each["amount"] for each in money["payments"]] == ["12.20"]  # credit is no payment
    used = {"balance": "26.84 EUR", "used": "26.84 EUR", "because": []}
    assert waits["account_credit"] == money["collection"]["account_credit"] == used
    assert moves(files) == [
        ("account_credit_drawn", "26.84"),
        ("received_for_order", "12.20"),
        ("invoice_issued", "32.00"),
        ("invoice_issued", "7.04"),
        ("invoice_settled", "39.04"),
    ]
    (invoice,) = billing.Invoice.objects.filter(order__number=up.order)
    assert files[f"documents/{invoice.number.replace('/', '-')}.pdf"].startswith(b"%PDF")
    assert files[f"documents/{up.order}.pdf"].startswith(b"%PDF")
    (told,) = read(files, "documents/documents.json")["documents"]
    assert [(each["source"], each["amount_minor"]) for each in told["settled"]] == [
        ("account_credit", 2684),
        ("bank", 1220),
    ]


def test_the_evidence_says_why_account_credit_did_not_pay(stage: Stage, post: SimulatedMail) -> None:
    lowered(stage, account_credit='"renewals_only"')
    up = stage.order(stage.quote(LABEL, "gold"))
    decided = read(opened(up.number), "money/order.json")["collection"]["account_credit"]
    assert decided == {"balance": "26.84 EUR", "used": "0.00 EUR", "because": ["account_credit_for_renewals"]}


def test_another_sellers_staff_and_clients_get_404(stage: Stage) -> None:
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    seller = stage.service("pasticceria").client.seller.code
    with pytest.raises(NotFound):
        evidence.pack(change=ordered.number, words=quote_text.text, sellers=("another",))
    browser, address = Client(), f"/staff/changes/{ordered.number}/evidence.zip"
    seen = {}
    for person in ("personale", "obsluga", "silver"):
        browser.force_login(get_user_model().objects.get(email=f"{person}@demo.example"))
        seen[person] = browser.get(address).status_code
    assert seen == {"personale": 200, "obsluga": 404, "silver": 404}
    browser.force_login(get_user_model().objects.get(email="personale@demo.example"))
    page = browser.get(f"/staff/changes/{ordered.number}/")
    assert address in page.content.decode()
    answer = browser.get(address)
    assert (
        answer.headers["Content-Type"] == "application/zip" and ordered.number in answer.headers["Content-Disposition"]
    )
    # the same for the command and for the page, whatever the reader's language and time zone
    assert answer.content == evidence.pack(change=ordered.number, words=quote_text.text, sellers=(seller,)).content
    assert Client().get(address).status_code == 302


def test_the_command_writes_it_once_for_its_owner_alone(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    target = tmp_path / "proof.zip"
    assert command.main([ordered.number, "--out", str(target)]) == 0
    assert hashlib.sha256(target.read_bytes()).hexdigest() in capsys.readouterr().out
    assert target.stat().st_mode & 0o777 == 0o600
    assert command.main([ordered.number, "--out", str(target)]) == 1  # never over another file
    assert command.main(["CH-2026-999999"]) == 1
    assert "no change" in capsys.readouterr().out


def test_a_withdrawn_change_has_its_evidence_too(stage: Stage) -> None:
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    change.withdraw(
        client=stage.service("pasticceria").client.number,
        number=ordered.number,
        at=clock.business(),
        actor=stage.actor,
    )
    stage.work()
    files = opened(ordered.number)
    assert read(files, "change.json")["state"] == "WITHDRAWN"
    assert read(files, "money/ledger.json") == [] and read(files, "documents/documents.json")["documents"] == []
