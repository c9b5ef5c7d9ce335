"""Where does a change stand: what is done, what do we wait for, who must act, until when?"""

from datetime import datetime
from typing import Any, Literal

from planshift.catalog import queries as catalog
from planshift.domain import quote
from planshift.domain.money import Money
from planshift.procedures import (
    deadlines,
    decrease_credit,
    decrease_papers,
    keeping,
    knowledge,
    models,
    placing,
    rules,
    scheduling,
    views,
)
from planshift.procedures.queries import services
from planshift.provisioning import queries as provisioning
from planshift.services.queries import NotFound


def change(*, client: str, number: str, at: datetime) -> views.ChangePage:
    """A client's change with its timeline. NotFound for another's."""
    row = (
        models.Change.objects.filter(number=number, client__number=client)
        .select_related("service__client__seller", "quote__replaced_by", "order", "execution", "acceptance")
        .first()
    )
    if row is None:
        raise NotFound(number)
    return page(row=row, at=at)


def page(*, row: models.Change, at: datetime) -> views.ChangePage:
    """The same for staff, from a row with its relations."""
    client = row.service.client
    known = knowledge.of(service=row.service.number, client=client.number, at=at)
    documents = catalog.catalog_of(revision=row.quote.catalog_id)
    offered = keeping.from_json(row.quote.offer, kind=quote.Offer)
    work = provisioning.execution(number=row.execution.number, at=at) if row.execution else None
    today = rules.day(seller=client.seller, at=at)
    final = row.state in row.lifecycle.final
    promised, paused = deadlines.open_promise(row), _paused(row)
    card = services.card(known=known, at=at)
    order, settling = row.order, _settling(row, known, at=at)
    return views.ChangePage(
        number=row.number,
        state=row.state,
        final=final,
        service=card,
        operation=row.operation,  # type: ignore[arg-type]
        source=services.source_name(row.quote, documents=documents),
        target=services.target_name(row.quote, documents=documents),
        kind=row.kind,  # type: ignore[arg-type]
        direction=row.direction,  # type: ignore[arg-type]
        ordered_at=row.ordered_at,
        promised_on=row.promised_on,
        overdue=promised is not None and today > promised and not paused,
        paused=paused,
        steps=timeline(row=row, work=work, settling=settling),
        order=row.order.number if row.order else "",
        quote=row.quote.number,
        total=offered.total,
        credentials=_credentials(work),
        new_address=work.new.address if work and work.new else "",
        duties=_duties(row, work),
        moves_content=_transfer(row) == "client",
        can_switch_over=bool(work and "confirm_cutover" in work.can),
        hold_until=work.hold_until if work else None,
        removal_at=work.hold_until if work else None,
        can_withdraw=row.state == "AWAITING_ACCEPTANCE"
        or scheduling.can_withdraw(row)
        or (row.state == "AWAITING_PAYMENT" and bool(order and order.state == "AWAITING_PAYMENT")),
        invoices=_invoices(row),
        by_staff=bool(row.ordered_how),
        staff_note=row.ordered_note,
        new_quote=row.quote.replaced_by.number if hasattr(row.quote, "replaced_by") else "",
        settling=settling,
        metered=placing.is_metered(offered),
        **_renewal(row, offered, card),
    )


def _settling(row: models.Change, known: knowledge.Known, *, at: datetime) -> views.Settling:
    """What goes on by itself although no worker has looked yet: it is paid, or what the client has here is about to pay
    it (D4)."""
    order = row.order
    if row.state != "AWAITING_PAYMENT" or order is None:
        return ""
    if order.state == "PAID":
        return "paid"
    due = Money.from_minor(order.gross_minor - order.covered_minor, order.currency)
    if order.state != "AWAITING_PAYMENT" or row.collection:
        return ""
    drawn = services.would_draw(known=known, due=due, at=at)
    if not drawn.in_full:
        return ""
    return "deposit" if "deposit" in drawn.amounts else "account_credit"


