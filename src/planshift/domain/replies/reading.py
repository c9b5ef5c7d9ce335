"""Which values does a raw mail hold? Never fails: what cannot be read is said to be unreadable."""

import contextlib
import email.errors
import email.header
import email.message
import email.parser
import email.policy
import email.utils
import re

from planshift.domain.replies import mails

LONGEST_BODY = 400_000  # characters; a longer one is no short answer
LONGEST_HEADER = 8_000
MOST_HEADERS = 400
MOST_PARTS = 200
# what programs say, outside all parts, to programs that know no parts; any other word there is one that we would miss
_NOTE = re.compile(r"this is a (?:[\w-]+ ){0,3}message(?: in mime format)?\.?", re.IGNORECASE)
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")


def read(raw: bytes) -> mails.Mail:
    """The mail in `raw` (RFC 5322). Whatever is in it, an answer comes."""
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(raw)
    headers = tuple((name[:200], decoded(value)) for name, value in list(message.raw_items())[:MOST_HEADERS])
    bodies = _Bodies(message)
    first = {name.lower(): value for name, value in reversed(headers)}
    name, address = _address(first.get("from", ""))
    recipients = [first.get(key, "") for key in ("to", "cc", "delivered-to", "x-original-to", "envelope-to")]
    return mails.Mail(
        headers=headers,
        sender=address,
        sender_name=name,
        recipients=tuple(dict.fromkeys(each for text in recipients for each in _addresses(text))),
        subject=" ".join(first.get("subject", "").split()),
        message_id=next(iter(mails.message_ids(first.get("message-id", ""))), "")[:500],
        in_reply_to=mails.message_ids(first.get("in-reply-to", "")),
        references=mails.message_ids(first.get("references", "")),
        text="\n".join(bodies.text) if bodies.text else None,
        html="\n".join(bodies.html) if bodies.html else None,
        attachments=tuple(bodies.attachments),
        content_type=message.get_content_type(),
        report_type=_parameter(message, "report-type"),
        reports=tuple(bodies.reports),
        returned=tuple(bodies.returned),
        unreadable=bodies.unreadable,
    )


def decoded(value: object) -> str:
    """A header as people read it: encoded words decoded, one line, no control characters."""
    text = re.sub(r"\r?\n(?=[ \t])", "", str(value)[:LONGEST_HEADER])
    if re.search("[\udc80-\udcff]", text):  # bytes as they came, against the standard
        plain = text.encode("utf-8", "surrogateescape")
        try:
            text = plain.decode("utf-8")
        except UnicodeDecodeError:
            text = plain.decode("cp1252", "replace")
    with contextlib.suppress(email.errors.MessageError, LookupError, ValueError):  # else shown as it came
        text = str(email.header.make_header(email.header.decode_header(text)))
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]+", " ", text).strip()


