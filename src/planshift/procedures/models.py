"""Tables of procedures: quotes, changes, renewals, votes on help pages, mails, how far letters were written."""

from django.conf import settings
from django.db import models

from planshift.billing import models as billing
from planshift.catalog import models as catalog
from planshift.domain.lifecycles import acceptance as acceptance_lifecycle
from planshift.domain.lifecycles import change as change_lifecycle
from planshift.domain.lifecycles import mail as mail_lifecycle
from planshift.domain.lifecycles import quote as quote_lifecycle
from planshift.domain.lifecycles import renewal as renewal_lifecycle
from planshift.procedures.deadline_models import STAFF_ALARM as STAFF_ALARM
from planshift.procedures.deadline_models import ClockPause as ClockPause
from planshift.procedures.deadline_models import StaffAlarm as StaffAlarm
from planshift.procedures.deadline_models import StaffNotice as StaffNotice
from planshift.procedures.import_models import Imported as Imported
from planshift.procedures.price_models import PriceLetter as PriceLetter
from planshift.procedures.tax_models import TaxDifference as TaxDifference
from planshift.provisioning import models as provisioning
from planshift.runtime import fields, locks
from planshift.services import models as services


class Quote(models.Model):
    """A price, kept as it was computed: frozen (a trigger refuses edits), numbered, expiring."""

    lifecycle = quote_lifecycle.LIFECYCLE

    number = fields.number()
    service = models.ForeignKey(services.Service, on_delete=models.PROTECT, related_name="quotes")
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, related_name="quotes")
    state = fields.state(quote_lifecycle.LIFECYCLE)
    policy = models.ForeignKey(catalog.PolicyRevision, on_delete=models.PROTECT, related_name="quotes")
    catalog = models.ForeignKey(catalog.CatalogRevision, on_delete=models.PROTECT, related_name="quotes")
    request = models.JSONField(help_text="what was asked for")
    offer = models.JSONField(help_text="the offer with its working, as priced")
    facts_digest = models.CharField(max_length=64, help_text="of what the price was computed from")
    currency = models.CharField(max_length=3)
    gross_minor = models.BigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    made_by = fields.actor()
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        related_name="replaced_by",
        null=True,
        help_text="the quote in whose place it stands, since staff decided easy or hard (H3)",
    )

    class Meta:
        constraints = [fields.known_states(quote_lifecycle.LIFECYCLE, table="quote")]
        indexes = [
            models.Index(fields=["service", "-created_at"], name="quote_of_service"),
            models.Index(fields=["state", "expires_at"], name="quote_by_expiry"),
        ]

    def __str__(self) -> str:
        return self.number


