"""When does an answer count? When our mail server took it, not when we came to read it (D7)."""

import datetime as dt
import os

import pytest

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.domain.errors import Refused, Transient
from planshift.procedures import deciding_replies, mailbox, models
from planshift.procedures.queries import acceptances
from planshift.procedures.queries import mail as inbox
from planshift.runtime import clock
from tests.mail.test_mailbox import reply
from tests.stories.conftest import Stage
from tests.stories.test_acceptance import (
    BEFORE,
    CREDIT,
    SELLERS,
    asked,
    asking,
    credits,
    nothing_moved,
    ordered,
    seen,
)

HOUR = dt.timedelta(hours=1)


def to(moment: dt.datetime, stage: Stage) -> None:
    """Time passes without anybody reading the mailbox."""
    clock.move_to(at=moment, actor="test")
    stage.work()


def sent_before(post: SimulatedMail, number: str, *, body: str, ago: dt.timedelta) -> None:
    """A reply that the mail server took `ago`, and that nobody has fetched yet."""
    mail = asking.mails(change=number)[-1]
    post.receive(reply(mail, body=body, sender="Demo <decrease@demo.example>"))
    then = (clock.system() - ago).timestamp()
    for path in (post.folder / "in").glob("*.eml"):
        os.utime(path, (then, then))


def lapses_at(number: str) -> dt.datetime:
    found = asked(number).lapses_at
    assert found is not None
    return found


@pytest.mark.parametrize(("body", "state"), [("Akceptuję.", "DONE"), ("Nie akceptuję.", "REFUSED")])
def test_a_reply_sent_in_time_and_fetched_late_counts(stage: Stage, post: SimulatedMail, body: str, state: str) -> None:
    made = ordered(stage)
    to(lapses_at(made.number) + 2 * HOUR, stage)
    assert stage.change(made.number).state == "AWAITING_ACCEPTANCE"  # the mailbox was not read since
    sent_before(post, made.number, body=body, ago=3 * HOUR)
    mailbox.collect(at=clock.business())
    stage.work()
    assert stage.change(made.number).state == state
    assert credits() == ([CREDIT] if state == "DONE" else [])
    assert seen(stage)[1] == (BEFORE + CREDIT if state == "DONE" else BEFORE)


def test_a_reply_that_came_too_late_counts_for_nothing_and_staff_see_it(stage: Stage, post: SimulatedMail) -> None:
    before, made = seen(stage), ordered(stage)
    to(lapses_at(made.number) + 2 * HOUR, stage)
    sent_before(post, made.number, body="Akceptuję.", ago=HOUR)
    mailbox.collect(at=clock.business())
    stage.work()
    assert stage.change(made.number).state == "LAPSED"
    nothing_moved(stage, before)
    came = models.IncomingMail.objects.get()
    assert (came.answer, came.reason) == ("unclear", "too_late")
    page = inbox.page(sellers=SELLERS, every_seller=False, number=1)
    assert [each.number for each in page.waiting] == [came.number]  # a person writes back
    with pytest.raises(Refused, match="acceptance_over"):
        deciding_replies.decide(
            sellers=SELLERS,
            number=made.number,
            mail=came.number,
            decision="accepted",
            note="late",
            at=clock.business(),
            actor="user:7",
        )


def test_a_lapse_waits_for_the_mailbox_tells_staff_and_is_bounded(
    stage: Stage, post: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, made = seen(stage), ordered(stage)

    def broken(**_: object) -> tuple[()]:
        raise Transient("the mail server does not answer")

    monkeypatch.setattr(post, "fetch", broken)
    end = lapses_at(made.number)
    to(end, stage)
    assert (stage.change(made.number).state, asked(made.number).trouble) == ("AWAITING_ACCEPTANCE", "")
    to(end + 2 * HOUR, stage)
    mailbox.collect(at=clock.business())
    stage.work()
    assert (asked(made.number).state, asked(made.number).trouble) == ("AWAITING_STAFF", "mailbox_unread")
    thread = acceptances.thread(sellers=SELLERS, change=made.number, at=clock.business())
    assert thread is not None and thread.accepting.trouble == "mailbox_unread"
    to(end + dt.timedelta(days=3), stage)
    assert stage.change(made.number).state == "LAPSED"
    nothing_moved(stage, before)


def test_a_mailbox_read_since_the_last_day_lets_it_lapse_at_once(stage: Stage, post: SimulatedMail) -> None:
    made = ordered(stage)
    to(lapses_at(made.number), stage)
    assert stage.change(made.number).state == "AWAITING_ACCEPTANCE"
    mailbox.collect(at=clock.business())
    stage.work()
    assert (stage.change(made.number).state, asked(made.number).trouble) == ("LAPSED", "")


def test_staff_have_days_of_grace_to_decide_what_came_in_time(stage: Stage, post: SimulatedMail) -> None:
    made = ordered(stage)
    sent_before(post, made.number, body="Akceptuję, ale dopiero od jutra.", ago=dt.timedelta(0))
    mailbox.collect(at=clock.business())
    stage.work()
    to(lapses_at(made.number) + 24 * HOUR, stage)
    mailbox.collect(at=clock.business())
    stage.work()
    assert asked(made.number).state == "AWAITING_STAFF"
    deciding_replies.decide(
        sellers=SELLERS,
        number=made.number,
        mail=models.IncomingMail.objects.get().number,
        decision="accepted",
        note="called: yes",
        at=clock.business(),
        actor="user:7",
    )
    stage.work()
    assert (stage.change(made.number).state, credits()) == ("DONE", [CREDIT])