def _paused(row: models.Change) -> str:
    """Why the clock of its promise stands still (H6); "" where it does not."""
    if row.state not in ("AWAITING_EXECUTION", "AWAITING_STAFF") or row.applied_at is not None:
        return ""
    return row.pauses.filter(ended_at=None).values_list("reason", flat=True).first() or ""


def _invoices(row: models.Change) -> tuple[views.InvoiceRow, ...]:
    """The documents of the change: of its order, and its corrections once they are issued."""
    corrections = {each.document.number for each in decrease_papers.papers(change=row.number) if each.document}
    return tuple(
        each
        for each in services.invoice_rows(service=row.service.number)
        if (row.order and each.order == row.order.number) or each.number in corrections
    )


def _renewal(row: models.Change, offered: quote.Offer, card: views.ServiceCard) -> dict[str, Any]:
    """The next renewal: as it stands once the change is in force or is off, before that as it was quoted."""
    promised = offered.next_renewal
    if promised is None or row.applied_at is not None or row.state in row.lifecycle.final:
        return {"next_renewal": card.renewal, "renews_on": card.term_end_on if card.renewal else None}
    return {"next_renewal": promised.amount, "renews_on": promised.on}


def timeline(
    *, row: models.Change, work: provisioning.ExecutionView | None, settling: views.Settling = ""
) -> tuple[views.TimelineStep, ...]:
    """The steps from order to done, as the client sees them."""
    order = row.order
    steps = [views.TimelineStep("ordered", "done", row.ordered_at, None, "client", {})]
    asked: models.Acceptance | None = getattr(row, "acceptance", None)
    if asked is not None:
        return (*steps, *_accepting_steps(row, asked, work))
    if row.state in ("WITHDRAWN", "LAPSED"):
        return (*steps, views.TimelineStep(row.state.lower(), "failed", row.finished_at, None, "client", {}))
    paid_at = order.paid_at if order else row.ordered_at
    if order is None:
        pass  # metered: nothing is to be paid (D3)
    elif settling in ("deposit", "account_credit"):
        code = "drawing" if settling == "deposit" else "drawing_credit"
        steps.append(views.TimelineStep(code, "now", None, None, "system", {}))
    elif paid_at is None:
        due = order.expires_at
        steps.append(views.TimelineStep("paid", "waiting", None, due, "client", dict(row.collection)))
    else:
        steps.append(views.TimelineStep("paid", "done", paid_at, None, "client", dict(row.collection)))
    if row.effective_on is not None:
        steps.append(_term_step(row))
    steps.extend(_work_steps(row, work))
    if row.undo_at is not None:
        over = row.state == "UNDONE"
        steps.append(views.TimelineStep("given_up", "failed" if over else "now", row.finished_at, None, "staff", {}))
        return tuple(each for each in steps if each.status != "ahead")
    done = row.state == "DONE"
    steps.append(views.TimelineStep("done", "done" if done else "ahead", row.finished_at, None, "system", {}))
    return tuple(steps)


def _term_step(row: models.Change) -> views.TimelineStep:
    """Of a scheduled change: what is paid for stays until its end."""
    assert row.effective_on is not None
    begins_at = rules.start_of(row.effective_on, seller=row.client.seller)
    if row.state == "AWAITING_TERM_END":
        return views.TimelineStep("next_term", "waiting", None, begins_at, "system", {})
    return views.TimelineStep("next_term", "done", begins_at, None, "system", {})


