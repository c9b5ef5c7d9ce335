"""Was it a machine that answered? Absence notes, bounces, receipts: recognised before anybody looks for a yes."""

import re
from dataclasses import dataclass
from typing import Literal

from planshift.domain.replies import mails, words

Kind = Literal["bounce", "delayed", "out_of_office", "receipt", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """What a machine said. For a bounce: whom it was for and the status ("5.1.1"), as far as it says so, and the
    message ids of what came back."""

    kind: Kind
    recipient: str = ""
    status: str = ""
    returned_ids: tuple[str, ...] = ()


_ABSENT = re.compile(
    r"(?:automatic reply|auto(?:matic)?[ -]?(?:reply|response)|autoreply|out of (?:the )?office|odpowiedz automatyczna|"
    r"automatyczna odpowiedz|autoodpowiedz|autoresponder|poza biurem|nieobecnosc|jestem na urlopie|risposta automatica|"
    r"fuori (?:sede|ufficio)|assente|assenza|rispondi automatico)\b"
)
_BOUNCED = re.compile(
    r"(?:undeliver|delivery (?:status notification|failure|has failed)|mail delivery (?:failed|failure|subsystem)|"
    r"returned mail|failure notice|niedostarcz|nie dostarczono|nie mozna dostarczyc|mancato recapito|mancata consegna|"
    r"messaggio non recapitato|message not delivered|delivery incomplete)"
)
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|no-?reply-dsn)@.*|mailer-daemon")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


def find(mail: mails.Mail) -> Automatic | None:
    """What kind of machine sent `mail`; None when it seems to be a person."""
    if mail.report_type == "disposition-notification":
        return Automatic(kind="receipt")
    subject = words.fold(mail.subject)
    from_daemon = bool(_DAEMON.fullmatch(mail.sender)) or mail.header("return-path").strip() == "<>"
    if mail.report_type == "delivery-status" or mail.header("x-failed-recipients"):
        return _bounce(mail)
    if from_daemon and (_BOUNCED.search(subject) or _DAEMON.fullmatch(mail.sender)):
        return _bounce(mail)
    submitted = re.split(r"[;\s(]", mail.header("auto-submitted").lower().strip())[0]
    replied = any(
        mail.header(name) for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from")
    )
    precedence = mail.header("precedence").lower().strip()
    if _ABSENT.search(subject) or submitted == "auto-replied" or replied or precedence in ("auto_reply", "auto-reply"):
        return Automatic(kind="out_of_office")
    if submitted not in ("", "no") or precedence in ("bulk", "junk", "list") or from_daemon:
        return Automatic(kind="other")
    return None


def _bounce(mail: mails.Mail) -> Automatic:
    report = "\n".join(mail.reports)
    fields = {
        name.lower(): value.strip()
        for name, value in reversed(re.findall(r"^([A-Za-z-]{3,40}):[ \t]*(.{0,500})$", report, flags=re.MULTILINE))
    }
    action = fields.get("action", "").lower()
    recipient = fields.get("final-recipient", fields.get("original-recipient", "")).rpartition(";")[2]
    recipient = recipient or mail.header("x-failed-recipients").split(",")[0]
    text = mail.text or ""
    status = _STATUS.search(fields.get("status", "")) or _STATUS.search(text[:20_000])
    code = status[1] if status else ""
    returned = "\n".join((*mail.returned, text[:50_000]))
    ids = tuple(
        each
        for line in re.findall(r"^(?:message-id|in-reply-to):(.{0,600})$", returned, flags=re.MULTILINE | re.IGNORECASE)
        for each in mails.message_ids(line)
    )
    kind: Kind = "bounce"
    if action in ("delayed", "delivered", "relayed", "expanded") or (
        code.startswith(("2.", "4.")) and action != "failed"
    ):
        kind = "delayed" if action in ("delayed", "") else "receipt"
    if not recipient:
        shown = re.search(r"<?([^\s<>@:;,]{1,64}@[^\s<>@:;,]{1,200}\.[a-z]{2,24})>?", text.lower())
        recipient = shown[1] if shown else ""
    return Automatic(kind=kind, recipient=recipient.strip(" <>").lower()[:254], status=code, returned_ids=ids)
