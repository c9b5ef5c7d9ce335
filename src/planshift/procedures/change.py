"""One change of a service, from the question to the last machine switched off. Read it from top to bottom.

    offer → order → settle → begin → follow → retire

Nothing moves before payment (D2); a decrease waits for its acceptance (`acceptance`), a metered one for nothing. What
is paid and cannot be carried out is undone (`undoing`). Money and machines meet only here. Every wake-up reads the
facts anew and makes at most one move, so that a lost, early or doubled signal does no harm.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from planshift.billing import invoices, orders
from planshift.catalog import queries as catalog
from planshift.domain import facts, quote
from planshift.domain.errors import Refused
from planshift.procedures import (
    acceptance,
    billed_later,
    collection,
    decrease_credit,
    decrease_papers,
    held,
    keeping,
    knowledge,
    lowering,
    models,
    notices,
    placing,
    quoting,
    renewal,
    rules,
    scheduling,
    tax_point,
    unanswered,
    undoing,
    views,
    waking,
    work,
)
from planshift.procedures.metering import holding
from planshift.provisioning import executions, handover
from planshift.provisioning import models as machines
from planshift.runtime import keys, locks, moves, numbers, runs, writing
from planshift.services import queries as services
from planshift.services import register

KIND = held.KIND
WAKING = executions.SIGNALS
SETTLING = ("paid", "expired", "withdrawn", "deposit", "auto_renew", "taxed")  # until it is paid
REMINDED_AFTER = timedelta(days=1)


# 1 ── the question ────────────────────────────────────────────────────────────────────────────────────────────────────
def offer(
    *,
    client: str,
    service: str,
    request: facts.Request,
    at: datetime,
    actor: str,
    key: str = "",
    decided: facts.Decided | None = None,
    replaces: models.Quote | None = None,
) -> str:
    """Price `request` for a client's service and keep the quote: frozen, numbered, expiring. Returns its number.

    The same `key` again returns the same quote. With `decided`, staff decided easy or hard (H3), and the quote stands
    in the place of `replaces`. Refused with every reason at once where the policy does not offer it; NotFound for
    another client's service.
    """

    def make() -> str:
        known = knowledge.of(service=service, client=client, at=at)
        gathered, policy = replace(knowledge.to_sell_by(known), decided=decided), known.rules.policy
        priced = quote.price(facts=gathered, request=request, policy=policy, on=at)
        if isinstance(priced, quote.Refusal):
            raise Refused.for_reasons(priced.reasons)
        work.check_terms(held=known.holding, offered=priced, at=at)
        priced = decrease_papers.exact(priced=priced, known=known)
        return quoting.keep(known=known, request=request, priced=priced, at=at, actor=actor, replaces=replaces)

    if not key:
        return make()
    asked = keys.fingerprint({"service": service, "request": keeping.to_json(request)})
    return keys.once(scope=f"quote/{client}", key=key, fingerprint=asked, make=make)


# 2 ── the order ───────────────────────────────────────────────────────────────────────────────────────────────────────
def order(
    *,
    client: str,
    quote: str,
    acknowledged: Mapping[str, placing.Acknowledged],
    key: str,
    at: datetime,
    actor: str,
    told: placing.Told = placing.BY_THE_CLIENT,
) -> str:
    """Order the change that a quote priced, exactly as it was kept. Returns the change's number.

    Where staff order for the client, `told` says how the client asked for it and acknowledged the notices (H2).
    The same `key` again returns the same change. Refused: `quote_expired`, `quote_ordered`, `quote_stale` (something
    that decides the price has changed), `notices_not_acknowledged` (H9), `change_open`, `not_orderable_yet`.
    """

    def make() -> str:
        kept = placing.locked_quote(client=client, number=quote)
        priced = placing.offer_of(kept)
        known = placing.check_still_good(kept=kept, priced=priced, at=at, instead=unanswered.stands_for(kept=kept))
        placing.check_acknowledged(priced=priced, acknowledged=acknowledged)
        if (waiting := vars(kept)["open_change"]) is not None:  # the decrease in whose place it is ordered
            acceptance.withdraw(change=_locked(waiting), at=at, actor=actor)
        number = f"CH-{at.year}-{numbers.take(series=f'change/{at.year}', count=1)[0]:06}"
        placed = placing.place(
            number=number,
            kept=kept,
            priced=priced,
            known=known,
            acknowledged=acknowledged,
            told=told,
            signal_key=run_key(number),
            at=at,
            actor=actor,
        )
        if placing.gives_back(priced):
            acceptance.begin(change=placed, priced=priced, at=at)
        runs.start_new(kind=KIND, key=run_key(number), subject=number)
        return number

    asked = keys.fingerprint({"quote": quote})
    return keys.once(scope=f"order/{client}", key=key, fingerprint=asked, make=make, again=lambda: held.ordered(quote))


def withdraw(*, client: str, number: str, at: datetime, actor: str) -> None:
    """Take a change back that is not paid, accepted or begun; what was paid in part is released. Twice is once.
    Refused: `move_not_allowed` once it is paid or accepted; of a scheduled one: `next_term_paid`."""
    with transaction.atomic():
        change = _locked(number, client=client)
        if change.state == "WITHDRAWN":
            return
        if hasattr(change, "acceptance"):
            acceptance.withdraw(change=change, at=at, actor=actor)
            return
        if change.order is None:
            raise Refused("move_not_allowed", lifecycle="change", state=change.state, event="withdrawn", allowed=())
        if change.state == scheduling.STATE:
            scheduling.withdraw(change, at=at, actor=actor)
            return
        moves.move(change, "withdrawn", actor=actor, at=at, finished_at=at)
        orders.withdraw(order=change.order.number, at=at, actor=actor)
        waking.renewal_of(service=change.service)


# 3 ── the money ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _settle(task: runs.Work) -> runs.Outcome:
    """Paid from the deposit by itself where D4 holds; else wait for a payment, with the reason and a deadline."""
    change = _locked(task.subject)
    if holding.is_due(change):
        return holding.at_once(change=change, task=task)
    if change.order is None and change.state in ("AWAITING_PAYMENT", "AWAITING_ACCEPTANCE"):
        acceptance.ask_first(change=change, at=task.at, actor=task.actor)
        return runs.Go("draft")
    if change.state != "AWAITING_PAYMENT":
        return runs.Done()
    assert change.order is not None
    seller = change.client.seller
    terms = catalog.in_force(seller=seller, read=change)
    differs = tax_point.differs(change=change, sold=terms.catalog.seller, at=task.at)
    if differs and change.order.state != "PAID":
        return tax_point.quote_anew(change=change, differs=differs, task=task, offer=offer)
    today = rules.day(seller=seller, at=task.at)
    paying = collection.collect(of=change, policy=terms.policy, on=today, at=task.at, actor=task.actor)
    change.order, change.collection = paying.order, paying.decision
    if paying.state == "PAID":
        tax_point.put_on_record(change=change, differs=differs, at=task.at, actor=task.actor)
        if not paying.invoiced:
            invoices.issue(order=change.order.number, on=today, at=task.at, actor=task.actor)
        return _paid(change, task)
    change.save(update_fields=["collection"])
    if orders.expire(order=change.order.number, at=task.at, actor=task.actor):
        moves.move(change, "lapsed", actor=task.actor, at=task.at, finished_at=task.at)
        waking.renewal_of(service=change.service)
        return runs.Done()
    due_at = tax_point.before_next_rate(change=change, at=task.at, end=change.order.expires_at)
    return runs.Wait(resume="settle", signal=SETTLING, due_at=due_at, owner="client")


def _paid(change: models.Change, task: runs.Work) -> runs.Outcome:
    if scheduling.is_later(change):
        change.save(update_fields=["collection"])
        return scheduling.schedule(change, task=task)
    seller = change.client.seller
    promised_on = rules.promised(
        seller=seller, offered=placing.offer_of(change.quote), on=rules.day(seller=seller, at=task.at)
    )
    moves.move(change, "paid", actor=task.actor, at=task.at, promised_on=promised_on, collection=change.collection)
    if vars(change)["renewal_waits"]:
        return runs.Go("renewal")
    return runs.Go("begin", together=True, carrying=change)


# 4 ── the machines ────────────────────────────────────────────────────────────────────────────────────────────────────
def _begin(task: runs.Work) -> runs.Outcome:
    """Hand the work to provisioning: in place, or by moving to a new environment. A scheduled change waits first."""
    change = task.carried or _locked(task.subject)
    waiting = change.execution is None and change.state in (scheduling.STATE, "AWAITING_EXECUTION")
    if waiting and change.undo_at is None and lowering.owes(change):
        return runs.Go("lower")
    if change.state == scheduling.STATE:
        return scheduling.at_the_boundary(change, task=task)
    if change.undo_at is not None and change.execution is None:
        return runs.Go("correct")
    if change.execution is not None or change.state != "AWAITING_EXECUTION":
        return runs.Go("follow")
    kept, policy = change.quote, catalog.policy_of(revision=change.quote.policy_id)
    offered = placing.offer_of(kept)
    change.execution = executions.start(
        service=change.service,
        recipe=work.recipe(offered=offered),
        target=work.target(kept=kept),
        parameters=work.parameters(kept=kept, offered=offered, policy=policy, promised_on=change.promised_on),
        cause=change.number,
        signal_key=run_key(change.number),
        at=task.at,
        actor=task.actor,
    )
    writing.change(change, "execution")
    return _until_done(change, task)


def _follow(task: runs.Work) -> runs.Outcome:
    """At the point of no return the service is the new one, and so is its renewal price (H8, D6)."""
    change = _locked(task.subject)
    assert change.execution is not None
    now = change.execution
    if change.undo_at is not None and now.state in ("FAILED", "CANCELLED"):
        return runs.Go("correct")
    if now.state == "CANCELLED" and now.recipe != work.recipe(offered=placing.offer_of(change.quote)):
        change.execution = None  # staff decided that it is of another kind (H3): it begins anew as that
        change.save(update_fields=["execution"])
        return runs.Go("begin_again" if change.state == "AWAITING_STAFF" else "begin")
    if now.state in ("STUCK", "FAILED", "CANCELLED"):
        if change.state == "AWAITING_EXECUTION":
            moves.move(change, "failed", actor=task.actor, at=task.at, note=str(now.error.get("what", now.state)))
        resume = "follow" if now.state == "STUCK" else "begin_again"
        again = task.at + REMINDED_AFTER
        return runs.Wait(resume=resume, signal=(*WAKING, "retry", "undo"), due_at=again, owner="staff")
    if change.state == "AWAITING_STAFF" and change.undo_at is None:
        moves.move(change, "retried", actor=task.actor, at=task.at)
    if now.point_of_no_return_at is not None and change.applied_at is None:
        _apply(change, task)
    applied_at = change.applied_at
    if decrease_credit.owes(change) and (now.state == "DONE" or (applied_at is not None and change.kind == "hard")):
        change.save(update_fields=["applied_at"])
        return runs.Go("credit")
    if now.state == "DONE":
        moves.move(change, "done", actor=task.actor, at=task.at, finished_at=task.at, applied_at=applied_at)
        return runs.Done()
    if applied_at is not None and change.kind == "hard":
        moves.move(change, "applied", actor=task.actor, at=task.at, applied_at=applied_at)
        return runs.Go("retire")
    change.save(update_fields=["applied_at"])
    return _until_done(change, task)


def _until_done(change: models.Change, task: runs.Work) -> runs.Wait:
    """The machines are at it; staff look when the promised day is over."""
    due_at = rules.after_promise(seller=change.client.seller, promised_on=change.promised_on, at=task.at)
    return runs.Wait(resume="follow", signal=WAKING, due_at=due_at, owner="staff")


def _begin_again(task: runs.Work) -> runs.Outcome:
    """Paid, but it could not be carried out: a person decides (`retry`, `undoing.undo`). Until then it is looked at
    every day."""
    change = _locked(task.subject)
    if change.undo_at is not None and change.state == "AWAITING_STAFF":
        return runs.Go("correct")
    if change.state in change.lifecycle.final:
        return runs.Done()
    if lowering.owes(change):
        return runs.Go("lower")
    if change.state in ("AWAITING_EXECUTION", scheduling.STATE):
        return runs.Go("begin")
    return runs.Wait(resume="begin_again", signal=("retry", "undo"), due_at=task.at + REMINDED_AFTER, owner="staff")


def switch_over(*, client: str, number: str, at: datetime, actor: str) -> None:
    """The client uses the new environment from now on (H9): the point of no return follows.

    Refused("nothing_to_confirm") before the hand-over and after the point of no return; NotFound.
    """
    execution = _execution_of(number, client)
    executions.confirm_cutover(number=execution.number, at=at, actor=actor)


def reveal_credentials(*, client: str, number: str, at: datetime, actor: str) -> views.Credentials:
    """The access data of the new environment, this one time. Refused: `credentials_none`, `credentials_shown`,
    `credentials_expired`; NotFound."""
    execution = _execution_of(number, client)
    if execution.new_id is None:
        raise Refused("credentials_none")
    secrets = handover.reveal(environment_id=execution.new_id, actor=actor, at=at)
    known = ("host", "user", "password")
    return views.Credentials(
        host=secrets.get("host", ""),
        user=secrets.get("user", ""),
        secret=secrets.get("password", ""),
        extra=tuple((name, value) for name, value in sorted(secrets.items()) if name not in known),
    )


def renew_credentials(*, client: str, number: str, at: datetime, actor: str) -> None:
    """The access data was lost or never looked at: have new ones made; the former ones stop working. Asking again
    before they are there is one request. Refused: `credentials_none`; NotFound."""
    executions.renew_credentials(number=_execution_of(number, client).number, at=at, actor=actor)


# 5 ── the old environment ─────────────────────────────────────────────────────────────────────────────────────────────
def _retire(task: runs.Work) -> runs.Outcome:
    """The old environment is kept, announced for removal, removed, and seen to be gone (H5, H10)."""
    change = _locked(task.subject)
    assert change.execution is not None
    now = change.execution
    if now.state == "DONE":
        return runs.Go("close")
    if now.state == "AWAITING_NOTICE" and not now.notice_proof:
        locks.lock(machines.Execution.objects.filter(number=now.number))  # before the notice's number
        proof = notices.announce_removal(change=change, at=task.at, actor=task.actor)
        executions.notice_sent(number=now.number, proof=proof, at=task.at, actor=task.actor)
    return runs.Wait(resume="retire", signal=WAKING, due_at=task.at + REMINDED_AFTER, owner="staff")


def _close(task: runs.Work) -> runs.Outcome:
    """The attached services that were removed with the old environment are over (H10)."""
    renewal.end_attached(change=task.subject, at=task.at, actor=task.actor)
    moves.move(_locked(task.subject), "done", actor=task.actor, at=task.at, finished_at=task.at)
    return runs.Done()


# ── below: what the steps above are made of ───────────────────────────────────────────────────────────────────────────
run_key, _locked = held.run_key, held.change


def _execution_of(number: str, client: str) -> machines.Execution:
    found = models.Change.objects.filter(number=number, client__number=client).select_related("execution").first()
    if found is None or found.execution is None:
        raise services.NotFound(number)
    return found.execution


def _apply(change: models.Change, task: runs.Work) -> None:
    wanted = work.after(kept=change.quote, read=change)
    after = wanted if change.effective_on is None else scheduling.in_its_term(change, after=wanted)
    holding.note(change=change, amounts=after.additional, at=task.at)
    register.apply_change(
        service=change.service,
        plan=after.plan,
        family=after.family,
        additional=after.additional,
        months=after.months,
        effective_on=after.effective_on,
        term_start_on=after.term_start_on,
        term_end_on=after.term_end_on,
        cause=change.number,
        at=task.at,
        actor=task.actor,
        before=after.before,
    )
    change.applied_at = task.at  # written by the caller
    billed_later.owe(change=change, at=task.at)
    if vars(change)["renewal_waits"]:
        renewal.replace_unpaid(service=change.service, at=task.at, actor=task.actor)


def define() -> None:
    """Name the steps of a change to the runtime. Called once, when Django is ready."""
    runs.define(
        KIND,
        steps={
            "settle": _settle,
            "renewal": renewal.price_on_target,
            **acceptance.STEPS,
            **decrease_credit.STEPS,
            "begin": _begin,
            "follow": _follow,
            "begin_again": _begin_again,
            "retire": _retire,
            "close": _close,
            **undoing.STEPS,
            **lowering.STEPS,
        },
        first="settle",
        kept=True,
    )