def _accepting_steps(
    row: models.Change, asked: models.Acceptance, work: provisioning.ExecutionView | None
) -> list[views.TimelineStep]:
    """Of a decrease: asked, accepted, limits down, credited (D5)."""
    facts = {"credit": Money.from_minor(asked.credit_minor, asked.currency)}
    steps = [views.TimelineStep("asked", "done" if asked.asked_at else "now", asked.asked_at, None, "system", facts)]
    if row.state in ("WITHDRAWN", "LAPSED", "REFUSED"):
        code = "not_accepted_in_time" if row.state == "LAPSED" else row.state.lower()
        return [*steps, views.TimelineStep(code, "failed", row.finished_at, None, "client", {})]
    if asked.answered_at is not None and asked.state not in ("TO_BE_ASKED", "AWAITING_ANSWER", "AWAITING_STAFF"):
        steps.append(views.TimelineStep("accepted", "done", asked.answered_at, None, "client", {}))
    else:
        owner = asked.lifecycle.waiting.get(asked.state, "client")
        status: Literal["waiting", "ahead"] = "waiting" if asked.asked_at else "ahead"
        steps.append(views.TimelineStep("accepted", status, None, asked.lapses_at, owner, {}))
    if row.state == "UNDONE":
        return [*steps, views.TimelineStep("undone", "failed", row.finished_at, None, "staff", {})]
    steps.extend(_work_steps(row, work))
    code = _CREDITED[decrease_credit.back(asked).to]
    steps.append(views.TimelineStep(code, _past(asked.credited_at), asked.credited_at, None, "system", facts))
    return [*steps, views.TimelineStep("done", _past(row.finished_at), row.finished_at, None, "system", {})]


_CREDITED = {"deposit": "credited", "account_credit": "credited_to_account", "refund": "paid_back"}


def _past(at: datetime | None) -> Literal["done", "ahead"]:
    return "done" if at is not None else "ahead"


_SHOWN = {
    "create": "prepared",
    "hand_over": "credentials",
    "content": "content",
    "cut_over": "cut_over",
    "hold": "held",
    "remove": "removed",
    "apply": "applied",
}
_STATUS = {
    "done": "done",
    "lapsed": "done",
    "skipped": "skipped",
    "undone": "skipped",
    "failed": "failed",
    "pending": "ahead",
}


def _work_steps(row: models.Change, work: provisioning.ExecutionView | None) -> list[views.TimelineStep]:
    if work is None:
        code = "prepared" if row.kind == "hard" else "applied"
        begins = row.state == "AWAITING_EXECUTION" and row.undo_at is None
        return [views.TimelineStep(code, "now" if begins else "ahead", None, None, "system", {})]
    made = []
    for step in provisioning.timeline(number=work.number):
        code = _SHOWN.get(step.name, "")
        if not code or step.state == "skipped" or (code == "content" and _transfer(row) != "client"):
            continue
        status = _STATUS.get(step.state) or ("waiting" if step.waits_for else "now")
        if row.state == "AWAITING_STAFF" and status in ("now", "waiting"):
            status = "failed"
        made.append(
            views.TimelineStep(
                code,
                status,  # type: ignore[arg-type]
                step.ended_at,
                step.until,
                step.waits_for or "system",
                {"content": _transfer(row)} if code == "credentials" else {},
            )
        )
    return made


def _credentials(work: provisioning.ExecutionView | None) -> Literal["none", "ready", "shown", "expired"]:
    if work is None or not work.credentials:
        return "none"
    if work.credentials == "waiting":
        return "ready"
    return "shown" if work.credentials == "shown" else "expired"


def _duties(row: models.Change, work: provisioning.ExecutionView | None) -> tuple[views.Duty, ...]:
    """What the client has to do after the hand-over (H9); nothing before it, nothing once it is in use."""
    if work is None or work.handed_over_at is None or work.point_of_no_return_at is not None:
        return ()
    facts = {"name": row.service.label, "address": work.new.address if work.new else ""}
    mine = ("back_up", "copy_content", "check_site", "set_dns")
    codes = mine if _transfer(row) == "client" else ("check_site", "set_dns")
    return tuple(views.Duty(code, facts) for code in codes)


def _transfer(row: models.Change) -> str:
    """Who moves the content: "client", "provider" or "nobody"."""
    return str(row.execution.parameters.get("content_transfer", "client")) if row.execution else "client"