class Change(models.Model):
    """One ordered change of one service, from order to done."""

    lock_rank = locks.Rank.CHANGE

    lifecycle = change_lifecycle.LIFECYCLE

    number = fields.number()
    service = models.ForeignKey(services.Service, on_delete=models.PROTECT, related_name="changes")
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, related_name="changes")
    quote = models.OneToOneField(Quote, on_delete=models.PROTECT, related_name="change")
    lowered_from = models.OneToOneField(
        Quote,
        on_delete=models.PROTECT,
        related_name="lowered",
        null=True,
        help_text="the quote that was ordered and paid, where staff lowered the price since (H3)",
    )
    state = fields.state(change_lifecycle.LIFECYCLE)
    operation = models.CharField(max_length=10, choices=[(x, x) for x in ("plan", "resources", "period")])
    direction = models.CharField(max_length=10)
    kind = models.CharField(max_length=10)
    from_plan = models.CharField(max_length=40, blank=True, help_text="the plan before it; empty: not recorded")
    order = models.OneToOneField(billing.Order, on_delete=models.PROTECT, related_name="change", null=True)
    execution = models.OneToOneField(provisioning.Execution, on_delete=models.PROTECT, related_name="change", null=True)
    collection = models.JSONField(default=dict, help_text="the D4 decision and its reason, as last taken")
    effective_on = models.DateField(null=True, help_text="of a scheduled one: the first day of the term it begins with")
    promised_on = models.DateField(null=True, help_text="set when paid: the clock of H6 starts there")
    ordered_by = fields.actor()
    ordered_how = models.CharField(
        max_length=20, blank=True, default="", help_text="how the client told staff, where staff ordered (H2)"
    )
    ordered_note = models.CharField(max_length=500, blank=True, default="", help_text="what staff noted about that")
    ordered_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, help_text="point of no return: plan and renewal price changed")
    finished_at = models.DateTimeField(null=True)
    undo_at = models.DateTimeField(null=True, help_text="staff gave it up: taken back, then all money given back")
    undo_by = fields.actor(blank=True, default="")
    undo_note = models.CharField(max_length=500, blank=True, default="", help_text="why; for staff")

    class Meta:
        constraints = [
            fields.known_states(change_lifecycle.LIFECYCLE, table="change"),
            models.UniqueConstraint(
                fields=["service"],
                condition=models.Q(state__in=change_lifecycle.LIFECYCLE.open),
                name="one_open_change_per_service",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "-ordered_at"], name="change_of_service"),
            models.Index(fields=["state", "ordered_at"], name="change_by_state"),
        ]

    def __str__(self) -> str:
        return self.number


class Acceptance(models.Model):
    """The client is asked to accept the corrective document of a decrease: until when, and what came of it (D5, D7)."""

    lifecycle = acceptance_lifecycle.LIFECYCLE

    change = models.OneToOneField(Change, on_delete=models.PROTECT, related_name="acceptance")
    state = fields.state(acceptance_lifecycle.LIFECYCLE)
    regime = models.CharField(max_length=20, help_text="draft_then_issue, issue_then_confirm or not_asked")
    currency = fields.currency()
    credit_minor = fields.minor(help_text="gross, as shown and ordered: what the client gets back")
    reminders_on = models.JSONField(default=list, help_text="days on which a reminder goes out")
    reminded = models.PositiveSmallIntegerField(default=0)
    last_on = models.DateField(null=True, help_text="the last day on which an acceptance counts")
    lapses_at = models.DateTimeField(null=True, help_text="the end of that day, at the latest the end of the term")
    asked_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=30, blank=True, default="", help_text="why staff have to look at it")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=320, blank=True, default="", help_text="address or actor")
    answered_how = models.CharField(max_length=10, blank=True, default="", help_text="reply, click, api or staff")
    evidence = models.CharField(max_length=40, blank=True, default="", help_text="number of the mail that it rests on")
    credited_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            fields.known_states(acceptance_lifecycle.LIFECYCLE, table="acceptance"),
            models.CheckConstraint(condition=models.Q(credit_minor__gt=0), name="acceptance_gives_back"),
            models.CheckConstraint(
                condition=~models.Q(state__in=["ACCEPTED", "CREDITED", "TAKEN_BACK"])
                | models.Q(answered_at__isnull=False),
                name="acceptance_has_its_answer",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="CREDITED") | models.Q(credited_at__isnull=False), name="acceptance_credited"
            ),
        ]
        indexes = [models.Index(fields=["state", "lapses_at"], name="acceptance_by_state")]

    def __str__(self) -> str:
        return f"{self.change_id} {self.state}"


class Acknowledgement(models.Model):
    """A notice that the client acknowledged when ordering: which text, when, by whom (H9)."""

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="acknowledgements")
    notice = models.CharField(max_length=60)
    language = models.CharField(max_length=2)
    text = models.TextField()
    text_digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = fields.actor()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "notice"], name="acknowledged_once")]

    def __str__(self) -> str:
        return f"{self.change_id} {self.notice}"


