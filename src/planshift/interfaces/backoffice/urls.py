"""Which page of the back office is where."""

from django.urls import URLPattern, URLResolver, path, register_converter

from planshift.interfaces.backoffice import (
    bank,
    changes,
    clients,
    deadlines,
    drift,
    goodwill,
    house,
    imports,
    mails,
    metering,
    orders,
    payments,
    payouts,
    tasks,
    taxes,
    works,
)

app_name = "staff"


class Numbered:
    """CH-2026-000045, O-…: a prefix, then digits or letters; anything else is not an address of ours."""

    regex = r"[A-Z]{1,4}(?:-[0-9A-Z]{1,16}){1,2}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Numbered, "numbered")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", house.home, name="home"),
    path("changes/", changes.every, name="changes"),
    path("changes/<numbered:number>/", changes.one, name="change"),
    path("changes/<numbered:number>/retry/", changes.retry, name="retry"),
    path("changes/<numbered:number>/answer/", changes.answer, name="answer"),
    path("changes/<numbered:number>/documents/<numbered:key>.pdf", changes.paper, name="paper"),
    path("changes/<numbered:number>/evidence.zip", changes.proof, name="evidence"),
    path("changes/<numbered:number>/undo/", changes.undo, name="undo"),
    path("changes/<numbered:number>/confirm/", changes.confirm, name="confirm"),
    path("changes/<numbered:number>/pause/", deadlines.pause, name="pause"),
    path("changes/<numbered:number>/resume/", deadlines.resume, name="resume"),
    path("deadlines/", deadlines.board, name="deadlines"),
    path("deadlines/seen/", deadlines.seen, name="deadlines_seen"),
    path("clients/", clients.every, name="clients"),
    path("clients/<numbered:number>/", clients.one, name="client"),
    path("imports/", imports.page, name="imports"),
    path("imports/file/", imports.upload, name="import_file"),
    path("services/<numbered:number>/", clients.service, name="service"),
    path("services/<numbered:number>/quote/", clients.offer, name="offer"),
    path("quotes/<numbered:number>/", clients.quote, name="quote"),
    path("quotes/<numbered:number>/order/", clients.place, name="place"),
    path("quotes/<numbered:number>/kind/", clients.kind, name="kind"),
    path("orders/", orders.every, name="orders"),
    path("orders/<numbered:number>/received/", orders.received, name="received"),
    path("invoices/<int:number>/received/", orders.invoice_received, name="invoice_received"),
    path("payouts/<numbered:number>/decide/", payouts.decide, name="payout_decide"),
    path("tax/<int:pk>/seen/", taxes.seen, name="tax_seen"),
    path("bank/", bank.page, name="bank"),
    path("bank/import/", bank.upload, name="bank_import"),
    path("bank/<numbered:number>/accept/", bank.accept, name="bank_accept"),
    path("bank/<numbered:number>/explain/", bank.explain, name="bank_explain"),
    path("payments/<numbered:number>/", payments.one, name="payment"),
    path("payments/<numbered:number>/decide/", payments.decide, name="payment_decide"),
    path("prepaid/", metering.accounts, name="prepaid"),
    path("clients/<numbered:number>/prepaid/", metering.transfer, name="prepaid_transfer"),
    path("clients/<numbered:number>/credit/", goodwill.move, name="account_credit"),
    path("mails/", mails.every, name="mails"),
    path("mails/<numbered:number>/", mails.one, name="mail"),
    path("mails/<numbered:number>/decide/", mails.decide, name="mail_decide"),
    path("mails/<numbered:number>/again/", mails.again, name="mail_again"),
    path("runs/", works.every, name="runs"),
    path("drift/", drift.report, name="drift"),
    path("drift/look/", drift.look, name="drift_look"),
    path("drift/<int:number>/decide/", drift.decide, name="drift_decide"),
    path("drift/accounts/<int:number>/dismiss/", drift.dismiss_unknown, name="drift_unknown"),
    path("tasks/", tasks.every, name="tasks"),
    path("tasks/<slug:code>/", tasks.close, name="task"),
    path("runs/decide/", works.run, name="run"),
    path("runs/search/", works.search, name="run_search"),
    path("runs/of/<path:key>/", works.one, name="run_page"),
    path("executions/<numbered:number>/decide/", works.execution, name="execution"),
    path("help-votes/", house.votes, name="votes"),
    path("clock/", house.push_clock, name="push_clock"),
]
