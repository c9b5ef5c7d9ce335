"""Does the receiving server vouch for the sender? Its Authentication-Results count (RFC 8601), nobody else's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from planshift.domain.replies import mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Results as the server `by` wrote them: "pass", "fail", "softfail", "none" …; "" where it says nothing."""

    by: str = ""
    dkim: str = ""
    spf: str = ""
    dmarc: str = ""

    @property
    def failed(self) -> bool:
        """The server found that the sender is not who it says: DMARC failed, or DKIM and SPF both."""
        if self.dmarc:
            return self.dmarc == "fail"
        return self.dkim == "fail" and self.spf in ("fail", "softfail")

    def as_json(self) -> Mapping[str, str]:
        """For the row."""
        return {"by": self.by, "dkim": self.dkim, "spf": self.spf, "dmarc": self.dmarc}


def vouched(mail: mails.Mail, *, server: str) -> Vouched:
    """What the mail server that calls itself `server` found. With no `server` named, nothing counts as found.

    Only its topmost header counts: a sender may have written one of the same name further down.
    """
    if not server:
        return Vouched()
    for value in mail.every("authentication-results"):
        name, _, results = value.partition(";")
        if name.strip().split(" ")[0].casefold() != server.casefold():
            continue
        plain = re.sub(r"\([^()]{0,500}\)", " ", results).casefold()
        found = dict(reversed(re.findall(r"\b(dkim|spf|dmarc)=([a-z]{2,10})\b", plain)))
        if "dkim=pass" in plain.replace(" ", ""):  # one good signature of several is enough
            found["dkim"] = "pass"
        return Vouched(by=server, dkim=found.get("dkim", ""), spf=found.get("spf", ""), dmarc=found.get("dmarc", ""))
    return Vouched()
