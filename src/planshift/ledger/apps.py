from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "planshift.ledger"
    label = "ledger"