class Notice(models.Model):
    """Something that the client was told: which notice, about which change, when. Worded at the door from its code."""

    number = fields.number()
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, related_name="notices")
    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="notices")
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()
    given_by = fields.actor()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "code"], name="notice_once_per_change")]

    def __str__(self) -> str:
        return self.number


class Renewal(models.Model):
    """The renewal of one service for the term that starts when the present one ends."""

    lifecycle = renewal_lifecycle.LIFECYCLE

    service = models.ForeignKey(services.Service, on_delete=models.PROTECT, related_name="renewals")
    start_on = models.DateField()
    end_on = models.DateField()
    months = models.PositiveSmallIntegerField()
    state = fields.state(renewal_lifecycle.LIFECYCLE)
    order = models.OneToOneField(billing.Order, on_delete=models.PROTECT, related_name="renewal", null=True)
    collection = models.JSONField(default=dict)
    basis = models.JSONField(default=dict, help_text="what it was priced for: plan, months, additional resources")
    policy = models.ForeignKey(  # the revisions that it was priced with; none: announced before they were kept
        catalog.PolicyRevision, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    catalog = models.ForeignKey(
        catalog.CatalogRevision, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            fields.known_states(renewal_lifecycle.LIFECYCLE, table="renewal"),
            models.UniqueConstraint(
                fields=["service", "start_on"],
                condition=~models.Q(state="REPLACED"),
                name="renewal_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} from {self.start_on}"


class LaterCharge(models.Model):
    """What a change in force leaves to be billed with the next term: on one order that is not given up, once."""

    change = models.OneToOneField(Change, on_delete=models.PROTECT, related_name="later_charge")
    service = models.ForeignKey(services.Service, on_delete=models.PROTECT, related_name="later_charges")
    month = models.CharField(max_length=7, help_text="2026-09: the calendar month in which it took effect")
    superseded = models.BooleanField(default=False, help_text="a later change of the month is billed for all of it")
    order = models.ForeignKey(billing.Order, on_delete=models.PROTECT, related_name="later_charges", null=True)

    def __str__(self) -> str:
        return f"{self.change_id} later"


class HelpVote(models.Model):
    """Did this help page help? One answer per person and page (D10)."""

    seller = models.ForeignKey(catalog.Seller, on_delete=models.CASCADE, related_name="help_votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="help_votes")
    page = models.CharField(max_length=60)
    language = models.CharField(max_length=2)
    policy = models.ForeignKey(catalog.PolicyRevision, on_delete=models.PROTECT, related_name="help_votes")
    helped = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "seller", "page"], name="one_vote_per_page")]

    def __str__(self) -> str:
        return f"{self.page} {'yes' if self.helped else 'no'}"


class OutgoingMail(models.Model):
    """A mail of ours, frozen as it goes out and sent by a run of its own; `signal_key` names the run that is told."""

    lock_rank = locks.Rank.DOCUMENT

    lifecycle = mail_lifecycle.LIFECYCLE

    number = fields.number()
    key = models.CharField(max_length=160, unique=True, help_text="the writer's: the same key is the same mail")
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, related_name="outgoing_mails")
    client = models.ForeignKey(
        services.Client, on_delete=models.PROTECT, related_name="outgoing_mails", null=True, help_text="null: to staff"
    )
    state = fields.state(mail_lifecycle.LIFECYCLE)
    purpose = models.CharField(max_length=40)
    about = models.CharField(max_length=40, blank=True, help_text="number of what it is about")
    documents = models.JSONField(default=list, help_text="numbers of the documents that an answer may name")
    recipient = models.CharField(max_length=254)
    sender = models.CharField(max_length=254)
    subject = models.CharField(max_length=500)
    text = models.TextField()
    html = models.TextField(blank=True)
    token = models.CharField(max_length=16, unique=True)
    message_id = models.CharField(max_length=200, unique=True)
    raw = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    signal_key = models.CharField(max_length=160, blank=True)
    queued_at = models.DateTimeField()
    queued_by = fields.actor()
    round = models.PositiveSmallIntegerField(default=0, help_text="how often staff sent it again")
    sent_at = models.DateTimeField(null=True)
    receipt = models.CharField(max_length=300, blank=True, help_text="what the mail server said")
    trouble = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            fields.known_states(mail_lifecycle.LIFECYCLE, table="outgoing_mail"),
            models.CheckConstraint(
                condition=models.Q(client__isnull=False) | models.Q(purpose=STAFF_ALARM),
                name="mail_without_client_is_alarm",
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "state", "-queued_at"], name="outgoing_mail_by_state"),
            models.Index(fields=["about"], name="outgoing_mail_about"),
        ]

    def __str__(self) -> str:
        return self.number


