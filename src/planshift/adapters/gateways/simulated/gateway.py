"""The simulated gateway as billing sees it."""

import datetime as dt
from collections.abc import Mapping
from urllib.parse import parse_qs

from django.core import signing

from planshift.adapters.gateways.simulated import messages
from planshift.billing import ports
from planshift.domain.errors import BadMoney
from planshift.domain.money import Money

SALT = "planshift.simulated-gateway.intent"
DAY = 86_400


class SimulatedGateway:
    """Sends the client to the simulated bank's page; believes only messages signed with `secret`."""

    code = "simulated"

    def __init__(self, *, secret: str, pages: str) -> None:
        """`pages` is the path under which the gateway's pages are mounted, such as /gateways/simulated."""
        self.secret = secret
        self.pages = pages

    def start(self, *, intent: ports.PaymentIntent) -> str:
        """The page's address; the intent travels in it, signed."""
        token = signing.dumps(
            {
                "number": intent.number,
                "order": intent.order,
                "amount": intent.amount.text,
                "currency": intent.amount.currency,
                "language": intent.language,
                "seller": intent.seller_name,
                "return_url": intent.return_url,
            },
            key=self.secret,
            salt=SALT,
        )
        return f"{self.pages}/pay/{token}"

    def intent(self, *, token: str) -> ports.PaymentIntent:
        """The intent in a page's address. Raises ports.Forged when it was altered or is more than a day old."""
        try:
            kept = signing.loads(token, key=self.secret, salt=SALT, max_age=DAY)
            return ports.PaymentIntent(
                number=kept["number"],
                order=kept["order"],
                amount=Money.of(kept["amount"], kept["currency"]),
                language=kept["language"],
                seller_name=kept["seller"],
                return_url=kept["return_url"],
            )
        except (signing.BadSignature, KeyError, TypeError, BadMoney) as problem:
            raise ports.Forged("address") from problem

    def verify(self, *, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> ports.Event:
        """The event in a posted form."""
        try:
            fields = parse_qs(body.decode("ascii"), max_num_fields=10)
        except ValueError as problem:
            raise ports.Forged("read") from problem
        message, given = fields.get("message", [""])[0], fields.get("signature", [""])[0]
        return messages.event(message=message, given=given, secret=self.secret, now=now)
