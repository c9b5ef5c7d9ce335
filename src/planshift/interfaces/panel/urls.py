"""Which page of the panel is where."""

from django.urls import URLPattern, URLResolver, path, re_path, register_converter

from planshift.interfaces.panel import (
    changes,
    choosing,
    deposit,
    help_pages,
    metering,
    orders,
    papers,
    quotes,
    services,
)

app_name = "panel"


class Number:
    """S-1001, Q-2026-000123: a prefix, then digits or letters; anything else is not an address of ours."""

    regex = r"[A-Z]{1,4}(?:-[0-9A-Z]{1,16}){1,2}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Number, "number")

urlpatterns: list[URLPattern | URLResolver] = [
    path("clients/choose/", services.choose_client, name="choose_client"),
    path("services/", services.every, name="services"),
    path("services/<number:number>/", services.one, name="service"),
    path("services/<number:number>/auto-renewal/", services.auto_renew, name="auto_renew"),
    path("services/<number:number>/meter/", metering.meter, name="meter"),
    path("services/<number:number>/draws/", metering.draws, name="draws"),
    path("services/<number:number>/end/", metering.end, name="end"),
    path("services/<number:number>/plans/", choosing.options, name="options"),
    path("services/<number:number>/resources/", choosing.resources, name="resources"),
    path("services/<number:number>/resources/what-if/", choosing.what_if, name="what_if"),
    path("services/<number:number>/period/", choosing.period, name="period"),
    path("services/<number:number>/quote/", quotes.offer, name="offer"),
    path("quotes/<number:number>/", quotes.show, name="quote"),
    path("quotes/<number:number>/order/", quotes.place, name="place"),
    path("orders/<number:number>/", orders.show, name="order"),
    path("orders/<number:number>/draw/", orders.draw, name="draw"),
    path("orders/<number:number>/card/", orders.card, name="card"),
    path("changes/<number:number>/", changes.show, name="change"),
    path("changes/<number:number>/withdraw/", changes.withdraw, name="withdraw"),
    path("changes/<number:number>/replace/", changes.replace, name="replace"),
    path("changes/<number:number>/accept/", changes.accept, name="accept"),
    path("changes/<number:number>/refuse/", changes.refuse, name="refuse"),
    path("changes/<number:number>/next-term/", changes.next_term, name="next_term"),
    path("changes/<number:number>/documents/<number:key>.pdf", changes.paper, name="paper"),
    path("changes/<number:number>/switch-over/", changes.switch_over, name="switch_over"),
    path("changes/<number:number>/credentials/", changes.credentials, name="credentials"),
    path("changes/<number:number>/credentials/renew/", changes.renew_credentials, name="renew_credentials"),
    path("invoices/", papers.invoices, name="invoices"),
    path("invoices/<path:number>.pdf", papers.invoice_pdf, name="invoice_pdf"),
    path("payments/", papers.money, name="money"),
    path("payments/deposit/", deposit.show, name="deposit"),
    re_path(r"^payments/deposit/statement\.(?P<form>pdf|csv)$", deposit.statement, name="deposit_statement"),
    path("payments/credit/", deposit.credit, name="credit"),
    re_path(r"^payments/credit/statement\.(?P<form>pdf|csv)$", deposit.credit_statement, name="credit_statement"),
    path("payments/deposit/payouts/", deposit.ask, name="payout"),
    path("payments/deposit/payouts/<number:number>/withdraw/", deposit.withdraw, name="payout_withdraw"),
    path("orders/<number:number>/receipt.pdf", deposit.receipt, name="receipt"),
    path("payments/top-up/", papers.top_up, name="top_up"),
    path("prepaid/", metering.prepaid, name="prepaid"),
    path("prepaid/top-up/", metering.top_up, name="prepaid_top_up"),
    path("prepaid/transfer/", metering.transfer, name="prepaid_transfer"),
    path("help/", help_pages.every, name="help"),
    path("help/<slug:slug>/", help_pages.one, name="help_page"),
    path("help/<slug:slug>/vote/", help_pages.vote, name="vote"),
]