class IncomingMail(models.Model):
    """A mail that came in, with what we read in it: evidence, never changed (a trigger refuses)."""

    number = fields.number()
    mailbox = models.CharField(max_length=254)
    uid_validity = models.BigIntegerField()
    uid = models.BigIntegerField()
    outgoing = models.ForeignKey(OutgoingMail, on_delete=models.PROTECT, related_name="replies", null=True)
    duplicate_of = models.ForeignKey("self", on_delete=models.PROTECT, related_name="duplicates", null=True)
    received_at = models.DateTimeField(help_text="system time, of the mail server")
    recorded_at = models.DateTimeField()
    came_at = models.DateTimeField(null=True, help_text="business time at which the mail server took it: decides")
    sender = models.CharField(max_length=320)
    sender_name = models.CharField(max_length=200)
    subject = models.CharField(max_length=1000)
    message_id = models.CharField(max_length=500)
    in_reply_to = models.JSONField(default=list)
    thread = models.JSONField(default=list, help_text="References")
    token = models.CharField(max_length=16, blank=True)
    matched_by = models.JSONField(default=list, help_text="token, answered, thread, sender")
    vouched = models.JSONField(default=dict, help_text="DKIM, SPF and DMARC, as our mail server found them")
    answer = models.CharField(max_length=12)
    reason = models.CharField(max_length=30, blank=True)
    rules = models.CharField(max_length=10, help_text="version of the rules that gave the answer")
    own_text = models.TextField(blank=True)
    machine = models.JSONField(default=dict)
    raw = models.BinaryField()
    truncated = models.BooleanField(default=False)
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "uid_validity", "uid"], name="incoming_mail_once"),
        ]
        indexes = [
            models.Index(fields=["message_id"], name="incoming_mail_message"),
            models.Index(fields=["sha256"], name="incoming_mail_digest"),
            models.Index(fields=["answer", "-recorded_at"], name="incoming_mail_by_answer"),
        ]

    def __str__(self) -> str:
        return self.number


class MailDecision(models.Model):
    """What a person decided about an incoming mail: once, never changed."""

    mail = models.OneToOneField(IncomingMail, on_delete=models.PROTECT, related_name="decision")
    answer = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = fields.actor()
    note = models.CharField(max_length=500)

    def __str__(self) -> str:
        return f"{self.mail_id} {self.answer}"


class MailboxCheck(models.Model):
    """When a mailbox was last looked into, and what went wrong."""

    mailbox = models.CharField(max_length=254, unique=True)
    checked_at = models.DateTimeField(help_text="system time")
    read_at = models.DateTimeField(null=True, help_text="business time: all that had come by then was taken in")
    trouble = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.mailbox} {self.checked_at}"


class LettersPlace(models.Model):
    """How far the news of one source were read for letters to clients; see `correspondence.news`."""

    source = models.CharField(max_length=20, unique=True)
    reached = models.BigIntegerField(help_text="pk, in the look under way")
    settled = models.BigIntegerField(help_text="pk from which the next look begins")
    seen = models.BigIntegerField(help_text="pk that the look of `seen_at` ended with")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.source} {self.settled}"
