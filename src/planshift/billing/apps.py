from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "planshift.billing"
    label = "billing"
