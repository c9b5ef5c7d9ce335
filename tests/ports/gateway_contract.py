"""What every payment gateway must keep. A gateway's own test module subclasses this and says how its party speaks."""

import datetime as dt

import pytest

from planshift.billing import ports
from planshift.domain.money import Money

NOW = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
INTENT = ports.PaymentIntent(
    number="A-2609-0000000000",
    order="O-2609-0000000000",
    amount=Money.of("26.84", "EUR"),
    language="it",
    seller_name="Vicolo (demo)",
    return_url="http://localhost:8000/orders/O-2609-0000000000",
)


class GatewayContract:
    """Subclasses give `gateway` and `said`: the headers and body that the party itself would send."""

    @pytest.fixture
    def gateway(self) -> ports.PaymentGateway:
        raise NotImplementedError

    def said(self, *, kind: str, external_id: str, amount: Money, at: dt.datetime) -> tuple[dict[str, str], bytes]:
        raise NotImplementedError

    def test_start_gives_an_address(self, gateway: ports.PaymentGateway) -> None:
        address = gateway.start(intent=INTENT)
        assert address.startswith(("/", "https://", "http://localhost"))

    @pytest.mark.parametrize("kind", ["paid", "failed"])
    def test_a_message_of_the_party_is_understood(self, gateway: ports.PaymentGateway, kind: str) -> None:
        headers, body = self.said(kind=kind, external_id="pay-1", amount=INTENT.amount, at=NOW)
        event = gateway.verify(headers=headers, body=body, now=NOW)
        assert (event.kind, event.intent, event.external_id) == (kind, INTENT.number, "pay-1")
        assert event.amount == Money.of("26.84", "EUR")

    def test_amount_and_currency_are_those_that_came_not_those_asked_for(self, gateway: ports.PaymentGateway) -> None:
        headers, body = self.said(kind="paid", external_id="pay-1", amount=Money.of("1.00", "PLN"), at=NOW)
        assert gateway.verify(headers=headers, body=body, now=NOW).amount == Money.of("1.00", "PLN")

    def test_the_same_message_says_the_same_again(self, gateway: ports.PaymentGateway) -> None:
        headers, body = self.said(kind="paid", external_id="pay-1", amount=INTENT.amount, at=NOW)
        first = gateway.verify(headers=headers, body=body, now=NOW)
        assert gateway.verify(headers=headers, body=body, now=NOW + dt.timedelta(minutes=1)) == first

    def test_an_old_message_is_not_believed(self, gateway: ports.PaymentGateway) -> None:
        headers, body = self.said(kind="paid", external_id="pay-1", amount=INTENT.amount, at=NOW)
        with pytest.raises(ports.Forged):
            gateway.verify(headers=headers, body=body, now=NOW + dt.timedelta(days=2))

    def test_a_message_from_the_future_is_not_believed(self, gateway: ports.PaymentGateway) -> None:
        headers, body = self.said(kind="paid", external_id="pay-1", amount=INTENT.amount, at=NOW)
        with pytest.raises(ports.Forged):
            gateway.verify(headers=headers, body=body, now=NOW - dt.timedelta(days=2))

    def test_every_altered_byte_is_noticed(self, gateway: ports.PaymentGateway) -> None:
        headers, body = self.said(kind="paid", external_id="pay-1", amount=INTENT.amount, at=NOW)
        for position in range(len(body)):
            altered = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
            with pytest.raises(ports.Forged):
                gateway.verify(headers=headers, body=altered, now=NOW)

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"message=&signature=", b"a" * 100_000, b"&" * 500])
    def test_garbage_is_refused_not_a_crash(self, gateway: ports.PaymentGateway, body: bytes) -> None:
        with pytest.raises(ports.Forged):
            gateway.verify(headers={}, body=body, now=NOW)