class _Bodies:
    """Walks the parts of a message and sorts them."""

    def __init__(self, message: "email.message.Message[str, str]") -> None:
        self.text: list[str] = []
        self.html: list[str] = []
        self.attachments: list[mails.Attachment] = []
        self.reports: list[str] = []
        self.returned: list[str] = []
        self.unreadable = ""
        self.seen = 0
        self._sort(message)

    def _sort(self, part: "email.message.Message[str, str]", depth: int = 0) -> None:
        self.seen += 1
        kind = part.get_content_type()
        if part.defects or _says_more(f"{part.preamble or ''} {part.epilogue or ''}"):
            self.unreadable = "damaged"  # something may be missing that the writer sees in it
        if kind in _ENCRYPTED:
            self.unreadable = "encrypted"
        if self.seen > MOST_PARTS or depth > 20:
            self.unreadable = "too_big"
        elif kind in ("message/delivery-status", "message/disposition-notification", "text/rfc822-headers"):
            self._report(part, kind)
        elif kind == "message/rfc822":
            self._enclosed(part)
        elif part.is_multipart():
            for each in part.get_payload():
                if not isinstance(each, str):
                    self._sort(each, depth + 1)
        elif _is_attached(part):
            self._attach(part, kind)
        elif kind in ("text/plain", "text/html") and part.get_filename() is None:
            (self.text if kind == "text/plain" else self.html).append(self._body(part))
        else:
            self._attach(part, kind)

    def _body(self, part: "email.message.Message[str, str]") -> str:
        content = _bytes(part)
        charset = (_parameter(part, "charset") or "utf-8").lower()
        # what is called ASCII or Latin 1 is often UTF-8 or Windows' own; a wrong guess shows as unknown words
        tries = ("utf-8", "cp1252") if charset in ("us-ascii", "ascii", "utf-8") else (charset,)
        for each in tries:
            try:
                text = content.decode(each)
                break
            except (LookupError, ValueError):
                continue
        else:
            self.unreadable = "charset"
            text = content.decode("utf-8", "replace")
        if len(text) > LONGEST_BODY:
            self.unreadable = "too_big"
        return text[:LONGEST_BODY].replace("\r\n", "\n").replace("\r", "\n").replace("\x00", " ")

    def _report(self, part: "email.message.Message[str, str]", kind: str) -> None:
        payload = part.get_payload()
        if isinstance(payload, list):  # the parser gives one message per group of fields
            groups = [each for each in payload[:50] if not isinstance(each, str)]
            text = "\n\n".join("\n".join(f"{k}: {v}" for k, v in each.items()) for each in groups)
        else:
            text = _bytes(part).decode("utf-8", "replace")
        (self.returned if kind == "text/rfc822-headers" else self.reports).append(text[:50_000])

    def _enclosed(self, part: "email.message.Message[str, str]") -> None:
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        if inner is not None and not isinstance(inner, str):
            self.returned.append(
                "\n".join(f"{name}: {decoded(value)}" for name, value in list(inner.raw_items())[:100])
            )
        self.attachments.append(
            mails.Attachment(
                name=decoded(part.get_filename() or ""), content_type="message/rfc822", size=0, inline=False
            )
        )

    def _attach(self, part: "email.message.Message[str, str]", kind: str) -> None:
        shown = bool(part.get("content-id")) and not _disposition(part).startswith("attachment")
        self.attachments.append(
            mails.Attachment(
                name=decoded(part.get_filename() or "")[:200],
                content_type=kind[:100],
                size=len(_bytes(part)),
                inline=shown or _disposition(part).startswith("inline"),
            )
        )


def _bytes(part: "email.message.Message[str, str]") -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (LookupError, ValueError):  # a transfer encoding that is none
        content = str(part.get_payload()).encode("utf-8", "replace")
    return content if isinstance(content, bytes) else b""


def _says_more(outside: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2}", _NOTE.sub(" ", outside)))


def _is_attached(part: "email.message.Message[str, str]") -> bool:
    return _disposition(part).startswith("attachment")


def _disposition(part: "email.message.Message[str, str]") -> str:
    return str(part.get("content-disposition", "")).strip().lower()


def _parameter(part: "email.message.Message[str, str]", name: str) -> str:
    try:
        value = part.get_param(name)
    except (LookupError, ValueError, TypeError):
        return ""
    if isinstance(value, tuple):  # RFC 2231
        value = value[2]
    return str(value or "").strip().lower()


def _address(text: str) -> tuple[str, str]:
    found = email.utils.getaddresses([text])
    if len(found) != 1:  # nobody, or several authors: nobody who could be held to it
        return "", ""
    name, address = found[0]
    return " ".join(name.split())[:200], _plain(address)


def _addresses(text: str) -> list[str]:
    return [plain for _, address in email.utils.getaddresses([text])[:50] if (plain := _plain(address))]


def _plain(address: str) -> str:
    plain = address.strip().lower()
    return plain if re.fullmatch(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,250}", plain) else ""
