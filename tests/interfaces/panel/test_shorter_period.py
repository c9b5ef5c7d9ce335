"""A shorter billing period costs nothing, moves no end of a term, and begins with the next term (D11)."""

import re
from collections.abc import Callable

from django.test import Client

from planshift.billing import models as billing
from planshift.services import models as services


def text(answer) -> str:  # type: ignore[no-untyped-def]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("\xa0", " "))


def test_D11_a_shorter_period_says_from_the_next_renewal_on_and_keeps_the_term(
    enter: Callable[..., Client], service_of: Callable[[str], str], work: Callable[[], None]
) -> None:
    browser, number = enter("deposit"), service_of("deposit")  # a year, eight months of it left
    ends = list(services.Term.objects.filter(service__number=number).values_list("end_on", flat=True))
    assert "the new billing period holds from the next renewal on" in text(browser.get(f"/services/{number}/period/"))
    quote = browser.post(f"/services/{number}/quote/", {"months": "1"}).headers["Location"]
    page = text(browser.get(quote))
    assert "Nothing to pay. What you have paid for stays as it is until" in page
    assert "Order for the next renewal" in page and "obligation to pay" not in page
    answer = browser.post(f"{quote}order/", {"key": "0123456789abcdef"})
    assert answer.status_code == 302, text(answer)
    work()
    change = text(browser.get(answer.headers["Location"]))
    assert "Begins with the next term" in change and "Withdraw the order" in change
    service = services.Service.objects.get(number=number)
    assert service.months == 12  # until then it is, and is priced as, a service of a year
    order = billing.Order.objects.get(client=service.client, purpose="change")
    assert (order.gross_minor, order.state) == (0, "PAID")
    assert not billing.Invoice.objects.filter(order=order).exists()
    assert list(service.terms.values_list("end_on", flat=True)) == ends
    withdrawn = browser.post(f"{answer.headers['Location']}withdraw/", {"key": "0123456789abcdee"})
    assert withdrawn.status_code == 302, text(withdrawn)
    assert "Nothing was changed" in text(browser.get(answer.headers["Location"]))
