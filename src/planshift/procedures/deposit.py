"""How does a client get the deposit back? Asked for, sent by staff, refused or taken back; each ends defined (D11)."""

from datetime import datetime, timedelta

from planshift.billing import payout_queries, payouts
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import rules
from planshift.runtime import keys
from planshift.services import queries as services


# 1 ── asked for ───────────────────────────────────────────────────────────────────────────────────────────────────────
def ask(*, client: str, amount: Money, holder: str, iban: str, key: str, at: datetime, actor: str) -> str:
    """The number of a new payout; the money is set aside until staff send it. The same `key` gives the same.

    Refused: `no_deposit`, `deposit_currency`, `deposit_amount`, `payout_holder`, `iban_wrong`, `deposit_too_low`.
    """
    owner = services.client(number=client)
    policy = catalog.in_force(seller=owner.seller).policy
    days = rules.payout_days(policy=policy)
    today = rules.day(seller=owner.seller, at=at)

    def make() -> str:
        return payouts.request(
            client=owner,
            amount=amount,
            holder=holder,
            bank_account=iban,
            due_at=rules.start_of(today + timedelta(days=days + 1), seller=owner.seller),
            at=at,
            actor=actor,
        ).number

    content = keys.fingerprint({"amount": str(amount), "holder": holder, "iban": iban})
    return keys.once(scope=f"payout/{client}", key=key, fingerprint=content, make=make)


# 2 ── taken back ──────────────────────────────────────────────────────────────────────────────────────────────────────
def withdraw(*, client: str, number: str, at: datetime, actor: str) -> None:
    """The client no longer wants it; twice is once. Refused: `payout_closed`; NotFound for another's."""
    found = payout_queries.owner(number=number)
    if found is None or found[0] != client:
        raise services.NotFound(number)

    def make() -> str:
        payouts.end(number=number, event="withdrawn", at=at, actor=actor)
        return number

    keys.once(scope=f"payout/{number}", key="withdraw", fingerprint="", make=make)


# 3 ── decided by staff ────────────────────────────────────────────────────────────────────────────────────────────────
def decide(
    *, sellers: tuple[str, ...], number: str, decision: str, note: str, key: str, at: datetime, actor: str
) -> None:
    """Staff have "sent" it, or "refuse" it with a reason that the client reads. Once for every `key`.

    Refused: `request_unreadable`, `note_needed`, `payout_closed`; NotFound for another seller's.
    """
    found = payout_queries.owner(number=number)
    if found is None or found[1] not in sellers:
        raise services.NotFound(number)
    if decision not in ("sent", "refuse"):
        raise Refused("request_unreadable")
    if decision == "refuse" and not note.strip():
        raise Refused("note_needed", number=number)

    def make() -> str:
        if decision == "sent":
            payouts.pay_out(number=number, at=at, actor=actor, note=note)
        else:
            payouts.end(number=number, event="refused", at=at, actor=actor, note=note)
        return number

    content = keys.fingerprint({"decision": decision})
    keys.once(scope=f"payout/{number}", key=key, fingerprint=content, make=make)
